"""Is this the same person? A warning where one visit's face has another shape than the others', never a refusal.

What is compared is the part of the shape that expression and palsy hardly move (`following.steady_shape`: canthi, nose,
forehead and sides, both sides' mean, the pose undone, by the irises), as the mean over a visit's photos. How far two
visits of one person lie apart was counted on simulated people of many identities, photographed anew in other views and
from full palsy to none (``benchmarks/identity.py``); it falls with the number of photos.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.faces.face import Face
from facialis.faces.following import steady_shape

Values = NDArray[np.float64]

PHOTOS = (1, 2, 3, 5, 9)
FAR = (0.091, 0.066, 0.050, 0.039, 0.031)
"""Root mean square distance, interocular distances, that two visits of `PHOTOS` photos of one simulated person stay
below in 99 of 100."""


class Shape(NamedTuple):
    """A visit's mean shape (k, 2), and of how many photos it is."""

    mean: Values
    photos: int


def shape_of(faces: Sequence[Face]) -> Shape | None:
    """Return a visit's shape; None without a face."""
    if not faces:
        return None
    return Shape(np.mean([steady_shape(face) for face in faces], axis=0), len(faces))


def unlike(one: Shape, other: Shape) -> float:
    """Return how far two shapes lie apart, in units of what 99 of 100 pairs of one simulated person stay below."""
    apart = float(np.sqrt(np.mean((one.mean - other.mean) ** 2)))
    photos = 2 / (1 / one.photos + 1 / other.photos)
    return apart / float(np.exp(np.interp(np.log(photos), np.log(PHOTOS), np.log(FAR))))


def strangers(shapes: Sequence[Shape | None]) -> list[int]:
    """Return the numbers of the visits whose face is unlike that of most other visits; of two unlike visits both."""
    known = [k for k, shape in enumerate(shapes) if shape is not None]
    found = []
    for k in known:
        others = [unlike(a, b) > 1 for j in known if j != k and (a := shapes[k]) and (b := shapes[j])]
        if others and sum(others) > len(others) / 2:
            found.append(k)
    return found
