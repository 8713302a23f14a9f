"""A photo as if the person had a palsy of one side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated import palsy, warp
from facialis.cohorts.simulated.muscles import SIDES
from facialis.cohorts.simulated.patients import make_palsy
from facialis.cohorts.simulated.portraits import (
    expression_of,
)
from facialis.cohorts.simulated.shading import fold_depths, shade_folds
from facialis.errors import CohortError
from facialis.faces.mesh import canonical_face

if TYPE_CHECKING:
    from facialis.faces.landmarks import Face


def palsy_twin(rgb: NDArray[np.uint8], face: Face, severity: float, side: str, seed: int = 0) -> NDArray[np.uint8]:
    """Return the photo as if the person had a flaccid palsy of one side of the face.

    Parameters
    ----------
    rgb : (h, w, 3) uint8.
    face : where the landmarker found the face.
    severity : 0 (the photo as it is) to 1 (complete).
    side : "subject_right" or "subject_left", the weak side.
    seed : varies the share of brow, eye and mouth by some per cent.

    Raises
    ------
    CohortError
        `severity` is out of range or `side` is neither.
    """
    if side not in SIDES:
        raise CohortError(f"side is {side!r}; expected one of {', '.join(SIDES)}")
    if not 0.0 <= severity <= 1.0:
        raise CohortError(f"severity is {severity!r}; expected a number from 0 to 1")
    rng = np.random.default_rng(seed)
    sick = make_palsy(side, severity)
    spread = np.exp(0.05 * rng.standard_normal(sick.branches.shape))
    sick = sick._replace(branches=np.clip(sick.branches * spread, 0.0, 1.0))
    own, base = expression_of(face), canonical_face()[None]
    change = palsy.moved(base, own, sick) - palsy.moved(base, own, palsy.no_palsy(1))
    prepared = warp.prepare(face.landmarks.astype(np.float64), face.transform.astype(np.float64))
    warped = warp.apply(rgb, prepared, change[0])
    there = face.landmarks[:, :2].astype(np.float64) + warp.in_picture(prepared, change[0])
    depths = fold_depths(own, sick) - fold_depths(own, palsy.no_palsy(1))
    return shade_folds(warped, there, depths[0]) if severity > 0 else warped
