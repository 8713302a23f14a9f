"""How the 29 measures are read: their distance from a symmetric face, and their sign taken off and put back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.modalities.measures import MEASURES, Values


def distance_from_symmetry(values: ArrayLike, definition: str = "oo-2025") -> Values:
    """Turn (..., 29) measures into how far each lies from a perfectly symmetric face's, so that mirroring matters less.

    Ratios become the absolute logarithm, angles and slopes the absolute difference; relative sizes, which have no
    symmetric value, stay as they are. A linear model needs this where a definition's angles have a sign.

    Examples
    --------
    >>> distance_from_symmetry(np.full(29, 2.0))[[0, 8, 18]].round(3)
    array([2.   , 0.693, 2.   ])
    """
    folded = np.array(values, dtype=np.float64)
    for entry in MEASURES:
        symmetric = entry.symmetric[definition]
        if symmetric is not None:
            column = folded[..., entry.number]
            folded[..., entry.number] = np.abs(np.log(column) if entry.unit == "ratio" else column - symmetric)
    return folded


def is_signed(definition: str = "oo-2025") -> NDArray[np.bool_]:
    """Return (29,): whether a measure has a sign, or lies to one or the other side of its symmetric value."""
    return np.array([entry.mirrored[definition] in ("negated", "supplement") for entry in MEASURES])


def without_sign(values: ArrayLike, definition: str = "oo-2025") -> Values:
    """Turn (..., 29) measures into what can be held against a reference range: signed ones into their absolute
    distance from the symmetric value, all others as they are."""
    values = np.asarray(values, dtype=np.float64)
    return np.where(is_signed(definition), np.abs(values - _symmetric(definition)), values)


def with_sign_of(values: ArrayLike, sizes: ArrayLike, definition: str = "oo-2025") -> Values:
    """Turn sizes (..., 29), as `without_sign` gives them, into measures that lie to the same side as `values`."""
    symmetric = _symmetric(definition)
    side = np.where(np.asarray(values) < symmetric, -1.0, 1.0)
    return np.where(is_signed(definition), symmetric + side * np.asarray(sizes), sizes)


def _symmetric(definition: str) -> Values:
    return np.array([entry.symmetric[definition] or 0.0 for entry in MEASURES])
