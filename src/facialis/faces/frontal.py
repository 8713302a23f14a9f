"""A face as seen from the front: its landmarks with the head pose undone, and its picture drawn to fit them.

Around the face the picture is turned and scaled as a whole, between both the change dies off. What a turned head hid
stays hidden: it is stretched, not known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.faces.face import Face
from facialis.faces.geometry import level, undo_pose
from facialis.faces.mesh import CONTOURS, triangles

MARGIN = 0.5
"""Width of the band around the face in which the change dies off, as a share of the face's half size."""
EYES_APART, EYES_AT = 0.31, 0.40
"""Distance of the irises as a share of the frame's width, and where they lie in its height."""

_SHIFT = 4  # fractional bits of the corners that OpenCV fills between

Points = NDArray[np.float64]


class Frontal(NamedTuple):
    """A face from the front: the picture (height, width, 3), None where none was given, and the points (478, 2) in it,
    px, x to image right, y down, the irises level and their middle at half of the width.
    """

    rgb: NDArray[np.uint8] | None
    points: Points


def frontal_points(face: Face) -> Points:
    """Return (478, 2): the landmarks with the pose undone, the irises level, about their middle, in units of their
    distance in 3D; x to image right, y down.
    """
    return np.asarray(level(undo_pose(face.landmarks.astype(np.float64), face.transform))[:, :2], np.float64)


def frontal(rgb: NDArray[np.uint8] | None, face: Face, size: tuple[int, int]) -> Frontal:
    """Draw a face from the front into a frame of `size` (width, height), px.

    Parameters
    ----------
    rgb : (h, w, 3) the picture that the face was found in; None: only the points are wanted.

    Examples
    --------
    >>> from facialis.faces.mesh import canonical_face
    >>> landmarks = (canonical_face() * [20, -20, -20] + [100, 100, 0]).astype(np.float32)
    >>> face = Face(landmarks, np.zeros(52, np.float32), np.eye(4, dtype=np.float32), (200, 200), "example")
    >>> frontal(None, face, (100, 120)).points[[468, 473]].round(1).tolist()
    [[34.5, 48.0], [65.5, 48.0]]
    """
    width, height = size
    points = frontal_points(face) * (EYES_APART * width) + [width / 2, EYES_AT * height]
    if rgb is None:
        return Frontal(None, points)
    import cv2

    where = _sources(points, face.landmarks[:, :2].astype(np.float64), size)
    smaller = EYES_APART * width / max(face.interocular_px, 1.0)
    if smaller < 1:  # shrunk first: a pixel of the frame stands for several of the picture
        whole = max(1, round(rgb.shape[1] * smaller)), max(1, round(rgb.shape[0] * smaller))
        where = where * np.array([whole[0] / rgb.shape[1], whole[1] / rgb.shape[0]], np.float32)
        rgb = np.asarray(cv2.resize(rgb, whole, interpolation=cv2.INTER_AREA), np.uint8)
    x, y = np.moveaxis(where - np.float32(0.5), -1, 0)
    white = (255, 255, 255)
    drawn = cv2.remap(rgb, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=white)
    return Frontal(np.asarray(drawn, np.uint8), points)


def _sources(points: Points, seen: Points, size: tuple[int, int]) -> NDArray[np.float32]:
    """Return (height, width, 2): the place in the picture, px, that each pixel of the frame shows.

    The picture is turned and scaled as a whole to fit the landmarks; what is left over is linear across each triangle
    of the mesh, and dies off in a band of triangles around it.
    """
    import cv2

    width, height = size
    ones = np.ones((len(points), 1))
    affine, *_ = np.linalg.lstsq(np.hstack([points, ones]), seen, rcond=None)  # (3, 2)
    change = seen - np.hstack([points, ones]) @ affine
    oval = np.array([start for start, _ in CONTOURS["face_oval"]])
    middle = points[oval].mean(axis=0)
    corners = np.concatenate([points, middle + (points[oval] - middle) * (1 + MARGIN)])
    change = np.concatenate([change, np.zeros((len(oval), 2))])
    table = np.concatenate([_band(oval, len(points)), triangles()])
    first, second = (corners[table[:, i]] - corners[table[:, 0]] for i in (1, 2))
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    table, first, second, area = (part[np.abs(area) > 1e-9] for part in (table, first, second, area))
    which = np.full((height, width), -1, dtype=np.int32)
    fixed = np.round((corners[table] - 0.5) * (1 << _SHIFT)).astype(np.int32)
    for number, triangle in enumerate(fixed):
        cv2.fillConvexPoly(which, triangle, number, shift=_SHIFT)
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    there = x[..., None] * affine[0] + y[..., None] * affine[1] + affine[2]
    rows, columns = np.nonzero(which >= 0)
    at = which[rows, columns]
    from_first = np.stack([columns, rows], axis=-1) + 0.5 - corners[table[at, 0]]
    one = (from_first[:, 0] * second[at, 1] - from_first[:, 1] * second[at, 0]) / area[at]
    two = (first[at, 0] * from_first[:, 1] - first[at, 1] * from_first[:, 0]) / area[at]
    shares = np.stack([1 - one - two, one, two], axis=-1)
    there[rows, columns] += (shares[..., None] * change[table[at]]).sum(axis=1)
    return np.asarray(there, np.float32)


def _band(oval: NDArray[np.intp], start: int) -> NDArray[np.intp]:
    """Return triangles between the face's oval and a ring around it, whose points count on from `start`."""
    ring = np.arange(len(oval)) + start
    onward = np.roll(oval, -1), np.roll(ring, -1)
    return np.concatenate([np.stack([oval, ring, onward[0]], axis=1), np.stack([onward[0], ring, onward[1]], axis=1)])
