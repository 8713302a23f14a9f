"""Folds and wrinkles on the active side: nasolabial fold, forehead lines, crow's feet, as light and shade.

Each fold is as deep as the muscles of its side work and, for the nasolabial fold, as its side's tone at rest keeps it.
The same code shades both groups and both kinds of picture; a portrait, which shows folds of its own, gets the
difference from them, lighter where a fold goes. Depths are assumed, not measured.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.features import smooth_curve
from facialis.cohorts.simulated.movements import Intended
from facialis.cohorts.simulated.muscles import MUSCLE_NAMES
from facialis.cohorts.simulated.palsy import TONES, Palsy, act, weakness
from facialis.faces.fields import Array
from facialis.faces.geometry import interocular_distance
from facialis.faces.mesh import mirror_permutation

FOLDS: dict[str, dict[str, float]] = {
    "nasolabial": {"zygomaticus_major": 0.5, "zygomaticus_minor": 0.15, "levator_labii": 0.3},
    "forehead": {"frontalis_medial": 0.5, "frontalis_lateral": 0.5},
    "crows_feet": {"orbicularis_oculi_orbital": 0.6, "zygomaticus_major": 0.15},
}
"""Fold: the muscles that deepen it, and by how much at full effort."""
FOLD_AT_REST = 0.3
"""Depth of the nasolabial fold of a healthy side at rest."""
DEEPEST = 1.2
SHADE = (0.28, 0.17, 0.15)
"""Share of light lost in the middle of each of `FOLDS` at depth 1."""
WIDTH = (0.034, 0.022, 0.018)
"""Standard deviation of each fold's shade across it, interocular distances."""
GLOW, GLOW_WIDTH = 0.35, 0.08
"""How much of what the folds lose their surroundings gain, and how wide these are."""

NASOLABIAL = (129, 203, 206, 216, 212)
BROW, FOREHEAD = (63, 105, 66, 107, 9), (54, 103, 67, 109, 10)
LINES_AT = (0.3, 0.52, 0.74)
OUTER_CANTHUS, INNER_CANTHUS = 33, 133
FEET = (-28.0, 2.0, 30.0)


def fold_depths(intended: Intended, sick: Palsy) -> Array:
    """Return (n, 2, 3): depth of each of `FOLDS` on the subject's right and left, 0 (flat) to `DEEPEST`."""
    efforts = act(intended, sick).efforts
    depths = np.zeros((len(efforts), 2, len(FOLDS)))
    for column, muscles in enumerate(FOLDS.values()):
        for name, share in muscles.items():
            depths[..., column] += share * efforts[:, MUSCLE_NAMES.index(name)]
    rows = np.arange(len(efforts))
    lost = weakness(sick, intended.names)[:, MUSCLE_NAMES.index("zygomaticus_major")]
    at_rest = np.full((len(efforts), 2), FOLD_AT_REST)
    at_rest[rows, sick.side] *= 1.0 - sick.tone[:, TONES.index("mouth")] * lost
    depths[..., 0] += at_rest
    return np.asarray(np.clip(depths, 0.0, DEEPEST))


def _lines(points: Array, side: int) -> list[tuple[int, Array]]:
    """Return the folds' lines on one side, each with its column in `FOLDS`: (k, 2) px."""
    permutation: NDArray[np.intp] = np.arange(len(points)) if side == 0 else mirror_permutation()

    def at(*indices: int) -> Array:
        return np.asarray(points[permutation[list(indices)]])

    brow, top = at(*BROW), at(*FOREHEAD)
    lines = [(0, at(*NASOLABIAL))] + [(1, brow + share * (top - brow)) for share in LINES_AT]
    outer, inner = at(OUTER_CANTHUS)[0], at(INNER_CANTHUS)[0]
    along = outer - inner
    for degrees in FEET:
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        turned = np.array([c * along[0] - s * along[1], s * along[0] + c * along[1]])
        lines.append((2, np.stack([outer + 0.22 * turned, outer + 0.5 * turned])))
    return [(column, smooth_curve(line)) for column, line in lines]


def _draw(ink: NDArray[np.float32], line: Array, depth: float) -> None:
    """Draw a line (k, 2) px into the ink, in place, as deep as `depth` in its middle and running out at its ends."""
    ends = np.round(line * 16).astype(np.int32).tolist()
    deep = depth * np.sqrt(np.sin(np.pi * (np.arange(len(ends) - 1) + 0.5) / (len(ends) - 1)))
    for start, end, value in zip(ends, ends[1:], deep.tolist(), strict=False):
        cv2.line(ink, start, end, value, 2, cv2.LINE_8, 4)


def shade_folds(rgb: NDArray[np.uint8], points: Array, depths: Array) -> NDArray[np.uint8]:
    """Return the picture (h, w, 3) with folds of these depths.

    Parameters
    ----------
    points : (478, 2) px, where the face's landmarks lie.
    depths : (2, 3) as `fold_depths` gives them, or differences of such; below 0 a fold that is there gets lighter.
    """
    iod = float(interocular_distance(points))
    margin = 0.5 * iod
    low = np.floor(points.min(axis=0) - margin).astype(int).clip(0)
    high = np.minimum(np.ceil(points.max(axis=0) + margin).astype(int), rgb.shape[1::-1])
    if (low >= high).any() or not depths.any():
        return rgb.copy()
    inks = np.zeros((len(FOLDS), high[1] - low[1], high[0] - low[0]), dtype=np.float32)
    for side in (0, 1):
        for column, line in _lines(points, side):
            if depths[side, column]:
                _draw(inks[column], line - low, float(depths[side, column]))
    loss, glow = np.zeros_like(inks[0]), np.zeros_like(inks[0])
    for ink, shade, width in zip(inks, SHADE, WIDTH, strict=True):
        if ink.any():
            ink *= np.float32(shade * width * iod * np.sqrt(np.pi / 2.0))  # 2 px of ink, blurred, have depth 1 again
            loss += cv2.GaussianBlur(ink, (0, 0), width * iod)
            glow += ink
    loss -= np.float32(GLOW) * cv2.GaussianBlur(glow, (0, 0), GLOW_WIDTH * iod)
    shaded = rgb.copy()
    part = shaded[low[1] : high[1], low[0] : high[0]]
    part[:] = np.clip(part * (1.0 - loss)[..., None] + np.float32(0.5), 0, 255).astype(np.uint8)
    return shaded
