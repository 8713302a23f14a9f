"""A face as the service gives and takes it: the numbers that a finding comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.errors import FacialisError
from facialis.faces.face import N_BLENDSHAPES, Face
from facialis.faces.landmarks import FaceLandmarker
from facialis.faces.mesh import N_LANDMARKS

Points = Mapping[str, Any]
"""Size (height, width), points, transform, and the second look, if there was one."""


def as_points(face: Face, second: Face | None) -> dict[str, Any]:
    """Return a face as numbers that give the same finding when they come back (float32: nine digits)."""

    def told(one: Face) -> dict[str, Any]:
        return {"points": _digits(one.landmarks), "transform": _digits(one.transform)}

    return {"size": list(face.size), **told(face), "second": None if second is None else told(second)}


def _digits(array: NDArray[np.float32]) -> list[list[float]]:
    return [[float(f"{number:.9g}") for number in row] for row in array.tolist()]


def face_of(given: Mapping[str, Any], size: tuple[int, int]) -> Face:
    """Return the face that the numbers tell: `points` (478, 3) px, `transform` (4, 4), of a picture (height, width).

    Raises
    ------
    FacialisError
        They are no face.
    """
    landmarks = np.asarray(given["points"], np.float32)
    transform = np.asarray(given["transform"], np.float32)
    assert landmarks.shape == (N_LANDMARKS, 3)
    rotation = transform[:3, :3].astype(np.float64)
    lengths = np.linalg.norm(rotation, axis=0)
    if not (np.all(lengths > 1e-3) and np.all(lengths < 1e3) and math.isfinite(float(lengths.sum()))):
        raise FacialisError("transform: its first three columns are no rotation; give it as the finding gave it")
    face = Face(landmarks, np.zeros(N_BLENDSHAPES, np.float32), transform, size, FaceLandmarker.name)
    if face.interocular_px < 1:
        raise FacialisError("points: less than a pixel between the irises (468 and 473); give px, x right and y down")
    return face
