"""Faces that a landmarker misses in the whole picture: those that fill it, and those that are small in it.

MediaPipe's face detector sees the whole picture at 128 px, so it misses a face below about a tenth of its side, and
often one without a border. What is missed is looked for within a border, then in overlapping square tiles: of the
picture's short side, of its half and of its quarter. A faceless tile costs about a millisecond.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from facialis.faces.face import Face
from facialis.faces.geometry import iris_centres

Run = Callable[[NDArray[np.uint8]], list[Face]]
"""Finds faces in one RGB picture."""

LEVELS = 3
SMALLEST_TILE = 192
"""px: in a smaller tile only faces too small to be judged would be found."""
LONG = 2.0
"""A picture this many times longer than it is wide is searched in tiles even when a face was found in the whole."""
SURROUNDINGS = 3.2
"""Side of the square that a found face is looked at again in, in heights of the face."""


def find_faces(run: Run, rgb: NDArray[np.uint8]) -> list[Face]:
    """Return all faces of a (height, width, 3) picture, the largest first, in the picture's own pixels."""
    height, width = rgb.shape[:2]
    faces = run(rgb)
    if not faces:
        faces = _within_border(run, rgb)
    if not faces or max(height, width) > LONG * min(height, width):
        faces = _in_tiles(run, rgb) or faces
    return sorted(faces, key=lambda face: -_extent(face))


def _within_border(run: Run, rgb: NDArray[np.uint8]) -> list[Face]:
    border = (rgb.shape[0] + rgb.shape[1]) // 4
    padded = np.pad(rgb, ((border, border), (border, border), (0, 0)), mode="edge")
    return [_moved(face, (-border, -border), rgb) for face in run(padded)]


def _in_tiles(run: Run, rgb: NDArray[np.uint8]) -> list[Face]:
    short = min(rgb.shape[:2])
    for side in (short >> level for level in range(LEVELS)):
        if side < SMALLEST_TILE:
            break
        found: list[Face] = []
        for x, y in _corners(rgb.shape[1], rgb.shape[0], side):
            for face in run(rgb[y : y + side, x : x + side]):
                moved = _moved(face, (x, y), rgb)
                if not any(_same(moved, other) for other in found):
                    found.append(moved)
        if found:
            centred: list[Face] = []
            for face in (_looked_at_again(run, rgb, face) for face in found):
                if not any(_same(face, other) for other in centred):
                    centred.append(face)
            return centred
    return []


def _corners(width: int, height: int, side: int) -> Iterator[tuple[int, int]]:
    """Yield the corners of square tiles that cover the picture and overlap by half or more."""

    def starts(length: int) -> list[int]:
        count = math.ceil((length - side) / (side / 2)) + 1
        return [round(i) for i in np.linspace(0, length - side, count)]

    for y in starts(height):
        for x in starts(width):
            yield x, y


def _looked_at_again(run: Run, rgb: NDArray[np.uint8], face: Face) -> Face:
    """Find the face once more in a square around it, so that its landmarks do not depend on where the tiles lie."""
    low, high = face.landmarks[:, :2].min(axis=0), face.landmarks[:, :2].max(axis=0)
    half = SURROUNDINGS * float(high[1] - low[1]) / 2
    x0, y0 = np.maximum(np.floor((low + high) / 2 - half), 0).astype(int)
    x1, y1 = np.ceil((low + high) / 2 + half).astype(int)
    again = [_moved(f, (x0, y0), rgb) for f in run(rgb[y0:y1, x0:x1])]
    return next((found for found in again if _same(found, face)), face)


def _same(one: Face, other: Face) -> bool:
    distance = np.linalg.norm(
        iris_centres(one.landmarks).mean(axis=0)[:2] - iris_centres(other.landmarks).mean(axis=0)[:2]
    )
    return bool(distance < max(one.interocular_px, other.interocular_px))


def _moved(face: Face, by: tuple[int, int], rgb: NDArray[np.uint8]) -> Face:
    landmarks = (face.landmarks + np.array([*by, 0])).astype(np.float32)
    return dataclasses.replace(face, landmarks=landmarks, size=(rgb.shape[0], rgb.shape[1]))


def _extent(face: Face) -> float:
    return float(np.ptp(face.landmarks[:, :2], axis=0).prod())
