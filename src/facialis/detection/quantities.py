"""All numbers of many faces at once, as a finding has them of one: measures, signed differences, millimetres.

For cohorts, whose landmarks are there already: no landmarker runs, and no noisy copies are made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.detection.millimetres import millimetre_names, millimetres
from facialis.detection.reference import Reference
from facialis.faces.geometry import undo_pose
from facialis.modalities.asymmetry import without_sign
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.measures import MEASURES, measure
from facialis.modalities.signed import SIGNED_MEASURES, signed_measures

Values = NDArray[np.float64]
_STEP = 2048  # faces at once: bounds the memory


class Quantities(NamedTuple):
    """Numbers of `n` faces.

    Attributes
    ----------
    names : (k,) as a bundle's reference names them: the 29 measures, the signed differences after "difference ", the
        millimetres.
    units : (k,).
    values : (n, k), with their sign.
    """

    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Values


def quantities(
    landmarks: ArrayLike, transforms: ArrayLike, definition: str = "oo-2025", origin: str = "face"
) -> Quantities:
    """Measure faces.

    Parameters
    ----------
    landmarks : (n, 478, 3) px, n of 1 or more.
    transforms : (n, 4, 4) head transforms.
    definition, origin : of the 29 measures, see `facialis.modalities.measures.measure`.
    """
    points, poses = np.asarray(landmarks), np.asarray(transforms)
    parts = []
    for start in range(0, len(points), _STEP):
        some = points[start : start + _STEP].astype(np.float64)
        framed = in_iris_frame(undo_pose(some, poses[start : start + _STEP]))
        parts.append(
            np.concatenate(
                [measure(some, definition=definition, origin=origin), signed_measures(framed), millimetres(framed)],
                axis=1,
            )
        )
    lengths = millimetre_names()
    return Quantities(
        (*(entry.name for entry in MEASURES), *(f"difference {entry.name}" for entry in SIGNED_MEASURES), *lengths),
        (*(entry.unit for entry in MEASURES), *(entry.unit for entry in SIGNED_MEASURES), *["mm"] * len(lengths)),
        np.concatenate(parts),
    )


def sizes(found: Quantities, definition: str = "oo-2025") -> dict[str, Values]:
    """Return each quantity (n,) without its sign, as references hold it."""
    measures, others = found.values[:, : len(MEASURES)], np.abs(found.values[:, len(MEASURES) :])
    return dict(zip(found.names, np.concatenate([without_sign(measures, definition), others], axis=1).T, strict=True))


def reference_of(
    landmarks: ArrayLike, transforms: ArrayLike, definition: str, *, of: str, origin: str = "face"
) -> Reference:
    """Return what healthy faces measure, each face with one vote: landmarks (n, 478, 3) px and transforms (n, 4, 4)."""
    return Reference.of(sizes(quantities(landmarks, transforms, definition, origin), definition), of=of)


def reference_of_people(
    columns: Mapping[str, ArrayLike], people: Sequence[Any] | NDArray[Any], *, of: str
) -> Reference:
    """Return what healthy people measure, each person with one vote however many photos there are.

    Each photo weighs one over its person's number of photos: the range is that of one photo of a person drawn at
    random, which is what a finding is held against. (The mean of a person's photos would have a narrower range.)

    Parameters
    ----------
    columns : of each quantity the sizes (n,) of the photos.
    people : (n,) whose photo each is.
    """
    _, who, counts = np.unique(np.asarray(people), return_inverse=True, return_counts=True)
    found = Reference.of(columns, of=of, weights=1.0 / counts[who])
    return Reference(found.quantiles, len(counts), of)
