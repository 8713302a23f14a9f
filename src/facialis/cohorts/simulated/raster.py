"""The mesh as a surface: its normals, and which of its triangles each pixel shows."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from facialis.faces.fields import Array
from facialis.faces.mesh import triangles

_SHIFT = 4  # fractional bits of the corners that OpenCV fills between


def normals(points: Array) -> Array:
    """Return (478, 3) unit normals, pointing outwards, of a face (478, 3) with y up and z towards the viewer."""
    a, b, c = (points[triangles()[:, i]] for i in range(3))
    of_triangle = np.cross(b - a, c - a)
    total = np.zeros_like(points)
    for corner in range(3):
        np.add.at(total, triangles()[:, corner], of_triangle)
    length = np.sqrt((total**2).sum(axis=-1, keepdims=True))
    total[length[:, 0] == 0] = (0.0, 0.0, 1.0)  # the irises belong to no triangle
    return np.asarray(total / np.where(length == 0, 1.0, length))


class Visible(NamedTuple):
    """The pixels that show the surface: rows, columns (m,), corners (m, 3), and shares (m, 3) of their corners."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    corners: NDArray[np.intp]
    shares: NDArray[np.float32]

    def mix(self, values: Array) -> NDArray[np.float32]:
        """Return (m, k): `values` (n, k) of the points, linear across each triangle."""
        numbers = values.astype(np.float32)
        return np.asarray(sum(self.shares[:, i, None] * numbers[self.corners[:, i]] for i in range(3)))


def rasterise(points: Array, nearness: Array, size: int, table: NDArray[np.intp]) -> Visible:
    """Find the nearest triangle in each pixel of a square picture.

    Parameters
    ----------
    points : (n, 2) px, x to image right, y down.
    nearness : (n,) larger is nearer to the viewer.
    size : px, height and width.
    table : (m, 3) the points at the corners of each triangle, anticlockwise as seen from outside.
    """
    corners = points[table]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    order = np.argsort(nearness[table].mean(axis=1), kind="stable")
    order = order[area[order] < -1e-9]  # y points down: those that face the viewer
    index = np.full((size, size), -1, dtype=np.int32)
    fixed = np.round(corners * (1 << _SHIFT)).astype(np.int32)
    for i in order.tolist():
        cv2.fillConvexPoly(index, fixed[i], i, shift=_SHIFT)
    rows, columns = np.nonzero(index >= 0)
    which = index[rows, columns]
    x, y = columns - corners[which, 0, 0], rows - corners[which, 0, 1]
    one = (x * second[which, 1] - y * second[which, 0]) / area[which]
    two = (first[which, 0] * y - first[which, 1] * x) / area[which]
    shares = np.maximum(np.stack([1.0 - one - two, one, two], axis=-1), 0.0)  # a pixel's middle may lie outside
    return Visible(rows, columns, table[which], (shares / shares.sum(axis=-1, keepdims=True)).astype(np.float32))
