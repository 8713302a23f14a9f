"""Identity: whose face it is. A mean face with smooth symmetric and smaller antisymmetric variation.

The canonical face is longer below the nose, and has smaller eyes, than the faces that the landmarker reports: `MEAN`
takes it to the median of healthy people's photos. Healthy faces are not symmetric; the antisymmetric part is as large
as makes simulated healthy faces as asymmetric as real healthy ones at low yaw once the landmarker has seen them.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from facialis.cohorts.simulated.muscles import EYEBALL, LOWER_RING, UPPER_RING, close_lids
from facialis.faces.fields import Array, antisymmetric_noise, mirror_field, symmetric_noise
from facialis.faces.instrument import spread
from facialis.faces.mesh import LOWER_LID, UPPER_LID, canonical_face, mirror_permutation

MEAN: dict[int, tuple[float, float, float]] = {
    6: (0.0, -4.0, 2.0),  # root of the nose
    1: (0.0, -2.0, 1.5),  # tip of the nose
    2: (0.0, 1.5, -0.5),  # base of the nose
    98: (-2.5, -0.5, 0.0),  # ala
    0: (0.0, 1.0, -1.5),  # lip midline
    13: (0.0, 0.5, 0.5),
    14: (0.0, 3.0, -1.0),
    17: (0.0, 3.0, -2.0),
    61: (-1.5, 3.5, -4.0),  # corner of the mouth
    200: (0.0, 4.5, 0.0),
    152: (0.0, 9.0, 4.0),  # chin
    10: (0.0, -6.0, 7.0),  # forehead
    105: (-1.5, -3.5, 3.5),  # brow
    107: (-1.0, -5.5, 3.5),
    70: (0.5, -2.5, 5.0),
    159: (-1.0, 1.5, 2.5),  # lids and canthi
    145: (1.0, -1.5, 2.5),
    33: (0.5, -1.5, 2.0),
    133: (1.5, -3.0, 1.5),
    127: (2.0, -2.5, 6.0),  # side of the face
    205: (-2.0, -1.0, 2.0),  # cheek
    50: (-1.0, -1.0, 3.0),
    172: (0.0, 4.5, 4.0),  # jaw
    212: (-0.5, 4.5, -2.0),
}
"""Displacement (mm) of the mean face from the canonical one, at landmarks of the subject's right and the midline:
the medians of 149 healthy people's photos, rounded."""

LIDS = ((UPPER_LID, 1.2), (UPPER_RING, 0.5), (LOWER_LID, -1.4), (LOWER_RING, -0.7))
"""How much further (mm, up is positive) the lids and the skin next to them lie in the mean face: its eyes are wider."""

SYMMETRIC: tuple[tuple[float, tuple[float, float, float]], ...] = (
    (4.5, (0.20, 0.16, 0.12)),
    (1.8, (0.08, 0.07, 0.07)),
)
"""Length scale (cm): standard deviation in x, y, z (cm) of the symmetric variation."""

ANTISYMMETRIC: tuple[tuple[float, tuple[float, float, float]], ...] = (
    (5.0, (0.15, 0.081, 0.10)),
    (1.8, (0.04, 0.025, 0.05)),
)
"""Length scale (cm): standard deviation in x, y, z (cm) of the antisymmetric variation, before the landmarker."""
LEVEL: dict[int, tuple[float, float]] = {
    105: (0.5, 2.35), 70: (1.35, 2.45), 107: (0.1, 1.1), 33: (0.22, 0.1), 133: (0.22, 0.3), 468: (0.5, 0.2),
    159: (0.4, 0.5), 145: (0.15, 0.8), 205: (0.5, 0.27), 98: (0.66, 0.15), 1: (0.1, 1), 61: (0.6, 2),
    40: (0.5, 1.25), 37: (0.35, 0.8), 0: (0.3, 0.5), 91: (0.6, 1.03), 84: (0.24, 0.5), 17: (0.38, 0.5),
    152: (1.05, 1), 127: (0.2, 1),
}  # fmt: skip
"""Share of the antisymmetric variation in x and y that landmarks show: eyes, alae and the middle of the lips lie more
evenly in real faces than brows, mouth corners and chin do."""
LID_RATIO = 0.12
"""Standard deviation of the logarithm of the ratio of the lid gaps, subject's right to left."""

AXIS_SPREAD = 0.035
"""Standard deviation of the logarithm of the face's width, height and depth."""


@cache
def mean_face() -> Array:
    """Return (478, 3), cm: the mean healthy face at rest, exactly symmetric.

    Examples
    --------
    >>> bool(mean_face()[152, 1] > canonical_face()[152, 1])  # a shorter chin
    True
    """
    x = _odd(spread({at: move[0] for at, move in MEAN.items()}, 0.8))
    y, z = (spread({at: move[axis] for at, move in MEAN.items()}, 0.8) for axis in (1, 2))
    move = np.stack([x, y, z], axis=-1)
    for rows, up in LIDS:
        for at in (list(rows), list(mirror_permutation()[list(rows)])):
            move[at, 1] += up
    move[list(EYEBALL)] = 0.0
    face = canonical_face() + move / 10.0
    return np.asarray((face + mirror_field(face)) / 2.0)


def _odd(outwards: Array) -> Array:
    """Return (478,) as given on the subject's right, with the other sign on the subject's left, 0 in the middle."""
    return np.asarray(outwards * -np.tanh(canonical_face()[:, 0]))


def draw_identities(rng: np.random.Generator, n: int, antisymmetric: bool = True) -> Array:
    """Draw `n` faces at rest without palsy; symmetric ones unless `antisymmetric`.

    Returns
    -------
    (n, 478, 3) float64, cm: x to the subject's left, y up, z towards the viewer.

    Examples
    --------
    >>> draw_identities(np.random.default_rng(1), 2).shape
    (2, 478, 3)
    """
    faces = mean_face() * np.exp(AXIS_SPREAD * rng.standard_normal((n, 1, 3)))
    for length, scale in SYMMETRIC:
        faces = faces + symmetric_noise(rng, n, length, scale)
    level = np.ones((faces.shape[1], 3))
    for axis in (0, 1):
        level[:, axis] = spread({at: shares[axis] for at, shares in LEVEL.items()}, 0.6)
    for length, scale in ANTISYMMETRIC if antisymmetric else ():  # drawn last: the rest stays the same
        faces = faces + level * antisymmetric_noise(rng, n, length, scale)
    if antisymmetric:
        half = 0.5 * LID_RATIO * rng.standard_normal(n)
        faces = close_lids(faces, np.stack([half, -half], axis=-1))
    return np.asarray(faces)
