"""What each side of the face does from rest to each standard view, in mm, from the photos of one person.

As for videos (`facialis.detection.excursions`), with one photo in place of an apex: the error of a change holds the
landmarks' noise of both photos, each at its own size and pose, and for lengths the iris's spread among people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.detection.excursions import Motion, compare_sides
from facialis.detection.millimetres import IRIS_SPREAD, SIDES, iris_scale
from facialis.detection.number import Number
from facialis.detection.number_errors import noisy_copies, spread
from facialis.faces.geometry import head_pose, undo_pose
from facialis.faces.landmarks import Face
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.movements import MEASURED
from facialis.modalities.trajectories import CHANNELS, channels

if TYPE_CHECKING:
    from facialis.detection.bundle import Bundle

Values = NDArray[np.float64]

RESTING = {
    "brow": ("brow_middle_height", "brow_height_difference"),
    "eye": ("palpebral_fissure_height", "palpebral_fissure_height_difference"),
    "mouth": ("commissure_height", "oral_commissure_height_difference"),
}
"""What is compared at rest: its channel, and the name of its healthy range in a bundle."""
TOLD = (
    "excursion_mm", "healthy_excursion_mm", "ratio", "moves_less", "eye_narrowing", "commissure_shift_mm",
    "eye_opening_mm", "synkinesis_sign", "moved_along_limit", "note",
)  # fmt: skip
"""What a view's row says beside its name; None where it cannot be told or does not apply."""
NO_VIEW, NO_REST = "no photo of this view", "no photo at rest to measure from"


class Photo(NamedTuple):
    """A face as channels (1 + copies, 23), interocular distances: as found, then as it might have been found; and mm in
    one interocular distance.
    """

    values: Values
    scale: float


def read_photo(face: Face) -> Photo:
    """Return a face's channels with their noise."""
    yaw = float(head_pose(face.transform)[0])
    copies = noisy_copies(face.landmarks, face.interocular_px, yaw).astype(np.float64)
    frontal = undo_pose(copies, np.broadcast_to(face.transform, (len(copies), 4, 4)))
    return Photo(channels(frontal), float(iris_scale(in_iris_frame(frontal[0]))))


def set_excursions(faces: Mapping[str, Face], bundle: Bundle) -> dict[str, Any]:
    """Return what both sides do in each view, JSON-ready.

    Parameters
    ----------
    faces : one face a view, by the view's name.

    Returns
    -------
    ``views``: a row for each movement of `MEASURED` with ``movement`` and `TOLD`; ``rest``: the differences of brow,
    eye and mouth at rest, the subject's right less left, mm, with their healthy range; empty without a photo at rest.
    """
    photos = {view: read_photo(face) for view, face in faces.items() if view == "rest" or view in MEASURED}
    rest = photos.get("rest")
    scale = float(np.median([photo.scale for photo in photos.values()])) if photos else 0.0
    return {
        "views": [excursion_row(movement, photos.get(movement), rest, scale, bundle) for movement in MEASURED],
        "rest": {} if rest is None else differences_at_rest(rest, scale, bundle),
    }


def excursion_row(
    movement: str,
    photo: Photo | None,
    rest: Photo | None,
    scale: float,
    bundle: Bundle,
    *,
    iris: float = IRIS_SPREAD,
) -> dict[str, Any]:
    """Return what both sides do from rest to a view: the row of `set_excursions`.

    Parameters
    ----------
    scale : mm in an interocular distance.
    iris : relative error of lengths by the iris; 0 where lengths of one person are compared with each other.
    """
    row: dict[str, Any] = {"movement": movement} | dict.fromkeys(TOLD)
    if photo is None or rest is None:
        return row | {"note": NO_VIEW if photo is None else NO_REST}
    model = bundle.movements
    reference = None if model is None else model.reference.get(movement)
    noise = np.sqrt((spread(photo.values) ** 2 + spread(rest.values) ** 2) / 2)
    values = np.stack([rest.values[0], photo.values[0]])
    motion = Motion(np.arange(2.0), values, np.arange(2), rest.values[0], noise, scale)
    ways = motion.moved(movement, slice(1, 2))[0]
    row |= compare_sides(motion, movement, ways, values[1] - values[0], reference, iris=iris)
    if reference is not None:
        row["moved_along_limit"] = reference["moved_along"] * (1.0 if row["eye_narrowing"] else scale)
    return row


def differences_at_rest(
    rest: Photo, scale: float, bundle: Bundle, *, iris: float = IRIS_SPREAD
) -> dict[str, dict[str, Any]]:
    """Return the differences of brow, eye and mouth at rest; `scale` and `iris` as for `excursion_row`."""
    told = {}
    for name, (channel, known_as) in RESTING.items():
        right, left = (rest.values[:, CHANNELS.index(f"{channel}_{side}")] for side in SIDES)
        differences = (right - left) * scale
        error = math.hypot(float(spread(differences)), iris * float(differences[0]))
        reference = bundle.reference
        healthy = reference.interval(known_as) if known_as in reference.quantiles else None
        told[name] = Number(float(differences[0]), error, "mm", healthy).as_dict()
    return told
