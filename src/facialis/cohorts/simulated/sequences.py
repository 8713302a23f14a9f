"""Movements in time: onset, apex and offset of an effort, and how the weak side lags behind."""

from __future__ import annotations

import numpy as np

from facialis.errors import CohortError
from facialis.faces.fields import Array

RATES = (30.0, 60.0)
"""Frames a second of the sequences that are drawn."""
REST, ONSET, OFFSET = 0.4, 0.5, 0.7
"""Seconds of rest before a movement, from rest to the apex, and back; posed smiles take about that long."""
LAG = 0.12
"""Seconds by which a completely weak side follows the healthy one."""


def time_course(
    n: int,
    fps: float,
    *,
    rest: float = REST,
    onset: float = ONSET,
    apex: float | None = None,
    offset: float = OFFSET,
    lag: float = 0.0,
) -> Array:
    """Return the effort (n,) of one movement: 0 at rest, 1 at the apex, between them a minimum-jerk ramp.

    Parameters
    ----------
    n : frames.
    fps : frames a second.
    rest, onset, apex, offset : seconds. Without `apex` the movement holds until there is time left for `offset` and
        half of `rest`. A sequence too short for all of it is shortened in proportion.
    lag : seconds by which the whole course comes later.

    Raises
    ------
    CohortError
        `n` is below 2, or a time or rate is out of range.

    Examples
    --------
    >>> time_course(9, 4.0, rest=0.5, onset=0.5, offset=0.5).round(2).tolist()
    [0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 0.5, 0.0, 0.0]
    """
    if n < 2 or fps <= 0:
        raise CohortError(f"{n} frames at {fps} a second; expected at least 2 frames and a positive rate")
    if min(rest, onset, offset, lag, 0.0 if apex is None else apex) < 0:
        raise CohortError("a time of the movement is negative; expected seconds of at least 0")
    length = (n - 1) / fps
    needed = 1.5 * rest + onset + offset + (0.0 if apex is None else apex)
    shrink = min(1.0, length / needed) if needed > 0 else 1.0
    rest, onset, offset = rest * shrink, max(onset * shrink, 1e-9), max(offset * shrink, 1e-9)
    hold = max(length - 1.5 * rest - onset - offset, 0.0) if apex is None else apex * shrink
    time = np.arange(n) / fps - lag
    up = np.clip((time - rest) / onset, 0.0, 1.0)
    down = np.clip((time - rest - onset - hold) / offset, 0.0, 1.0)
    return np.asarray(minimum_jerk(up) - minimum_jerk(down))


def minimum_jerk(share: Array) -> Array:
    """Return how far a smooth movement has come after `share` (0 to 1) of its time: 10 s³ - 15 s⁴ + 6 s⁵."""
    return np.asarray(share**3 * (10.0 - 15.0 * share + 6.0 * share**2))
