"""How the sides of a face move through a sequence: the left-right dynamics as about a hundred numbers.

Source: own, after what the strongest published video model reads (a regularised logistic regression on 23 channels
times median, interquartile range, range and largest speed, and for six left-right pairs correlation, ratio of
amplitudes and lag). A frame without a face stays missing: it is NaN on the way in, left out of every number, and never
zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.faces.mesh import mirror_permutation
from facialis.modalities.coordinates import in_iris_frame

Values = NDArray[np.float64]

SIDES = ("subject_right", "subject_left")
_HEIGHTS: dict[str, tuple[int, ...]] = {
    "brow_outer_height": (46, 70),
    "brow_middle_height": (52, 105),
    "brow_inner_height": (55, 107),
    "upper_lid_height": (160, 159, 158),
    "lower_lid_height": (144, 145, 153),
    "ala_height": (64, 98),
    "commissure_height": (61,),
    "upper_lip_height": (37, 39),
    "lower_lip_height": (84, 181),
}
"""Landmarks of the subject's right, whose mean height above the line of the iris centres is a channel of each side."""
_OF_A_SIDE = (*_HEIGHTS, "palpebral_fissure_height", "commissure_distance")
CHANNELS = (*(f"{name}_{side}" for side in SIDES for name in _OF_A_SIDE), "lip_opening")
"""Columns of `channels`: eleven of each side, and the opening between the lips in the middle."""
PAIRS = (
    "brow_middle_height", "palpebral_fissure_height", "ala_height", "commissure_height", "commissure_distance",
    "lower_lip_height",
)  # fmt: skip
"""Channels whose sides are compared in time."""
STATISTICS = ("median", "spread", "range", "top_speed")
COMPARISONS = ("correlation", "log_amplitude_ratio", "lag")
TRAJECTORIES = (
    *(f"{channel}_{statistic}" for channel in CHANNELS for statistic in STATISTICS),
    *(f"{pair}_{comparison}" for pair in PAIRS for comparison in COMPARISONS),
)
"""Columns of `trajectories`: 23 channels times 4, then 6 pairs times 3."""

FEWEST = 8
"""Frames with a face that a number needs."""
LONGEST_GAP = 0.25
"""Seconds between frames with a face over which a speed is taken, and over which a gap is bridged for the lag."""
LARGEST_LAG = 0.5
_RATE = 30.0


def channels(points: ArrayLike) -> Values:
    """Return what each side of the face does in each frame.

    Parameters
    ----------
    points : (n, 478, 2 or 3), the pose undone, x to image right, y down; NaN where a frame has no face.

    Returns
    -------
    (n, 23) float64 in interocular distances, in the order of `CHANNELS`: heights up from the line of the iris centres,
    distances outwards from the midline; NaN where a frame has no face.

    Raises
    ------
    ValueError
        `points` of a wrong shape.
    """
    array = np.asarray(points, dtype=np.float64)
    seen: NDArray[np.bool_] = np.asarray(np.isfinite(array).all(axis=(-2, -1)))
    framed: NDArray[Any] = in_iris_frame(np.where(seen[:, None, None], array, 0.0))
    columns = []
    for side in (framed * [-1.0, -1.0], np.take(framed, mirror_permutation(), axis=-2) * [1.0, -1.0]):
        heights = {name: side[:, group, 1].mean(axis=-1) for name, group in _HEIGHTS.items()}
        fissure = heights["upper_lid_height"] - heights["lower_lid_height"]
        columns += [*heights.values(), fissure, side[:, 61, 0]]
    columns.append(framed[:, 14, 1] - framed[:, 13, 1])
    return np.where(seen[:, None], np.stack(columns, axis=-1), np.nan)


def trajectories(values: ArrayLike, times: ArrayLike) -> Values:
    """Return a sequence's dynamics.

    Median, spread (interquartile range), range (5th to 95th percentile) and top speed (95th percentile, per second) of
    each channel; of each pair the correlation of its sides, the natural logarithm of the amplitude (range) of the
    subject's right over the left's, and by how many seconds the subject's right follows the left. Mirroring the face
    exchanges the sides' channels and turns the signs of ratio and lag.

    Parameters
    ----------
    values : (n, 23), as `channels` gives them; NaN where a frame has no face.
    times : (n,) s, increasing; frames need not be evenly spaced.

    Returns
    -------
    (110,) float64, in the order of `TRAJECTORIES`: interocular distances (a second); NaN where fewer than `FEWEST`
    frames have a face, and for comparisons where a side does not move at all.

    Raises
    ------
    ValueError
        Shapes that do not fit, or times that do not increase.
    """
    table, at = np.asarray(values, dtype=np.float64), np.asarray(times, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] != len(CHANNELS) or at.shape != (len(table),):
        raise ValueError(f"channels {table.shape} and times {at.shape}; expected (n, {len(CHANNELS)}) and (n,)")
    if (np.diff(at) <= 0).any():
        raise ValueError("the times of a sequence must increase")
    seen = np.isfinite(table).all(axis=1)
    if seen.sum() < FEWEST:
        return np.full(len(TRAJECTORIES), np.nan)
    table, at = table[seen], at[seen]
    low, first, middle, third, high = np.quantile(table, (0.05, 0.25, 0.5, 0.75, 0.95), axis=0)
    step = np.diff(at)
    near = step <= LONGEST_GAP
    speed = np.full(len(CHANNELS), np.nan)
    if near.any():
        speed = np.quantile(np.abs(np.diff(table, axis=0)[near]) / step[near, None], 0.95, axis=0)
    statistics = np.stack([middle, third - first, high - low, speed], axis=1)
    comparisons = []
    for pair in PAIRS:
        right, left = (CHANNELS.index(f"{pair}_{side}") for side in SIDES)
        comparisons += _compared(table[:, right], table[:, left], high - low, right, left, at)
    return np.concatenate([statistics.ravel(), comparisons])


def _compared(right: Values, left: Values, ranges: Values, i: int, j: int, at: Values) -> list[float]:
    if min(right.std(), left.std()) < 1e-9:
        return [np.nan] * len(COMPARISONS)
    ratio = float(np.log(max(ranges[i], 1e-9) / max(ranges[j], 1e-9)))
    return [float(np.corrcoef(right, left)[0, 1]), ratio, _lag(right, left, at)]


def _lag(right: Values, left: Values, at: Values) -> float:
    """Return by how many seconds `right` follows `left`, from the longest stretch without a long gap; NaN if short."""
    ends = np.flatnonzero(np.diff(at) > LONGEST_GAP) + 1
    stretch = max(np.split(np.arange(len(at)), ends), key=lambda rows: at[rows[-1]] - at[rows[0]])
    times = np.arange(at[stretch[0]], at[stretch[-1]] + 1e-9, 1 / _RATE)
    most = round(LARGEST_LAG * _RATE)
    if len(times) < 3 * most:
        return float("nan")
    a, b = (np.interp(times, at[stretch], side[stretch]) for side in (right, left))
    inner = slice(most, len(times) - most)
    agreements = []
    for shift in range(-most, most + 1):
        moved = a[inner.start + shift : inner.stop + shift]
        alike = moved.std() > 1e-9 and b[inner].std() > 1e-9
        agreements.append(float(np.corrcoef(moved, b[inner])[0, 1]) if alike else -1.0)
    return (int(np.argmax(agreements)) - most) / _RATE
