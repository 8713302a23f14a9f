"""The landmarker's mesh: canonical face, mirror permutation, triangles, irises and contour lines, as tables.

Convention: "subject's right" lies on the left of an unmirrored picture. The canonical face is in cm, x to the
subject's left, y up, z towards the viewer. Source: MediaPipe's Face Landmarker (Apache-2.0, see THIRD_PARTY.md);
its mesh has 468 vertices, the ten points of the irises (radius 5.85 mm) were added here.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

N_LANDMARKS = 478

IRIS_SUBJECT_RIGHT = (468, 469, 470, 471, 472)
"""Centre, then the rim: image right, top, image left, bottom."""
IRIS_SUBJECT_LEFT = (473, 474, 475, 476, 477)


@cache
def _table() -> NDArray[np.float64]:
    text = files("facialis.faces").joinpath("canonical_face.csv").read_text(encoding="utf-8")
    table = np.array([line.split(",") for line in text.splitlines()[1:]], dtype=np.float64)
    table.flags.writeable = False
    return table


@cache
def canonical_face() -> NDArray[np.float64]:
    """Return the canonical face, (478, 3) in cm: x to the subject's left, y up, z towards the viewer."""
    return _table()[:, 1:4]


@cache
def mirror_permutation() -> NDArray[np.intp]:
    """Return (478,) indices: landmark i of a mirrored face is landmark ``mirror_permutation()[i]`` of the face."""
    permutation = _table()[:, 4].astype(np.intp)
    permutation.flags.writeable = False
    return permutation


@cache
def triangles() -> NDArray[np.intp]:
    """Return (898, 3): the landmarks at the corners of each triangle, anticlockwise as seen from outside.

    They fill the eyes and the mouth, too; the irises belong to none.
    """
    text = files("facialis.faces").joinpath("triangles.csv").read_text(encoding="utf-8")
    table = np.array([line.split(",") for line in text.splitlines()[1:]], dtype=np.intp)
    table.flags.writeable = False
    return table


def _path(*indices: int, closed: bool = False) -> tuple[tuple[int, int], ...]:
    ends = (*indices[1:], indices[0]) if closed else indices[1:]
    return tuple(zip(indices, ends, strict=False))


CONTOURS: dict[str, tuple[tuple[int, int], ...]] = {
    "face_oval": _path(
        10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152,
        148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, closed=True,
    ),
    "lips": (
        *_path(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, closed=True),
        *_path(78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, closed=True),
    ),
    "subject_right_eye": _path(
        33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, closed=True,
    ),
    "subject_left_eye": _path(
        263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, closed=True,
    ),
    "subject_right_brow": (*_path(46, 53, 52, 65, 55), *_path(70, 63, 105, 66, 107)),
    "subject_left_brow": (*_path(276, 283, 282, 295, 285), *_path(300, 293, 334, 296, 336)),
    "nose": (*_path(168, 6, 197, 195, 5, 4, 1, 19, 94, 2), *_path(98, 97, 2, 326, 327)),
}  # fmt: skip
"""Edges (pairs of landmarks) of the face's contour lines."""

BROW = (70, 63, 105, 66, 107, 46, 53, 52, 65, 55)
"""The subject's right brow, upper edge and lower, from the temple inwards."""
UPPER_LID = (246, 161, 160, 159, 158, 157, 173)
LOWER_LID = (7, 163, 144, 145, 153, 154, 155)
"""Lid margins of the subject's right eye, pair by pair from the outer to the inner canthus."""
LOWER_LIP = (
    146, 91, 181, 84, 17, 314, 405, 321, 375, 95, 88, 178, 87, 14, 317, 402, 318, 324,
    77, 90, 180, 85, 16, 315, 404, 320, 307, 96, 89, 179, 86, 15, 316, 403, 319, 325,
)  # fmt: skip
UPPER_LIP = (
    185, 40, 39, 37, 0, 267, 269, 270, 409, 191, 80, 81, 82, 13, 312, 311, 310, 415,
    184, 74, 73, 72, 11, 302, 303, 304, 408, 183, 42, 41, 38, 12, 268, 271, 272, 407,
)  # fmt: skip
"""Both halves of the lips, without the corners of the mouth (61 and 291)."""
