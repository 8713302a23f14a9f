"""From the names of data sets (``meei:DIR``) to one cohort."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facialis.cohorts.ckplus import read_ckplus
from facialis.cohorts.cohort import Cohort
from facialis.cohorts.extraction import extract
from facialis.cohorts.folder import read_folder
from facialis.cohorts.listing import Listing
from facialis.cohorts.meei import read_meei
from facialis.cohorts.thinning import choose_healthy, thin
from facialis.cohorts.yfp import read_yfp
from facialis.errors import CohortError
from facialis.faces.sources import display_name, name_as_text

if TYPE_CHECKING:
    import pandas as pd

READERS: dict[str, Callable[[Path], Listing]] = {
    "folder": read_folder,
    "meei": read_meei,
    "yfp": read_yfp,
    "ckplus": read_ckplus,
}
"""For each kind of data set, the function that lists its pictures and videos."""


def extract_sources(
    sources: Sequence[str],
    out: Path | str,
    *,
    pictures: bool = True,
    videos: bool = True,
    every: int | None = None,
    per_subject: int | None = None,
    healthy_subjects: int | None = None,
    seed: int = 0,
    workers: int = 1,
    engine: str = "processes",
) -> Cohort:
    """Extract one or several data sets, named ``KIND:DIR`` or ``DIR`` (a folder), into one cohort.

    Parameters
    ----------
    pictures
        Keep face crops and line images beside the numbers.
    videos
        Sample videos as well.
    every, per_subject
        Take fewer frames: see `facialis.cohorts.thinning.thin`.
    healthy_subjects, seed
        Take as many of all healthy subjects, drawn with the seed.

    What was left out so, and what the readers noted, is written into the provenance. Duplicates are kept: see
    `facialis.cohorts.duplicates.find_duplicates`.

    Raises
    ------
    CohortError
        An unknown kind, a wrong folder, two data sets of one name, or a number out of range.
    """
    import pandas as pd

    listings, roots = [], []
    for source in sources:
        kind, folder = _kind_and_folder(source)
        listings.append(READERS[kind](folder))
        roots.append(folder.resolve())
    root = Path(os.path.commonpath(roots))
    for listing, folder in zip(listings, roots, strict=True):
        inner = name_as_text(folder.relative_to(root).as_posix())
        if inner != ".":
            listing.frames["path"] = inner + "/" + listing.frames["path"]
    tables = [listing.frames for listing in listings]
    names = [name for table in tables for name in table["source"].unique()]
    if len(set(names)) < len(names):
        raise CohortError(f"two sources are both called {max(names, key=names.count)!r}; rename one of the folders")
    frames = _unmixed(pd.concat(tables, ignore_index=True))
    provenance: dict[str, Any] = {"simulated": _is_simulated(frames), "sources": sorted(names)}
    if not videos:
        stills = frames["video_frame"] < 0
        provenance["videos_left_out"] = int(frames.loc[~stills, "path"].nunique())
        frames = frames[stills].reset_index(drop=True)
    frames, chosen = choose_healthy(frames, healthy_subjects, seed)
    frames, thinned = thin(frames, every=every, per_subject=per_subject)
    provenance |= {**chosen, **thinned, "notes": [note for listing in listings for note in listing.notes]}
    return extract(frames, root, out, provenance=provenance, pictures=pictures, workers=workers, engine=engine)


def _kind_and_folder(source: str) -> tuple[str, Path]:
    kind, colon, folder = source.partition(":")
    if colon and kind.lower() in READERS:
        return kind.lower(), Path(folder).expanduser()
    if Path(source).is_dir() or not colon:
        return "folder", Path(source)
    raise CohortError(f"{display_name(source)}: unknown kind of data set {kind!r}; known: {', '.join(READERS)}")


def _is_simulated(frames: pd.DataFrame) -> bool:
    """Return whether the table says of any frame that it is simulated."""
    said = (
        frames["simulated"].astype(str).str.lower().isin(("true", "1", "1.0", "yes"))
        if "simulated" in frames
        else False
    )
    return bool(((frames["source"] == "simulated") | said).any())


def _unmixed(frames: pd.DataFrame) -> pd.DataFrame:
    """Return the table with text in each column that holds text and numbers: a parquet file holds no such mixture."""
    for column in frames.columns:
        given = frames[column].notna()
        if frames[column].dtype.kind == "O" and frames.loc[given, column].map(type).nunique() > 1:
            frames[column] = frames[column].where(~given, frames[column].astype(str))
    return frames
