"""The camera: head pose, distance, face size and framing, and the projection into the picture.

Camera axes: x to image right, y up, z towards the viewer (cm). Picture axes: px, x to image right, y down.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.faces.fields import Array
from facialis.faces.geometry import iris_centres
from facialis.faces.mesh import canonical_face

IOD_PX = (20.0, 200.0)
DISTANCE_CM = (40.0, 100.0)
YAW_LIMIT = 45.0
FIELD_OF_VIEW = 63.0
"""Vertical field of view, degrees, that MediaPipe assumes when it reports a head transform."""


class Camera(NamedTuple):
    """How `n` faces are photographed.

    Attributes
    ----------
    angles : (n, 3) yaw, pitch, roll in degrees, signs as `facialis.faces.geometry.head_pose`.
    distance : (n,) cm from the camera to the midpoint of the irises.
    iod_px : (n,) px between the iris centres if the head were frontal.
    size : (n, 2) int, height and width of the picture, px.
    centre : (n, 2) px, where the midpoint of the irises lies, x and y.
    """

    angles: Array
    distance: Array
    iod_px: Array
    size: NDArray[np.int64]
    centre: Array

    def take(self, rows: NDArray[Any]) -> Camera:
        """Return the cameras of these rows."""
        return Camera(self.angles[rows], self.distance[rows], self.iod_px[rows], self.size[rows], self.centre[rows])


def draw_cameras(rng: np.random.Generator, n: int, *, frontal: bool = False) -> Camera:
    """Draw the cameras of `n` frames.

    Yaw is N(0, 7.5°) in three of five, else N(0, 24°), within 45° (the reported yaw then has the quartiles of healthy
    people's photos); pitch N(-2.5°, 7°); roll N(0, 3°); distance log-uniform 40-100 cm; interocular distance
    log-uniform 20-200 px. In `frontal` photos yaw is N(0, 3°), roll N(0, 1.5°) and the distance 80-150 cm.

    Examples
    --------
    >>> camera = draw_cameras(np.random.default_rng(0), 100)
    >>> bool((abs(camera.angles[:, 0]) <= 45).all())
    True
    """
    wide = rng.random(n) < 0.4
    yaw = np.clip(rng.standard_normal(n) * np.where(wide, 24.0, 7.5), -YAW_LIMIT, YAW_LIMIT)
    pitch = rng.normal(-2.5, 7.0, n)
    roll = rng.normal(0.0, 3.0, n)
    distance = _log_uniform(rng, DISTANCE_CM, n)
    iod = _log_uniform(rng, IOD_PX, n)
    if frontal:
        yaw, pitch, roll = rng.normal(0.0, 3.0, n), 0.5 * pitch - 1.0, 0.5 * roll
        distance = _log_uniform(rng, (80.0, 150.0), n)
    height = iod * rng.uniform(4.6, 8.0, n)
    width = height * rng.uniform(0.75, 1.35, n)
    size = np.round(np.stack([height, width], axis=1)).astype(np.int64)
    centre = size[:, ::-1] * np.array([0.5, 0.43]) + iod[:, None] * rng.normal(0.0, 0.15, (n, 2))
    return Camera(np.stack([yaw, pitch, roll], axis=1), distance, iod, size, centre)


GAZE_SHARE = (0.4, 0.6)
"""Mean and standard deviation of the share of the head's turn that the eyes take back to look at the camera."""
GAZE_WANDERS, LOOKS_AWAY, GAZE_AWAY = 4.0, 0.3, 14.0
"""Standard deviation of the gaze beside that, degrees; in this share of the photos people look elsewhere, with the last
of these."""
EYEBALL_CM = 1.15
"""From the eyeball's centre to the middle of the iris."""


def draw_gaze(rng: np.random.Generator, angles: Array) -> Array:
    """Draw how far the irises of faces turned by `angles` (n, 3) degrees move: (n, 2) cm in x and y of the head.

    Both eyes turn alike. The share of the turn that is taken back, and how many look elsewhere, fit where the middle of
    the irises lies between the canthi in healthy people's photos.
    """
    n = len(angles)
    share = np.clip(rng.normal(*GAZE_SHARE, n), -0.3, 1.0)
    wanders = np.where(rng.random((n, 1)) < LOOKS_AWAY, GAZE_AWAY, GAZE_WANDERS)
    gaze = wanders * rng.standard_normal((n, 2)) - share[:, None] * angles[:, :2]
    return np.asarray(EYEBALL_CM * np.sin(np.radians(np.clip(gaze, -35.0, 35.0))))


def _log_uniform(rng: np.random.Generator, bounds: tuple[float, float], n: int) -> Array:
    return np.asarray(np.exp(rng.uniform(np.log(bounds[0]), np.log(bounds[1]), n)))


def rotation(angles: Array) -> Array:
    """Return (..., 3, 3) from (..., 3) yaw, pitch, roll in degrees: canonical axes to camera axes.

    The inverse of `facialis.faces.geometry.head_pose`: R = Rz(roll) Ry(yaw) Rx(-pitch).
    """
    yaw, pitch, roll = np.moveaxis(np.radians(angles), -1, 0)
    cy, sy, cp, sp, cr, sr = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch), np.cos(roll), np.sin(roll)
    first = np.stack([cr * cy, sr * cy, -sy], axis=-1)
    second = np.stack([-cr * sy * sp - sr * cp, -sr * sy * sp + cr * cp, -cy * sp], axis=-1)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def turn(faces: Array, angles: Array) -> Array:
    """Return `faces` (n, 478, 3), cm, turned by `angles` about the midpoint of their irises, which comes to 0, 0, 0."""
    centred = faces - iris_centres(faces).mean(axis=1, keepdims=True)
    return rotate(centred, rotation(angles))


