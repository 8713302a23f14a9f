"""More asymmetry than the simulation knows: smooth random displacements, the same for patients and healthy people.

Source: own. Simulated palsies move a face along few directions, and simulated healthy asymmetry fills others: a net
that reads many landmarks finds the gap between them, which real faces do not have. A detector that is trained on faces
bent at random in every direction has to wait for differences larger than that.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.faces.geometry import interocular_distance
from facialis.faces.mesh import canonical_face

SIZE = 0.01
"""Standard deviation of a subject's displacements' own standard deviation, interocular distances."""
_PARTS = ((0.35, 1.0), (0.12, 0.7))
"""Length over which a field stays alike, interocular distances, and its share of the size."""
_ROUGH = 0.15
"""Share of the size that each landmark has for itself."""


def vary(
    landmarks: NDArray[np.floating[Any]], seed: int, size: float = SIZE, *, together: int = 1
) -> NDArray[np.float32]:
    """Bend each face by a smooth random field in the picture plane.

    Parameters
    ----------
    landmarks : (n, 478, 3) px.
    seed : of the fields.
    size : as `SIZE`; the amount differs from face to face (half-normal).
    together : so many faces after one another are one person's, and bent alike; n is a multiple of it.

    Returns
    -------
    (n, 478, 3) float32 px.
    """
    rng = np.random.default_rng([seed, 5])
    bent = np.array(landmarks, dtype=np.float32)
    unit = interocular_distance(bent)
    block = 1024 * together
    for start in range(0, len(bent), block):
        faces = bent[start : start + block]
        n = len(faces) // together
        field = _ROUGH * rng.standard_normal((n, faces.shape[1], 2))
        for length, share in _PARTS:
            root = _root(length)
            field += share * (rng.standard_normal((n, 2, root.shape[1])) @ root.T).transpose(0, 2, 1)
        field *= size * np.abs(rng.standard_normal((n, 1, 1)))
        faces[..., :2] += unit[start : start + len(faces), None, None] * np.repeat(field, together, axis=0)
    return bent


@cache
def _root(length: float) -> NDArray[np.float64]:
    """Return (478, k): white noise (k,) times this is a field of unit variance, alike over `length`."""
    places = canonical_face()[:, :2]
    places = places / interocular_distance(places)
    distance = ((places[:, None] - places[None]) ** 2).sum(axis=-1)
    values, vectors = np.linalg.eigh(np.exp(-distance / (2 * length**2)))
    kept = values > 1e-4 * values.max()
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))
