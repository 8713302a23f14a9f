"""Smooth fields over the landmarker's mesh: Gaussian bumps and smooth random fields, the same bytes on any machine.

Lengths are in cm on the canonical face (x to the subject's left, y up, z towards the viewer).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.faces.mesh import N_LANDMARKS, canonical_face, mirror_permutation

Array = NDArray[np.float64]

_STEP = 2.0**-21
"""Both factors of `exact_product` are rounded to multiples of this."""


def exact_product(weights: NDArray[np.floating[Any]], fields: NDArray[np.floating[Any]]) -> Array:
    """Return ``weights @ fields`` with a rounding error of zero, hence the same bytes under any BLAS and threads.

    Both factors are first rounded to multiples of 2**-21 (5e-7). Products are then multiples of 2**-42, and sums
    stay below 2**11, so that float64 holds every partial sum exactly and the order of summation is of no account.

    Parameters
    ----------
    weights : (n, k)
    fields : (k, ...), of magnitude such that every partial sum stays below 2048

    Returns
    -------
    (n, ...) float64.

    Examples
    --------
    >>> exact_product(np.array([[0.5, 2.0]]), np.array([[1.0], [0.25]]))
    array([[1.]])
    """
    left = np.round(np.asarray(weights, dtype=np.float64) / _STEP) * _STEP
    right = np.round(np.asarray(fields, dtype=np.float64).reshape(len(fields), -1) / _STEP) * _STEP
    return np.asarray((left @ right).reshape(len(left), *fields.shape[1:]))


def bump(landmark: int, radius: float) -> Array:
    """Return (478,): the Gaussian ``exp(-d**2 / (2 radius**2))`` of the distance d (cm) from `landmark`."""
    return bump_at(canonical_face()[landmark], radius)


def bump_at(centre: Array | tuple[float, float, float], radius: float) -> Array:
    """Return (478,): the Gaussian of standard deviation `radius` (cm) about the point `centre` (cm)."""
    squared = ((canonical_face() - np.asarray(centre)) ** 2).sum(axis=1)
    return np.asarray(np.exp(-squared / (2.0 * radius**2)))


def mirror_field(field: Array) -> Array:
    """Return the (..., 478, 3) displacement field of the mirrored face: x changes sign, the sides change places."""
    return np.asarray(np.take(field, mirror_permutation(), axis=-2) * np.array([-1.0, 1.0, 1.0]))


@cache
def smooth_basis(length: float) -> Array:
    """Return (k, 478): functions whose random mixture is a Gaussian process of variance 1 on the mesh.

    With independent standard normal weights the mixture's covariance approximates the squared exponential
    ``exp(-d**2 / (2 length**2))``: Gaussian bumps of radius length / sqrt(2) about centres that cover the mesh
    (farthest-point sampling), scaled to variance 1 at each landmark. No eigenvectors: those change with the
    number of BLAS threads.
    """
    points = canonical_face()
    chosen = [1]
    distance = np.linalg.norm(points - points[1], axis=1)
    while distance.max() > 0.75 * length and len(chosen) < N_LANDMARKS:
        chosen.append(int(distance.argmax()))
        distance = np.minimum(distance, np.linalg.norm(points - points[chosen[-1]], axis=1))
    bumps = np.stack([bump(landmark, length / np.sqrt(2.0)) for landmark in chosen])
    bumps /= np.sqrt((bumps**2).sum(axis=0))
    bumps.flags.writeable = False
    return bumps


def smooth_noise(rng: np.random.Generator, n: int, length: float, scale: tuple[float, ...]) -> Array:
    """Draw (n, 478, d) smooth random fields of length scale `length` (cm), standard deviation `scale` a component."""
    basis = smooth_basis(length)
    parts = [s * exact_product(rng.standard_normal((n, len(basis))), basis) for s in scale]
    return np.stack(parts, axis=-1)


def symmetric_noise(rng: np.random.Generator, n: int, length: float, scale: tuple[float, float, float]) -> Array:
    """Draw (n, 478, 3) mirror-symmetric smooth displacement fields (x, y, z; cm)."""
    field = smooth_noise(rng, n, length, scale)
    return np.asarray((field + mirror_field(field)) / np.sqrt(2.0))


def antisymmetric_noise(rng: np.random.Generator, n: int, length: float, scale: tuple[float, float, float]) -> Array:
    """Draw (n, 478, 3) mirror-antisymmetric smooth displacement fields (x, y, z; cm)."""
    field = smooth_noise(rng, n, length, scale)
    return np.asarray((field - mirror_field(field)) / np.sqrt(2.0))
