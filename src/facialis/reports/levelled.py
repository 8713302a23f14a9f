"""A face turned until its irises are level, as the sheets of views and of dates show it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from facialis.faces.frontal import EYES_APART, EYES_AT
from facialis.faces.geometry import interocular_distance, iris_centres
from facialis.faces.landmarks import Face
from facialis.reports.drawing import as_jpeg

WIDTH, HEIGHT = 240, 300
"""Size of a levelled face, px."""


def levelled(rgb: NDArray[np.uint8] | None, face: Face) -> tuple[bytes | None, NDArray[np.float64]]:
    """Return a face turned until its irises are level, as a JPEG of `WIDTH` x `HEIGHT` px, and its points in it.

    Parameters
    ----------
    rgb : the picture; None: only the points (478, 2) are wanted.
    """
    points = face.landmarks[:, :2].astype(np.float64)
    right, left = iris_centres(points)
    angle = np.arctan2(left[1] - right[1], left[0] - right[0])
    scale = EYES_APART * WIDTH / max(float(interocular_distance(points)), 1e-6)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle, centre = (right + left) / 2, np.array([WIDTH / 2, EYES_AT * HEIGHT])
    placed = (points - middle) @ turn.T + centre
    if rgb is None:
        return None, placed
    from PIL import Image

    back = np.linalg.inv(turn)
    offset = middle - back @ centre
    picture = Image.fromarray(rgb).transform(
        (WIDTH, HEIGHT), Image.Transform.AFFINE, (*back[0], offset[0], *back[1], offset[1]), Image.Resampling.BICUBIC
    )
    return as_jpeg(np.asarray(picture)), placed
