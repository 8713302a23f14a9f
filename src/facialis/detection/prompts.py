"""When which movement was asked for: a table beside the videos, by the prompt's own times or the user's marks."""

from __future__ import annotations

import csv
import difflib
import math
import os
from collections.abc import Iterable
from pathlib import Path, PurePath

from facialis.errors import PictureError
from facialis.faces.sources import display_name
from facialis.modalities.movements import MEASURED, Event
from facialis.modalities.views import VIEWS

COLUMNS = ("movement", "start", "end")


class Prompts:
    """The prompts of one video or of many.

    Attributes
    ----------
    rows : of each prompt the video's path as it stands in the table (empty: of every video), and the movement in time.
        Views that no movement is measured in (rest, the nasal base) are kept: rest is where the face rests.
    """

    def __init__(self, rows: list[tuple[str, Event]]) -> None:
        self.rows = rows

    @classmethod
    def read(cls, path: Path | str) -> Prompts:
        """Read a CSV file with the columns movement, start, end (s), and path where it is of several videos.

        Raises
        ------
        PictureError
            The file cannot be read, lacks a column, or a row names no known movement or no time.
        """
        name = display_name(path)
        try:
            with open(path, newline="", encoding="utf-8-sig") as file:
                return cls.parse(file, name)
        except OSError as error:
            raise PictureError(f"{name}: {error.strerror or error}") from error
        except UnicodeDecodeError as error:
            raise PictureError(f"{name}: not a CSV file in UTF-8") from error

    @classmethod
    def parse(cls, lines: Iterable[str], name: str = "prompts") -> Prompts:
        """Read the lines of such a file, called `name` in errors.

        Raises
        ------
        PictureError
            As `read`.
        """
        reader = csv.DictReader(lines)
        try:
            missing = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
            if missing:
                raise PictureError(f"{name}: no column {', '.join(missing)}; prompts are {', '.join(COLUMNS)}, (path)")
            return cls([(row.get("path") or "", _event(row, f"{name}, line {reader.line_num}")) for row in reader])
        except csv.Error as error:
            raise PictureError(f"{name}: not a CSV file in UTF-8") from error

    def of(self, source: str | os.PathLike[str]) -> list[Event]:
        """Return a video's prompts in order of time: those of its path, of which the last parts suffice, and of all."""
        parts = PurePath(os.fspath(source)).parts
        own = [
            event
            for path, event in self.rows
            if not path or PurePath(path).parts == parts[-len(PurePath(path).parts) :]
        ]
        return sorted(own, key=lambda event: event.start)


def _event(row: dict[str, str], where: str) -> Event:
    movement = (row["movement"] or "").strip().lower().replace(" ", "_").replace("-", "_")
    if movement not in VIEWS:
        near = difflib.get_close_matches(movement, VIEWS, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise PictureError(f"{where}: unknown movement {row['movement']!r}{meant} Known: rest, {', '.join(MEASURED)}")
    try:
        start, end = float(row["start"]), float(row["end"])
    except (TypeError, ValueError):
        start = end = math.nan
    if not (math.isfinite(start) and math.isfinite(end) and end > start >= 0):
        raise PictureError(f"{where}: start {row['start']!r} and end {row['end']!r}; expected seconds, the end later")
    return Event(movement, start, end)
