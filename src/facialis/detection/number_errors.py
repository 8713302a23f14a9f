"""The error of every number: what it would be had the landmarker erred otherwise.

The landmarker's noise at a face's size (`facialis.faces.instrument.noise_scale`: both sides alike, and one-sided, alike
between neighbours) and what a turned head leaves behind are laid on the landmarks a number of times, always the same
way; the standard deviation of a number over these copies is its error. The eyelids err by themselves beside that: of
pictures changed a little (``benchmarks/coverage.py``) the fissures' heights vary twice as much as smooth noise says.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.faces.instrument import WIDENING, draw_noise, draw_yaw_spread, noise_scale
from facialis.faces.mesh import N_LANDMARKS, mirror_permutation

COPIES = 12
"""A standard deviation of 12 copies is itself known to a fifth; more cost time."""
LIDS = 0.001
"""Standard deviation of a whole eyelid's height by itself, interocular distances, at 35 px and more between the eyes;
below it grows as 1 / size."""
LIDS_PX = 35.0
_UPPER, _LOWER = (161, 160, 159, 158, 157), (163, 144, 145, 153, 154)
_SIZE = 100.0


@cache
def copy_fields() -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return noise (COPIES, 478, 3) in standard deviations, fields (COPIES, 478) of what a degree of yaw leaves, and
    what the lids do by themselves (COPIES, 478), in standard deviations.
    """
    rng = np.random.default_rng(0)
    sizes = np.full(COPIES, _SIZE)
    unit = draw_noise(rng, sizes) / np.hypot(*noise_scale(sizes))[..., None]
    turned = draw_yaw_spread(rng, COPIES)
    lids = np.zeros((COPIES, N_LANDMARKS))
    for lid in (_UPPER, _LOWER):
        for points in (lid, mirror_permutation()[list(lid)]):
            # the ends of a lid go half as far as its middle
            lids[:, list(points)] = rng.standard_normal((COPIES, 1)) * [0.5, 1.0, 1.0, 1.0, 0.5]
    return unit, turned, lids


def noisy_copies(landmarks: NDArray[np.floating[Any]], iod_px: float, yaw: float) -> NDArray[np.float32]:
    """Return (1 + COPIES, 478, 3) px: the landmarks (478, 3), then as they might have been found.

    Parameters
    ----------
    iod_px, yaw : px between the irises, and reported degrees.
    """
    noise, turned, lids = copy_fields()
    still = np.hypot(*noise_scale(np.array([max(iod_px, 1.0)])))[0][:, None]
    moved = noise * still
    moved[..., 1] -= turned * abs(yaw)
    moved[..., 1] += lids * LIDS / WIDENING * max(1.0, LIDS_PX / max(iod_px, 1.0))
    points = np.asarray(landmarks, dtype=np.float64)
    copies = np.concatenate([points[None], points + WIDENING * iod_px * moved])
    return np.asarray(copies, dtype=np.float32)


def spread(values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the standard deviation (...) over the copies (1 + COPIES, ...), the first of which is the value itself."""
    return np.asarray(np.std(np.asarray(values[1:], np.float64), axis=0, ddof=1))
