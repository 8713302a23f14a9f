"""Lengths in millimetres, by the iris, for each side of the face.

The visible iris is 11.7 mm wide in adults (population value; standard deviation 0.5 mm, 4.3 % of any length measured
by it), so a face needs no ruler beside it. Lengths are taken with the head pose undone, in the frame of the irises:
heights from the line of the iris centres, up; distances from the midline, outwards. Midline points count towards the
subject's right.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.faces.mesh import mirror_permutation
from facialis.modalities.signed import QUANTITIES, SIGNED_MEASURES

IRIS_MM = 11.7
IRIS_SPREAD = 0.5 / 11.7
"""Relative standard deviation of the iris's width among people."""
_IRIS_EDGES = ((469, 471), (474, 476))
"""Landmarks at both ends of the irises' horizontal diameters."""

LENGTHS = {
    "brow_height": "brow_middle_height",
    "palpebral_fissure_height": "palpebral_fissure_height",
    "margin_reflex_distance_1": "upper_lid_height",
    "margin_reflex_distance_2": "lower_lid_height",
    "oral_commissure_height": "commissure_height",
    "oral_commissure_distance": "commissure_distance",
    "lip_opening": "lip_opening",
}
"""Name of a length: the signed measure whose two sides it gives."""
DEVIATIONS = {"philtrum_deviation": "philtrum_deviation", "mouth_midline_deviation": "lower_lip_deviation"}
SIDES = ("subject_right", "subject_left")

_BY_NAME = {entry.name: entry for entry in SIGNED_MEASURES}


def millimetre_names() -> tuple[str, ...]:
    """Return the quantities of `millimetres`: both sides and the difference of each length, then the deviations."""
    ends = (*SIDES, "difference")
    return (*(f"{name}_{end}" for name in LENGTHS for end in ends), *DEVIATIONS)


def iris_scale(framed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return mm in one unit of framed points (..., 478, 2), by the irises' mean width; 0 where there is none."""
    ends = [framed[..., a, :] - framed[..., b, :] for a, b in _IRIS_EDGES]
    iris = np.mean([np.hypot(end[..., 0], end[..., 1]) for end in ends], axis=0)
    return np.asarray(np.divide(IRIS_MM, iris, out=np.zeros_like(iris), where=iris > 0))


def millimetres(framed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Measure faces in millimetres.

    Parameters
    ----------
    framed : (..., 478, 2), the pose undone, in the iris frame (`facialis.modalities.coordinates.in_iris_frame`).

    Returns
    -------
    (..., k) float64 mm, in the order of `millimetre_names`; a difference is the subject's right minus left.
    Margin reflex distance 2 is negative where the lower lid lies below the iris centres. 0 where there is no iris.
    """
    right, left = framed * [-1.0, -1.0], np.take(framed, mirror_permutation(), axis=-2) * [1.0, -1.0]
    columns = []
    for name in LENGTHS.values():
        entry = _BY_NAME[name]
        quantity: Any = QUANTITIES[entry.kind]
        sides = [quantity(*(s[..., group, :].mean(axis=-2) for group in entry.landmarks)) for s in (right, left)]
        columns += [*sides, sides[0] - sides[1]]
    for name in DEVIATIONS.values():
        columns.append(right[..., _BY_NAME[name].landmarks[0], 0].mean(axis=-1))
    return np.asarray(np.stack(columns, axis=-1) * iris_scale(framed)[..., None])
