"""How the 29 measures are read: their distance from a symmetric face, and their sign taken off and put back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.modalities.measures import MEASURES, Values


def has_symmetric_value(definition: str = "oo-2025") -> NDArray[np.bool_]:
    """Return (29,): whether a perfectly symmetric face fixes the measure; a relative size, such as that of the chin,
    it does not, so that such a measure tells of anatomy and expression, not of asymmetry."""
    return np.array([entry.symmetric[definition] is not None for entry in MEASURES])


def distance_from_symmetry(values: ArrayLike, definition: str = "oo-2025") -> Values:
    """Turn (..., 29) measures into how far each of those with a symmetric value (21) lies from it: (..., 21).

    Ratios become the absolute logarithm, angles and slopes the absolute difference. A linear model needs this where
    a definition's angles have a sign.

    Examples
    --------
    >>> distance_from_symmetry(np.full(29, 2.0))[[0, 8]].round(3)
    array([2.   , 0.693])
    """
    values = np.asarray(values, dtype=np.float64)
    chosen = [entry for entry in MEASURES if entry.symmetric[definition] is not None]
    ratio = np.array([entry.unit == "ratio" for entry in chosen])
    column = values[..., [entry.number for entry in chosen]]
    difference = column - [entry.symmetric[definition] for entry in chosen]
    return np.abs(np.where(ratio, np.log(np.where(ratio, column, 1.0)), difference))


def folded_measures(values: ArrayLike, definition: str = "oo-2025") -> Values:
    """Turn (..., 29) measures into what a linear model can use: the 21 with a symmetric value into their distance from
    it, the eight relative sizes as they are."""
    folded = np.array(values, dtype=np.float64)
    folded[..., has_symmetric_value(definition)] = distance_from_symmetry(values, definition)
    return folded


def is_signed(definition: str = "oo-2025") -> NDArray[np.bool_]:
    """Return (29,): whether a measure has a sign, or lies to one or the other side of its symmetric value."""
    return np.array([entry.mirrored[definition] in ("negated", "supplement") for entry in MEASURES])


def without_sign(values: ArrayLike, definition: str = "oo-2025") -> Values:
    """Turn (..., 29) measures into what can be held against a reference range: signed ones into their absolute
    distance from the symmetric value, all others as they are."""
    values = np.asarray(values, dtype=np.float64)
    return np.where(is_signed(definition), np.abs(values - symmetric_values(definition)), values)


def with_sign_of(values: ArrayLike, sizes: ArrayLike, definition: str = "oo-2025") -> Values:
    """Turn sizes (..., 29), as `without_sign` gives them, into measures that lie to the same side as `values`."""
    symmetric = symmetric_values(definition)
    side = np.where(np.asarray(values) < symmetric, -1.0, 1.0)
    return np.where(is_signed(definition), symmetric + side * np.asarray(sizes), sizes)


def symmetric_values(definition: str) -> Values:
    return np.array([entry.symmetric[definition] or 0.0 for entry in MEASURES])
