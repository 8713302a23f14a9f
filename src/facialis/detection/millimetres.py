"""Lengths in millimetres, by the iris, for each side of the face.

The visible iris is 11.7 mm wide in adults (population value; standard deviation 0.5 mm, 4.3 % of any length measured
by it), so a face needs no ruler beside it. Lengths are taken with the head pose undone, in the frame of the irises:
heights from the line of the iris centres, up; distances from the midline, outwards. Midline points count towards the
subject's right.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.faces.mesh import IRIS_SUBJECT_LEFT, IRIS_SUBJECT_RIGHT, N_LANDMARKS, mirror_permutation
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

BY_NAME = {entry.name: entry for entry in SIGNED_MEASURES}


def millimetre_names() -> tuple[str, ...]:
    """Return the quantities of `millimetres`: both sides and the difference of each length, then the deviations."""
    ends = (*SIDES, "difference")
    return (*(f"{name}_{end}" for name in LENGTHS for end in ends), *DEVIATIONS)


def iris_scale(framed: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return mm in one unit of framed points (..., 478, 2), by the irises' mean width; 0 where there is none."""
    return _scale([framed[..., a, :] - framed[..., b, :] for a, b in _IRIS_EDGES])


def _scale(ends: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return mm in one unit, from the vectors (..., 2) across both irises."""
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
    return _lengths(np.moveaxis(_means() @ framed, -2, 0))


def millimetres_of(landmarks: NDArray[np.floating[Any]], transform: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Measure (..., 478, 3) landmarks of one head transform (4, 4) in millimetres, see `millimetres`.

    The same numbers as by `undo_pose`, `in_iris_frame` and `millimetres`, but only the points that are asked for are
    turned: all of it is linear but for the irises' line.
    """
    means = _means() @ np.asarray(landmarks, dtype=np.float64)
    flip = np.array([1.0, -1.0, -1.0])
    rotation = flip[:, None] * np.asarray(transform, dtype=np.float64)[:3, :3] * flip
    points = means @ rotation[:, :2]
    right, left = points[..., -2, :], points[..., -1, :]
    along = left - right
    square = (along**2).sum(axis=-1, keepdims=True)
    turn = np.divide(along, square, out=np.zeros_like(along), where=square > 0)
    cos, sin = turn[..., None, 0], turn[..., None, 1]
    x, y = np.moveaxis(points - ((right + left) / 2)[..., None, :], -1, 0)
    framed = np.moveaxis(np.stack([cos * x + sin * y, cos * y - sin * x], axis=-1), -2, 0)
    return _lengths(framed)


@cache
def groups() -> tuple[tuple[int, ...], ...]:
    """Return the landmarks whose means the lengths need, in the order of `_lengths`: of each length's groups the
    subject's right and left, of each deviation one, both irises' edges, and the irises.
    """
    mirrored = mirror_permutation()
    found: list[tuple[int, ...]] = []
    for name in LENGTHS.values():
        for group in BY_NAME[name].landmarks:
            found += [group, tuple(int(mirrored[i]) for i in group)]
    found += [BY_NAME[name].landmarks[0] for name in DEVIATIONS.values()]
    found += [(end,) for ends in _IRIS_EDGES for end in ends]
    return (*found, IRIS_SUBJECT_RIGHT, IRIS_SUBJECT_LEFT)


@cache
def _means() -> NDArray[np.float64]:
    """Return (k, 478): how the means of `groups` are taken."""
    means = np.zeros((len(groups()), N_LANDMARKS))
    for row, group in enumerate(groups()):
        means[row, list(group)] = 1 / len(group)
    return means


def _lengths(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (..., n) mm of the means (k, ..., 2) that `_means` takes, in the iris frame."""
    taken = iter(means)
    columns = []
    for name in LENGTHS.values():
        entry = BY_NAME[name]
        quantity: Any = QUANTITIES[entry.kind]
        right, left = zip(
            *((next(taken) * [-1.0, -1.0], next(taken) * [1.0, -1.0]) for _ in entry.landmarks), strict=True
        )
        sides = [quantity(*right), quantity(*left)]
        columns += [*sides, sides[0] - sides[1]]
    columns += [-next(taken)[..., 0] for _ in DEVIATIONS]
    ends = [next(taken) - next(taken) for _ in _IRIS_EDGES]
    return np.asarray(np.stack(columns, axis=-1) * _scale(ends)[..., None])
