"""Identity: whose face it is. The canonical face with smooth symmetric and smaller antisymmetric variation.

Healthy faces are not symmetric; the antisymmetric part is as large as makes simulated healthy faces as asymmetric
as real healthy ones at low yaw once the landmarker has seen them (medians of mouth tilt 0.88° against 0.89°).
"""

from __future__ import annotations

import numpy as np

from facialis.faces.fields import Array, antisymmetric_noise, symmetric_noise
from facialis.faces.mesh import canonical_face

SYMMETRIC: tuple[tuple[float, tuple[float, float, float]], ...] = (
    (4.5, (0.22, 0.25, 0.22)),
    (1.8, (0.08, 0.09, 0.10)),
)
"""Length scale (cm): standard deviation in x, y, z (cm) of the symmetric variation."""

ANTISYMMETRIC: tuple[tuple[float, tuple[float, float, float]], ...] = (
    (5.0, (0.10, 0.072, 0.10)),
    (1.8, (0.045, 0.025, 0.05)),
)
"""Length scale (cm): standard deviation in x, y, z (cm) of the antisymmetric variation, before the landmarker."""

AXIS_SPREAD = 0.06
"""Standard deviation of the logarithm of the face's width, height and depth."""


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
    faces = canonical_face() * np.exp(AXIS_SPREAD * rng.standard_normal((n, 1, 3)))
    for length, scale in SYMMETRIC:
        faces = faces + symmetric_noise(rng, n, length, scale)
    for length, scale in ANTISYMMETRIC if antisymmetric else ():  # drawn last: the rest stays the same
        faces = faces + antisymmetric_noise(rng, n, length, scale)
    return np.asarray(faces)
