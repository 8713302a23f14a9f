"""What healthy faces measure: quantiles by name, so that a number can be read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVELS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975, 0.99)
_LOW, _HIGH = LEVELS.index(0.025), LEVELS.index(0.975)


@dataclass(frozen=True, eq=False)
class Reference:
    """Quantiles of named quantities over healthy faces.

    Attributes
    ----------
    quantiles
        For each name, its quantiles at `LEVELS`, in its own unit. Quantities that have a sign are taken without it.
    n
        Faces; where each person has one vote, people.
    of_whom
        What faces they are, in words.
    bands
        The same for parts of them, by name (of an age band). A finding knows no age: it is held against the whole.

    Examples
    --------
    >>> reference = Reference.of({"tilt": np.arange(101.0)}, of="example faces")
    >>> reference.interval("tilt"), reference.percentile("tilt", 50.0), reference.percentile("tilt", 1e6)
    ((2.5, 97.5), 50.0, 99.0)
    """

    quantiles: Mapping[str, NDArray[np.float64]]
    n: int
    of_whom: str
    bands: Mapping[str, Reference] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, ArrayLike], *, of: str, weights: ArrayLike | None = None) -> Self:
        """Take the quantiles of values (n,) by name; `weights` (n,) of the faces, by default all alike.

        Raises
        ------
        ValueError
            No values, or quantities of different numbers of faces.
        """
        sizes = {len(np.asarray(column)) for column in values.values()}
        if len(sizes) != 1 or sizes == {0}:
            raise ValueError(f"every quantity needs the same number of faces, one or more; got {sorted(sizes)}")
        columns = {name: _quantiles(np.asarray(column, np.float64), weights) for name, column in values.items()}
        return cls(columns, sizes.pop(), of)

    @classmethod
    def from_card(cls, table: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave."""
        rows = np.array([table["quantiles"][str(level)] for level in LEVELS], dtype=np.float64)
        bands = {name: cls.from_card(part) for name, part in table.get("bands", {}).items()}
        return cls(dict(zip(table["names"], rows.T, strict=True)), int(table["n"]), str(table["of"]), bands)

    def as_dict(self) -> dict[str, Any]:
        """Return a JSON-ready table: ``names``, ``quantiles`` (in their order, for each level), ``n``, ``of``, and
        where there are some ``bands``.
        """
        rows = np.stack(list(self.quantiles.values()), axis=1)
        table = {
            "names": list(self.quantiles),
            "quantiles": {str(q): np.round(row, 6).tolist() for q, row in zip(LEVELS, rows, strict=True)},
            "n": self.n,
            "of": self.of_whom,
        }
        return table | ({"bands": {name: part.as_dict() for name, part in self.bands.items()}} if self.bands else {})

    def interval(self, name: str) -> tuple[float, float]:
        """Return the range of the middle 95 % of healthy faces."""
        return self._intervals[name]

    def percentile(self, name: str, value: float) -> float:
        """Return which share of healthy faces lies below a value, %: between 1 and 99, the outermost levels."""
        return round(100 * _between(value, self._columns[name]), 1)

    @cached_property
    def _intervals(self) -> dict[str, tuple[float, float]]:
        return {name: (column[_LOW], column[_HIGH]) for name, column in self._columns.items()}

    @cached_property
    def _columns(self) -> dict[str, list[float]]:
        """The quantiles as plain numbers: for one value at a time a tenth of the time."""
        return {name: np.asarray(column, np.float64).tolist() for name, column in self.quantiles.items()}


def _between(value: float, column: list[float]) -> float:
    """Return the level of a value, as ``np.interp(value, column, LEVELS)`` does."""
    above = bisect_right(column, value)
    if above == 0:
        return LEVELS[0]
    if above == len(column):
        return LEVELS[-1]
    below = above - 1
    slope = (LEVELS[above] - LEVELS[below]) / (column[above] - column[below])
    return slope * (value - column[below]) + LEVELS[below]


def _quantiles(column: NDArray[np.float64], weights: ArrayLike | None) -> NDArray[np.float64]:
    """Return a column's quantiles at `LEVELS`; with equal weights the same as without."""
    if weights is None:
        return np.asarray(np.quantile(column, LEVELS))
    order = np.argsort(column, kind="stable")
    weight = np.asarray(weights, np.float64)[order]
    below = np.cumsum(weight) - weight
    return np.asarray(np.interp(LEVELS, below / max(below[-1], 1e-12), column[order]))
