"""The landmarks' positions as a model input, free of place, size and roll."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.faces.geometry import interocular_distance, iris_centres, level
from facialis.faces.mesh import N_LANDMARKS

N_COORDINATES = 2 * N_LANDMARKS


def coordinates(points: ArrayLike) -> NDArray[np.float32]:
    """Return the levelled landmarks, centred between the irises, in units of the interocular distance.

    Shift, scale and roll of the face change nothing.

    Parameters
    ----------
    points : (..., 478, 2 or 3), px, x to image right, y down; z is not used.

    Returns
    -------
    (..., 956) float32: x, y of landmark 0, x, y of landmark 1, ...; x to image right, y down.
    All 0 where both irises lie in one place.

    Raises
    ------
    ValueError
        `points` of a wrong shape.
    """
    framed = in_iris_frame(points)
    return np.asarray(framed.reshape(*framed.shape[:-2], N_COORDINATES), dtype=np.float32)


def in_iris_frame(points: ArrayLike) -> NDArray[np.float64]:
    """Turn the face until the irises are level, centre it between them, scale it to their distance.

    Parameters
    ----------
    points : (..., 478, 2 or 3), px, x to image right, y down.

    Returns
    -------
    (..., 478, 2) float64 in units of the interocular distance, x to image right, y down, origin between the irises;
    all 0 where both irises lie in one place.

    Raises
    ------
    ValueError
        `points` of a wrong shape.
    """
    array = np.asarray(points)
    if array.ndim < 2 or array.shape[-2] != N_LANDMARKS or array.shape[-1] not in (2, 3):
        raise ValueError(f"landmarks of shape {array.shape}; expected (..., {N_LANDMARKS}, 2 or 3)")
    flat = np.asarray(array[..., :2], dtype=np.float64)
    unit = interocular_distance(flat)[..., None, None]
    centred = level(flat) - iris_centres(flat).mean(axis=-2, keepdims=True)
    extent = np.abs(centred).max(axis=(-2, -1), keepdims=True)
    degenerate = unit <= 1e-9 * extent
    return np.asarray(np.where(degenerate, 0.0, centred / np.where(degenerate, 1.0, unit)))
