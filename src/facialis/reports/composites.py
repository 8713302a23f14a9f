"""Half-face composites: each half of a face with its own mirror image, levelled and with the pose undone.

The halves meet at the perpendicular through the middle between the irises, the line that every measure of a side counts
from. Two copies of a weak half look weak, two of a sound one sound; a symmetric face gives three equal pictures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facialis.faces.face import Face
from facialis.faces.frontal import frontal
from facialis.faces.geometry import mirror
from facialis.faces.mesh import canonical_face

SIZE = (300, 370)
"""Width and height of a composite, px; the width is even, so that the halves meet between two pixels."""
COMPOSITES = ("as_seen", "subject_right_twice", "subject_left_twice", "mirrored")
"""The face from the front; the subject's right half and its mirror image; the left one's; the whole face mirrored."""


@dataclass(frozen=True, eq=False)
class Composite:
    """One of `COMPOSITES`: its picture (h, w, 3), None where there is no photo, and the points (478, 2) in it, px."""

    name: str
    rgb: NDArray[np.uint8] | None
    points: NDArray[np.float64]


def composites(rgb: NDArray[np.uint8] | None, face: Face, size: tuple[int, int] = SIZE) -> tuple[Composite, ...]:
    """Return the `COMPOSITES` of a face.

    Parameters
    ----------
    rgb : (h, w, 3) the picture; None: only the landmarks' halves are put together.
    size : width (even) and height, px.
    """
    width = size[0]
    seen = frontal(rgb, face, size)
    flipped = None if seen.rgb is None else seen.rgb[:, ::-1]
    half = width // 2
    pictures: tuple[NDArray[np.uint8] | None, ...] = (None,) * len(COMPOSITES)
    if seen.rgb is not None and flipped is not None:
        right = np.concatenate([seen.rgb[:, :half], flipped[:, half:]], axis=1)  # subject's right lies on image left
        left = np.concatenate([flipped[:, :half], seen.rgb[:, half:]], axis=1)
        pictures = seen.rgb, right, left, flipped
    where = np.sign(canonical_face()[:, :1])  # -1 on the subject's right, 1 on the left, 0 on the midline
    mirrored = mirror(seen.points, width)
    middle = np.stack([np.full(len(mirrored), width / 2), seen.points[:, 1]], axis=1)
    right_points, left_points = (
        np.where(where == side, seen.points, np.where(where == 0, middle, mirrored)) for side in (-1, 1)
    )
    drawn = seen.points, right_points, left_points, mirrored
    return tuple(Composite(*parts) for parts in zip(COMPOSITES, pictures, drawn, strict=True))
