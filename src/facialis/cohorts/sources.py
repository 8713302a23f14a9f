"""From the names of data sets (``folder:DIR``) to one cohort."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.extraction import extract
from facialis.cohorts.folder import read_folder
from facialis.errors import CohortError

if TYPE_CHECKING:
    import pandas as pd

READERS: dict[str, Callable[[Path], pd.DataFrame]] = {"folder": read_folder}
"""For each kind of data set, the function that lists its pictures."""


def extract_sources(sources: Sequence[str], out: Path | str, *, pictures: bool = True, workers: int = 1) -> Cohort:
    """Extract one or several data sets, named ``KIND:DIR`` or ``DIR`` (a folder), into one cohort.

    Raises
    ------
    CohortError
        An unknown kind, a wrong folder, or two data sets that share a subject or a name.
    """
    import pandas as pd

    tables, roots = [], []
    for source in sources:
        kind, _, folder = source.rpartition(":")
        if (kind or "folder") not in READERS:
            if Path(source).is_dir():
                kind, folder = "folder", source
            else:
                raise CohortError(f"{source}: unknown kind of data set {kind!r}; known: {', '.join(READERS)}")
        tables.append(READERS[kind or "folder"](Path(folder)))
        roots.append(Path(folder).resolve())
    root = Path(os.path.commonpath(roots))
    for table, folder_root in zip(tables, roots, strict=True):
        inner = folder_root.relative_to(root).as_posix()
        if inner != ".":
            table["path"] = inner + "/" + table["path"]
    names = [name for table in tables for name in table["source"].unique()]
    if len(set(names)) < len(names):
        raise CohortError(f"two sources are both called {max(names, key=names.count)!r}; rename one of the folders")
    frames = pd.concat(tables, ignore_index=True)
    provenance = {"simulated": False, "sources": sorted(names)}
    return extract(frames, root, out, provenance=provenance, pictures=pictures, workers=workers)