def rotate(points: Array, matrices: Array) -> Array:
    """Return (n, 478, 3) points times (n, 3, 3) matrices, written out so that no BLAS decides the last bit."""
    x, y, z = np.moveaxis(points, -1, 0)
    m = matrices[:, None]
    return np.stack([m[..., i, 0] * x + m[..., i, 1] * y + m[..., i, 2] * z for i in range(3)], axis=-1)


def project(points: Array, camera: Camera, interocular_cm: Array, perspective: Array) -> Array:
    """Return (n, 478, 2) px: turned `points` (n, 478, 3), cm, in the picture.

    Parameters
    ----------
    points : as `turn` gives them.
    interocular_cm : (n,) the face's own distance between the irises.
    perspective : (478,) share of the geometric perspective that each landmark shows (1: as a lens has it).
    """
    nearer = points[..., 2] / (camera.distance[:, None] - points[..., 2])  # 0 at the irises
    scale = (camera.iod_px / interocular_cm)[:, None] * (1.0 + perspective * nearer)
    return np.stack(
        [
            camera.centre[:, None, 0] + scale * points[..., 0],
            camera.centre[:, None, 1] - scale * points[..., 1],
        ],
        axis=-1,
    )


def reported_transforms(angles: Array, landmarks: Array, size: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return (n, 4, 4): the head transform that MediaPipe reports, from the reported pose and landmarks (px).

    Rotation from `angles`; translation such that the canonical face, seen by MediaPipe's assumed camera (vertical
    field of view 63°, in the picture's centre), has its irises where the landmarks have them.
    """
    canonical = iris_centres(canonical_face())
    middle, width_cm = canonical.mean(axis=0), float(np.linalg.norm(canonical[1] - canonical[0]))
    right, left = np.moveaxis(iris_centres(landmarks), 1, 0)
    focal = size[:, 0] / 2.0 / np.tan(np.radians(FIELD_OF_VIEW / 2.0))
    depth = focal * width_cm / np.maximum(np.sqrt(((left - right) ** 2).sum(axis=-1)), 1e-6)
    seen = (right + left)[:, :2] / 2.0 - size[:, ::-1] / 2.0
    at = np.stack([seen[:, 0] / focal * depth, -seen[:, 1] / focal * depth, -depth], axis=1)
    matrices = rotation(angles)
    transforms = np.zeros((len(angles), 4, 4), dtype=np.float32)
    transforms[:, :3, :3] = matrices
    transforms[:, :3, 3] = at - (matrices * middle).sum(axis=-1)
    transforms[:, 3, 3] = 1.0
    return transforms
