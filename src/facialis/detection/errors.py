"""The error of every number: what it would be had the landmarker erred otherwise.

The landmarker's noise at a face's size (`facialis.faces.instrument.noise_scale`: both sides alike, and one-sided, alike
between neighbours) and what a turned head leaves behind are laid on the landmarks a number of times, always the same
way; the standard deviation of a number over these copies is its error.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.faces.instrument import WIDENING, draw_noise, draw_yaw_spread, noise_scale

COPIES = 12
"""A standard deviation of 12 copies is itself known to a fifth; more cost time."""
_SIZE = 100.0


@cache
def _fields() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return noise (COPIES, 478, 3) in standard deviations and fields (COPIES, 478) of what a degree of yaw leaves."""
    rng = np.random.default_rng(0)
    sizes = np.full(COPIES, _SIZE)
    unit = draw_noise(rng, sizes) / np.hypot(*noise_scale(sizes))[..., None]
    return unit, draw_yaw_spread(rng, COPIES)


def noisy_copies(landmarks: NDArray[np.floating[Any]], iod_px: float, yaw: float) -> NDArray[np.float32]:
    """Return (1 + COPIES, 478, 3) px: the landmarks (478, 3), then as they might have been found.

    Parameters
    ----------
    iod_px, yaw : px between the irises, and reported degrees.
    """
    noise, turned = _fields()
    still = np.hypot(*noise_scale(np.array([max(iod_px, 1.0)])))[0][:, None]
    moved = noise * still
    moved[..., 1] -= turned * abs(yaw)
    points = np.asarray(landmarks, dtype=np.float64)
    copies = np.concatenate([points[None], points + WIDENING * iod_px * moved])
    return np.asarray(copies, dtype=np.float32)


def spread(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the standard deviation (...) over the copies (1 + COPIES, ...), the first of which is the value itself."""
    return np.asarray(np.std(np.asarray(values[1:], np.float64), axis=0, ddof=1))
