"""A photo warped by a simulated displacement: from landmarks that move to a smooth field of pixels that move."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import Delaunay

from facialis.cohorts.simulated.muscles import EYEBALL
from facialis.faces.fields import Array
from facialis.faces.geometry import iris_centres
from facialis.faces.mesh import CONTOURS, canonical_face

MARGIN = 0.55
"""Width of the band around the face in which the displacement dies off, as a share of the face's half size."""
GRID = 20
"""Steps of the displacement's grid to an interocular distance."""
SMOOTHING = 0.05
"""Standard deviation (interocular distances) of the blur that takes the mesh's edges out of the displacement."""
ITERATIONS = 12


class Warp(NamedTuple):
    """What a photo and its landmarks fix of every warp of it.

    Attributes
    ----------
    origin : image x, y (px) of the grid's first point.
    step : px between the grid's points.
    triangles : (h, w, 3) the landmarks (or anchors) around each grid point.
    shares : (h, w, 3) their barycentric weights.
    anchors : number of points of no displacement after the landmarks.
    px_per_cm : scale of the canonical face in the picture.
    rotation : (3, 3) canonical axes to camera axes.
    interocular_px : of the face.
    """

    origin: tuple[int, int]
    step: int
    triangles: NDArray[np.intp]
    shares: Array
    anchors: int
    px_per_cm: float
    rotation: Array
    interocular_px: float


def prepare(landmarks: Array, transform: Array) -> Warp:
    """Prepare warps of the photo in which the face has `landmarks` (478, 3), px, and head `transform` (4, 4)."""
    centres = iris_centres(landmarks)
    canonical = iris_centres(canonical_face())
    wide = float(np.linalg.norm(centres[1] - centres[0]))
    iod = float(np.linalg.norm(centres[1, :2] - centres[0, :2]))
    points = np.delete(landmarks[:, :2], EYEBALL, axis=0)
    oval = landmarks[[start for start, _ in CONTOURS["face_oval"]], :2]
    middle = oval.mean(axis=0)
    ring = middle + (oval - middle) * (1.0 + MARGIN)
    low, high = np.floor(ring.min(axis=0)).astype(int), np.ceil(ring.max(axis=0)).astype(int)
    step = max(1, round(iod / GRID))
    corners = np.array([(x, y) for x in (low[0] - iod, high[0] + iod) for y in (low[1] - iod, high[1] + iod)])
    mesh = Delaunay(np.concatenate([points, ring, corners]))
    across, down = np.arange(low[0], high[0] + step, step), np.arange(low[1], high[1] + step, step)
    grid = np.stack(np.meshgrid(across, down), axis=-1).astype(np.float64)
    simplex = mesh.find_simplex(grid)
    matrix = mesh.transform[simplex]
    from_origin = grid - matrix[..., 2, :]
    two = (matrix[..., :2, :] * from_origin[..., None, :]).sum(axis=-1)
    shares = np.concatenate([two, 1.0 - two.sum(axis=-1, keepdims=True)], axis=-1)
    return Warp(
        origin=(int(low[0]), int(low[1])),
        step=step,
        triangles=mesh.simplices[simplex].astype(np.intp),
        shares=shares,
        anchors=len(ring) + len(corners),
        px_per_cm=wide / float(np.linalg.norm(canonical[1] - canonical[0])),
        rotation=np.asarray(transform, dtype=np.float64)[:3, :3],
        interocular_px=iod,
    )


def in_picture(warp: Warp, displacement: Array) -> Array:
    """Return (478, 2) px: a displacement (478, 3) in cm of the canonical face as it shows in the picture's plane."""
    r = warp.rotation
    x, y, z = np.moveaxis(displacement, -1, 0)
    right = r[0, 0] * x + r[0, 1] * y + r[0, 2] * z
    up = r[1, 0] * x + r[1, 1] * y + r[1, 2] * z
    return np.asarray(warp.px_per_cm * np.stack([right, -up], axis=-1))


def pull_back(warp: Warp, displacement: Array) -> NDArray[np.float32]:
    """Return (h, w, 2) px on the grid: what to subtract from a point of the warped picture to find its source."""
    still = np.zeros((warp.anchors, 2))
    moves = np.concatenate([np.delete(in_picture(warp, displacement), EYEBALL, axis=0), still])
    forward = (warp.shares[..., None] * moves[warp.triangles]).sum(axis=-2).astype(np.float32)
    sigma = SMOOTHING * warp.interocular_px / warp.step
    forward = cv2.GaussianBlur(forward, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
    height, width = forward.shape[:2]
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    back = np.zeros_like(forward)
    for _ in range(ITERATIONS):  # back(y) = forward(y - back(y)), damped
        at = back / np.float32(warp.step)
        found = cv2.remap(forward, x - at[..., 0], y - at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        back = (back + found) / np.float32(2.0) if _ else found
    return np.asarray(back, dtype=np.float32)


def apply(rgb: NDArray[np.uint8], warp: Warp, displacement: Array) -> NDArray[np.uint8]:
    """Return the picture (h, w, 3) with the face moved by `displacement` (478, 3), cm on the canonical face."""
    back = pull_back(warp, displacement)
    height, width = (back.shape[0] - 1) * warp.step + 1, (back.shape[1] - 1) * warp.step + 1
    left, top = warp.origin
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + width, rgb.shape[1]), min(top + height, rgb.shape[0])
    if x0 >= x1 or y0 >= y1:
        return rgb.copy()
    x, y = np.meshgrid(np.arange(x0, x1, dtype=np.float32), np.arange(y0, y1, dtype=np.float32))
    step = np.float32(warp.step)
    dense = cv2.remap(back, (x - left) / step, (y - top) / step, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    warped = rgb.copy()
    warped[y0:y1, x0:x1] = cv2.remap(
        rgb, x - dense[..., 0], y - dense[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return warped
