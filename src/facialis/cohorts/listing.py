"""What a data set's folder lists: a row a picture or a sampled frame of a video, before anything of it is decoded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from facialis.errors import CohortError, PictureError
from facialis.faces.sources import display_name, is_video, list_sources, name_as_text, name_from_text
from facialis.faces.videos import sample_video
from facialis.progress import track

if TYPE_CHECKING:
    import pandas as pd

RATE = 6.0
"""Frames a second that are taken from videos, as the study samples them."""
SIDES = {"l": "subject_left", "left": "subject_left", "subject_left": "subject_left",
         "r": "subject_right", "right": "subject_right", "subject_right": "subject_right"}  # fmt: skip
SEXES = {"f": "female", "female": "female", "w": "female", "woman": "female",
         "m": "male", "male": "male", "man": "male", "other": "other", "x": "other"}  # fmt: skip


class Listing(NamedTuple):
    """What a reader found.

    Attributes
    ----------
    frames : a cohort's table without what only the pictures tell.
    notes : lines for the user: what was missing, unknown or assumed.
    """

    frames: pd.DataFrame
    notes: tuple[str, ...] = ()


def folder_of(root: Path | str, what: str) -> Path:
    """Return the folder, or say that it is missing.

    Raises
    ------
    CohortError
        There is no such folder.
    """
    root = Path(root)
    if not root.is_dir():
        why = "a file, not a folder" if root.exists() else "no such folder"
        raise CohortError(f"{display_name(root)}: {why}; give the folder of {what}")
    return root


def list_files(root: Path) -> list[tuple[str, ...]]:
    """Return the pictures and videos below a folder in natural order, each as its parts relative to the folder."""
    names = (path.relative_to(root).as_posix() for path, _ in list_sources([root]) if path != root)
    return [tuple(name_as_text(name).split("/")) for name in names]


def wrong_layout(root: Path, files: list[tuple[str, ...]], expected: str) -> CohortError:
    """Return the error of a folder that is laid out otherwise: what was expected, what was found."""
    if not files:
        return CohortError(f"{display_name(root)}: holds no pictures or videos; expected {expected}")
    found = display_name("/".join(files[0]))
    return CohortError(f"{display_name(root)}: expected {expected}; found {len(files)} files such as {found}")


def complete(root: Path, rows: list[dict[str, Any]] | pd.DataFrame, source: str) -> pd.DataFrame:
    """Return rows of files as rows of frames, with every column that a cohort needs.

    A video becomes a row for each frame to be sampled (`RATE` a second), with ``time`` and its number
    ``video_frame`` (-1 for a picture); where it holds less than it states, a last row stands for the rest. A video that
    cannot be opened stays one row, so that extraction accounts for it.
    """
    import pandas as pd

    table = rows.copy() if isinstance(rows, pd.DataFrame) else pd.DataFrame(rows)
    defaults: dict[str, Any] = {"source": source, "sequence": "", "time": np.nan, "portrait": ""}
    for column, value in defaults.items():
        if column not in table.columns:
            table[column] = value
    for column in ("sequence", "portrait"):
        table[column] = table[column].fillna("").astype(str)
    table["source"] = table["source"].replace("", source)
    table["time"] = table["time"].astype(float)
    table["label"] = table["label"].astype("int8")
    table["video_frame"] = -1
    table["frame_id"] = table["source"] + "/" + table["path"]
    return _expand_videos(root, table)


def _expand_videos(root: Path, table: pd.DataFrame) -> pd.DataFrame:
    videos = [row for row, path in enumerate(table["path"]) if is_video(path)]
    if not videos:
        return table.reset_index(drop=True)
    samples: dict[int, list[tuple[int, float]]] = {}
    for row in track(videos, "listing videos", unit="videos"):
        try:
            found = sample_video(root / name_from_text(table["path"].iloc[row]), rate=RATE)
        except PictureError:
            samples[row] = [(0, float("nan"))]
        else:
            samples[row] = found.frames + ([found.end] if found.end else [])
    repeats = [len(samples.get(row, "-")) for row in range(len(table))]
    numbers = [sample for row in range(len(table)) for sample in samples.get(row, [(-1, np.nan)])]
    long = table.iloc[np.repeat(np.arange(len(table)), repeats)].reset_index(drop=True)
    index = np.array([number for number, _ in numbers])
    of_video = index >= 0
    long["video_frame"] = index
    long["time"] = np.where(of_video, [time for _, time in numbers], long["time"])
    long.loc[of_video & (long["sequence"] == ""), "sequence"] = long["path"]
    long.loc[of_video, "frame_id"] += [f"#{number:06d}" for number in index[of_video]]
    return long
