"""What a bundle would say of a face of which only some measures, or only some branches, were as found.

The players are the 29 measures and, where the label reads more than them, one other branch: ``pairs`` (the landmarks
themselves) or ``picture`` (the face's crop). A measure that does not take part stands at its healthy median, on the
side of symmetry that it was found on (`facialis.modalities.asymmetry.with_sign_of`). Of the other branches there is no
healthy median: the landmarks' reference is the same face made mirror-symmetric, the picture's are the face's own two
half-face composites, of whose answers the mean is taken. Both keep the person and take the asymmetry away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.errors import FacialisError
from facialis.faces.face import Face
from facialis.faces.geometry import iris_centres
from facialis.modalities.asymmetry import with_sign_of
from facialis.modalities.crops import CROP_SIZE, crop, crop_frame
from facialis.modalities.measures import MEASURES

Values = NDArray[np.float64]

N_MEASURES = len(MEASURES)
ROWS = 4096
"""Rows handed to the graph at once where they hold landmarks, so that memory stays small."""
BRANCH_OF = {"landmarks": "pairs", "crop": "picture"}
"""What the branch beside the measures is called, by what the graph reads."""


@dataclass(frozen=True, eq=False)
class Played:
    """One look at a face, as players of a game whose value is the log odds.

    Attributes
    ----------
    bundle : whose answers they are.
    measures : (k, 29), of the face and of its noisy copies.
    healthy : (k, 29), what stands in for each.
    found : what the label reads beside the measures, each (1, ...), by name of the graph's input; may be empty.
    standing_in : what stands in for `found`: the answers' mean over these is taken.
    """

    bundle: Bundle
    measures: Values
    healthy: Values
    found: Mapping[str, NDArray[np.float32]]
    standing_in: Sequence[Mapping[str, NDArray[np.float32]]]

    @property
    def n(self) -> int:
        """Number of players: the measures, and the other branch where the label reads one."""
        return N_MEASURES + bool(self.found)

    def odds(self, coalitions: NDArray[np.bool_]) -> Values:
        """Return the log odds (k, r) of r coalitions (r, n), of the face and of each copy."""
        k, r = len(self.measures), len(coalitions)
        part = coalitions[None, :, :N_MEASURES]
        rows = np.where(part, self.measures[:, None], self.healthy[:, None]).reshape(-1, N_MEASURES)
        if not self.found:
            return self._odds(rows, {}).reshape(k, r)
        other = np.tile(coalitions[:, N_MEASURES], k)
        odds = np.empty(len(rows))
        if other.any():
            odds[other] = self._odds(rows[other], self.found)
        if not other.all():
            odds[~other] = np.mean([self._odds(rows[~other], kind) for kind in self.standing_in], axis=0)
        return odds.reshape(k, r)

    def _odds(self, rows: Values, others: Mapping[str, NDArray[np.float32]]) -> Values:
        logits = []
        step = ROWS if "landmarks" in others else len(rows)
        for start in range(0, len(rows), step):
            some = rows[start : start + step]
            given = {
                name: array if name == "crop" else np.broadcast_to(array, (len(some), *array.shape[1:]))
                for name, array in others.items()
            }
            logits.append(self.bundle.logits_given(measures=some, **given))
        every = np.concatenate(logits)
        return np.asarray(every[:, 1] - every[:, 0])


def played(
    bundle: Bundle,
    face: Face,
    measures: Values,
    *,
    symmetric: NDArray[np.float64],
    picture: NDArray[np.uint8] | None = None,
) -> Played:
    """Return a look at a face as players.

    Parameters
    ----------
    measures : (k, 29), of the face and of its noisy copies.
    symmetric : (478, 3) px, the face made mirror-symmetric.
    picture : (height, width, 3), RGB; needed where the label reads the crop.

    Raises
    ------
    FacialisError
        The label does not read the measures, or reads a picture that is not given.
    """
    reads = bundle.label_reads
    if "measures" not in reads:
        raise FacialisError(
            f"the bundle {bundle.card.name}: its label reads {', '.join(reads)} and not the 29 measures, "
            "so nothing can be told apart"
        )
    median = bundle.card.reference["quantiles"]["0.5"][:N_MEASURES]
    healthy = with_sign_of(measures, median, bundle.card.input["definition"])
    found: dict[str, NDArray[np.float32]] = {}
    standing_in: list[dict[str, NDArray[np.float32]]] = []
    if "crop" in reads:
        if picture is None:
            raise FacialisError(
                f"the bundle {bundle.card.name} reads the picture as well: give the picture that was judged"
            )
        cut = crop(picture, face.landmarks)
        found["crop"] = cut[None].astype(np.float32)
        standing_in = [{"crop": half[None].astype(np.float32)} for half in half_faces(cut, face)]
    if "landmarks" in reads or "transform" in reads:
        transform = np.asarray(face.transform, dtype=np.float32)[None]
        whole = {"landmarks": np.asarray(face.landmarks, np.float32)[None], "transform": transform}
        even = {"landmarks": np.asarray(symmetric, np.float32)[None], "transform": transform}
        found |= {name: array for name, array in whole.items() if name in reads}
        standing_in = [kind | {n: a for n, a in even.items() if n in reads} for kind in standing_in or [{}]]
    return Played(bundle, measures, healthy, found, standing_in)


def branch_names(bundle: Bundle) -> tuple[str, ...]:
    """Return the branches of a bundle's graph, the measures first, whether the label reads them or not."""
    return ("measures", *(name for port, name in BRANCH_OF.items() if port in bundle.inputs))


def half_faces(cut: NDArray[np.uint8], face: Face) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two crops (256, 256) of a face crop: its subject's right half and that half's mirror image, then the left.

    The midline is the perpendicular through the middle between the irises.
    """
    from scipy.ndimage import map_coordinates

    left, top, right, bottom = crop_frame(face.landmarks, face.size)
    scale = np.array([right - left, bottom - top]) / CROP_SIZE
    centres = iris_centres(face.landmarks[..., :2].astype(np.float64))
    middle, along = centres.mean(axis=0), centres[1] - centres[0]
    along /= max(float(np.hypot(*along)), 1e-9)
    rows, columns = np.mgrid[:CROP_SIZE, :CROP_SIZE]
    pixels = np.stack([columns, rows], axis=-1) * scale + (left, top) + scale / 2
    side = (pixels - middle) @ along  # above 0 on the subject's left
    reflected = (pixels - 2 * side[..., None] * along - scale / 2 - (left, top)) / scale
    other = map_coordinates(cut.astype(np.float64), (reflected[..., 1], reflected[..., 0]), order=1, mode="nearest")
    return np.where(side <= 0, cut, other), np.where(side >= 0, cut, other)
