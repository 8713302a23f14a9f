"""Rows of several arrays that belong to the same frames, and batches of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Arrays = tuple[NDArray[np.float32], ...]


class Inputs:
    """Some rows of arrays that may be memory-mapped; taking a part copies nothing but the row numbers.

    Parameters
    ----------
    arrays
        Modality to array (n, ...), all of the same n.
    rows
        Numbers of the rows meant, all where none are given.

    Examples
    --------
    >>> inputs = Inputs({"measures": np.arange(6.0).reshape(3, 2)})
    >>> inputs[[0, 2]].take("measures")
    array([[0., 1.],
           [4., 5.]], dtype=float32)
    """

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]], rows: ArrayLike | None = None) -> None:
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"arrays of one common length are needed, got {lengths}")
        self.arrays = dict(arrays)
        n = next(iter(lengths.values()))
        self.rows: NDArray[np.intp] = np.arange(n) if rows is None else np.asarray(rows, dtype=np.intp)
        self._there: dict[str, NDArray[np.bool_]] = {}  # of whole arrays, shared by all parts

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, rows: ArrayLike) -> Inputs:
        part = Inputs(self.arrays, self.rows[np.asarray(rows)])
        part._there = self._there
        return part

    def width(self, name: str) -> int:
        """Return the length of a modality's last axis."""
        return int(self.arrays[name].shape[-1])

    def present(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Return which rows (n,) have all of these modalities: a row of NaN, told by its first number, is missing."""
        for name in names:
            if name not in self._there:
                self._there[name] = ~np.isnan(self.arrays[name].reshape(len(self.arrays[name]), -1)[:, 0])
        there: NDArray[np.bool_] = np.all([self._there[name][self.rows] for name in names], axis=0)
        return there

    def take(self, name: str, rows: ArrayLike | None = None, *, second: int | None = None) -> NDArray[np.float32]:
        """Return rows of a modality as float32; with `second`, only that entry (kept as an axis) of its second axis."""
        array = self.arrays[name]
        if second is not None:
            array = array[:, second : second + 1]
        chosen = self.rows if rows is None else self.rows[np.asarray(rows)]
        return np.asarray(array[chosen], dtype=np.float32)


class Batches:
    """Iterate over batches of rows; each pass has a new order, drawn from one seed.

    A last batch of a single row, which batch normalisation cannot train on, joins the batch before it.

    Parameters
    ----------
    n
        Number of rows.
    batch_size
        Rows in a batch.
    fetch
        Row numbers (k,) -> what is yielded for them.
    seed
        Seed of the order; ``None`` keeps the rows in theirs.
    """

    def __init__(self, n: int, batch_size: int, fetch: Callable[[NDArray[np.intp]], object], seed: int | None) -> None:
        self.n, self.batch_size, self.fetch = n, batch_size, fetch
        self.rng = None if seed is None else np.random.default_rng(seed)

    def __iter__(self) -> Iterator[object]:
        order = np.arange(self.n) if self.rng is None else self.rng.permutation(self.n)
        starts = list(range(0, self.n, self.batch_size))
        if self.rng is not None and len(starts) > 1 and self.n - starts[-1] == 1:
            starts.pop()
        for start, stop in zip(starts, [*starts[1:], self.n], strict=True):
            yield self.fetch(order[start:stop])
