"""Arrays and tables of any length, written block by block: memory stays flat, and a stopped run goes on.

An array lies in ``.parts`` at its whole size from the start, and blocks are written into their places. A block's table
is written after them, atomically: it says that the block is whole.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facialis.errors import CohortError
from facialis.files import atomic_path

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

ROWS = 2**12
"""Rows of a table that are in memory at once when its parts are joined; part of what its bytes are."""


class Arrays:
    """One array file a modality in a folder, each of `n` rows, of which some are filled at a time."""

    def __init__(self, folder: Path, n: int) -> None:
        self.folder, self.n = folder, n

    def put(self, start: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write these rows of each array, from row `start` on.

        Raises
        ------
        CohortError
            They cannot be written, or the disk has no room for all rows.
        """
        new = {name: rows for name, rows in arrays.items() if not (self.folder / f"{name}.npy").exists()}
        needed, free = self.n * sum(rows[:1].nbytes for rows in new.values()), shutil.disk_usage(self.folder).free
        if needed > free:
            raise CohortError(
                f"{self.folder.parent}: {self.n} faces take {needed / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free; "
                "ask for fewer, or choose a folder on another disk"
            )
        for name, rows in new.items():
            with atomic_path(self.folder / f"{name}.npy") as temporary:
                np.lib.format.open_memmap(temporary, "w+", rows.dtype, (self.n, *rows.shape[1:])).flush()
        for name, rows in arrays.items():
            path = self.folder / f"{name}.npy"
            try:
                with path.open("r+b") as file:
                    size = rows[:1].nbytes
                    file.seek(start * size - self.n * size, os.SEEK_END)
                    file.write(np.ascontiguousarray(rows).data)
            except OSError as error:
                raise CohortError(f"cannot write {path}: {error.strerror or error}") from error

    def move(self, names: Iterable[str], out: Path) -> None:
        """Take the filled arrays out of the folder of parts; those that a stopped run has taken are there already."""
        for name in names:
            if (self.folder / f"{name}.npy").exists():
                os.replace(self.folder / f"{name}.npy", out / f"{name}.npy")


def write_part(path: Path, table: pd.DataFrame) -> None:
    """Write a part of a table, atomically."""
    with atomic_path(path) as temporary:
        table.to_parquet(temporary, index=False)


def read_part(path: Path, group: str | None = None) -> pa.Table:
    """Read a part of a table, or its rows of one group."""
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.ParquetFile(path).read(use_threads=False)
    return table if group is None else table.filter(pc.equal(table["group"], group))


def join_parts(path: Path, parts: Iterable[pa.Table]) -> None:
    """Write parts of a table, in their order, as one Parquet file of row groups of `ROWS`, however they were parted."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer, waiting = None, []
    with atomic_path(path) as temporary:
        try:
            for table, last in _marked_last(parts):
                writer = writer or pq.ParquetWriter(temporary, table.schema)
                waiting.append(table)
                held = sum(len(part) for part in waiting)
                if held >= ROWS or last:
                    whole = pa.concat_tables(waiting).combine_chunks()
                    full = held if last else held - held % ROWS
                    writer.write_table(whole.slice(0, full), row_group_size=ROWS)
                    waiting = [whole.slice(full)]
        finally:
            if writer is not None:
                writer.close()


def _marked_last(items: Iterable[pa.Table]) -> Iterator[tuple[pa.Table, bool]]:
    each = iter(items)
    item = next(each)
    for following in each:
        yield item, False
        item = following
    yield item, True
