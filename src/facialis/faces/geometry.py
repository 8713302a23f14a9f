"""Level, mirror, head pose and pose correction of landmarks.

Convention: landmarks are in px, x to image right, y down, z away from the viewer (smaller is nearer), all on the
scale of x; "subject's right" lies on image left. All functions work on stacks of faces: (..., 478, 2 or 3).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.faces.mesh import IRIS_SUBJECT_LEFT, IRIS_SUBJECT_RIGHT, mirror_permutation

Points = NDArray[np.floating[Any]]


def iris_centres(points: Points) -> Points:
    """Return (..., 2, d): the centre of the subject's right iris, then of the left one, as means of five points."""
    first, second, last = IRIS_SUBJECT_RIGHT[0], IRIS_SUBJECT_LEFT[0], IRIS_SUBJECT_LEFT[-1] + 1
    if points.shape[-2] < last:
        raise IndexError(f"{points.shape[-2]} landmarks hold no irises; {last} are needed")
    irises = points[..., first:last, :]  # a slice: picking ten rows one by one takes longer than their means
    split = second - first
    return np.stack([irises[..., :split, :].mean(axis=-2), irises[..., split:, :].mean(axis=-2)], axis=-2)


def interocular_distance(points: Points) -> Points:
    """Return (...): the distance of the iris centres in the picture plane, in the unit of `points`."""
    right, left = np.moveaxis(iris_centres(points)[..., :2], -2, 0)
    return np.asarray(np.linalg.norm(left - right, axis=-1))


def level(points: Points) -> Points:
    """Turn the face in the picture plane about the midpoint of the irises until their line is level, upright.

    Source: own. z, where present, is kept. Irises in one place: nothing is turned.
    """
    centres = iris_centres(points)[..., :2]
    middle = centres.mean(axis=-2, keepdims=True)
    along = centres[..., 1, :] - centres[..., 0, :]
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    ahead = np.broadcast_to([1.0, 0.0], along.shape).copy()
    along = np.divide(along, length, out=ahead, where=length != 0)
    cos, sin = along[..., None, 0], along[..., None, 1]
    x, y = np.moveaxis(points[..., :2] - middle, -1, 0)
    turned = np.stack([cos * x + sin * y, cos * y - sin * x], axis=-1) + middle
    return np.concatenate([turned, points[..., 2:]], axis=-1)


def mirror(points: Points, width: float = 0.0) -> Points:
    """Return the landmarks of the mirrored face: x becomes `width` - x and subject's left and right change places."""
    mirrored = np.take(points, mirror_permutation(), axis=-2)
    return np.concatenate([width - mirrored[..., :1], mirrored[..., 1:]], axis=-1)


def head_pose(transform: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return (..., 3): yaw, pitch and roll in degrees from the landmarker's (..., 4, 4) head transform.

    Convention: yaw > 0 turns the nose to image right (the subject's left); pitch > 0 lifts the chin;
    roll > 0 turns the head anticlockwise as seen in the picture (the subject's left eye moves up).
    The landmarker's canonical face looks slightly up, so that a level gaze measures a pitch some degrees below 0.
    """
    rotation = np.asarray(transform, dtype=np.float64)[..., :3, :3]
    yaw = np.arctan2(-rotation[..., 2, 0], np.hypot(rotation[..., 2, 1], rotation[..., 2, 2]))
    pitch = np.arctan2(-rotation[..., 2, 1], rotation[..., 2, 2])
    roll = np.arctan2(rotation[..., 1, 0], rotation[..., 0, 0])
    return np.asarray(np.degrees(np.stack([yaw, pitch, roll], axis=-1)))


def undo_pose(points: Points, transform: NDArray[np.floating[Any]]) -> Points:
    """Turn (..., 478, 3) landmarks to a frontal head: centred between the irises, in units of their distance in 3D.

    The depth is the landmarker's guess, so a turned head leaves some asymmetry behind.

    Returns
    -------
    (..., 478, 3), x to image right, y down, z away from the viewer.
    """
    rotation = np.asarray(transform, dtype=np.float64)[..., :3, :3]
    flip = np.array([1.0, -1.0, -1.0])  # the picture's axes to the camera's: y up, z towards the viewer
    centres = iris_centres(points)
    camera = (points - centres.mean(axis=-2, keepdims=True)) * flip
    frontal = (camera @ rotation) * flip  # row vectors times R: the inverse rotation
    scale = np.linalg.norm(centres[..., 1, :] - centres[..., 0, :], axis=-1)[..., None, None]
    return np.asarray(frontal / np.maximum(scale, np.finfo(np.float64).tiny))
