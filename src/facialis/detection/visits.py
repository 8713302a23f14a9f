"""One person's photos and videos by date: read from folders, file names, a manifest, or what the camera wrote.

What has no date is left out and named, never guessed. A date is written 2026-03-01, 20260301 (or with _ or . between),
or 01.03.2026 (day first); 01-03-2026 is not read, as it is the first of March to some and the third of January to
others.
"""

from __future__ import annotations

import csv
import datetime
import difflib
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

from facialis.detection.photo_set import view_of
from facialis.errors import PictureError
from facialis.faces.images import camera_date
from facialis.faces.sources import display_name, is_video, list_sources
from facialis.files import file_digest
from facialis.modalities.views import VIEWS

DatedBy = Literal["folder", "name", "table", "camera"]
NO_DATE, TWO_DATES, BAD_DATE, COPY = "no_date", "two_dates", "bad_date", "copy"
"""Why something is left out."""
_NUMBERS_FIRST = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_. ]?)(0[1-9]|1[0-2])\2(0[1-9]|[12]\d|3[01])(?!\d)")
_DAY_FIRST = re.compile(r"(?<!\d)(0?[1-9]|[12]\d|3[01])\.(0?[1-9]|1[0-2])\.((?:19|20)\d\d)(?!\d)")


class Picture(NamedTuple):
    """A photo or video of a visit: its view where file name or manifest name it, and where its date comes from."""

    path: Path
    date: datetime.date
    view: str | None
    dated_by: DatedBy


class LeftOut(NamedTuple):
    """A file without a date to go by, and why."""

    path: Path
    why: str


def dates_in(text: str) -> list[datetime.date]:
    """Return the different dates that stand in a text, in its order.

    Examples
    --------
    >>> [str(date) for date in dates_in("IMG_20260301_smile (2.4.2026).jpg")]
    ['2026-03-01', '2026-04-02']
    >>> dates_in("01-03-2026"), dates_in("20261301"), dates_in("2026-02-30")
    ([], [], [])
    """
    found = [(m.start(), m[1], m[3], m[4]) for m in _NUMBERS_FIRST.finditer(text)]
    found += [(m.start(), m[3], m[2], m[1]) for m in _DAY_FIRST.finditer(text)]
    dates = []
    for _, year, month, day in sorted(found):
        try:
            dates.append(datetime.date(int(year), int(month), int(day)))
        except ValueError:  # no such day
            continue
    return list(dict.fromkeys(dates))


def read_visits(given: Path | str) -> tuple[list[Picture], list[LeftOut]]:
    """List one person's photos and videos with their dates, and what has none.

    Parameters
    ----------
    given : a folder (visit folders named by date; or files whose names hold a date; else the EXIF date counts), or a
        CSV file with the columns ``path`` (relative to the file) and ``date``, optionally ``view``.

    Raises
    ------
    PictureError
        There is no such folder or file, it holds nothing, or the manifest lacks a column, names an unknown view or
        several people.
    """
    path = Path(given)
    if path.is_dir():
        return _without_copies(*_of_folder(path))
    if path.suffix.lower() != ".csv":
        raise PictureError(f"{display_name(path)}: expected a folder of dated photos, or a CSV file with path and date")
    return _without_copies(*_of_manifest(path))


def _without_copies(pictures: list[Picture], left: list[LeftOut]) -> tuple[list[Picture], list[LeftOut]]:
    """Leave out files that are byte for byte another one: a copy is no second take and no second visit."""
    sizes = [picture.path.stat().st_size if picture.path.is_file() else -1 for picture in pictures]
    often = Counter(sizes)
    kept: list[Picture] = []
    known: set[bytes] = set()
    for picture, size in zip(pictures, sizes, strict=True):
        if size > 0 and often[size] > 1:
            digest = file_digest(picture.path)
            if digest in known:
                left.append(LeftOut(picture.path, COPY))
                continue
            known.add(digest)
        kept.append(picture)
    return kept, left


def _of_folder(root: Path) -> tuple[list[Picture], list[LeftOut]]:
    sources = [source.path for source in list_sources([str(root)]) if source.path != root]
    if not sources:
        raise PictureError(f"{display_name(root)}: no photos or videos in it")
    pictures: list[Picture] = []
    left: list[LeftOut] = []
    for path in sources:
        by: DatedBy = "folder"
        dates: list[datetime.date] = []
        for part in reversed(path.relative_to(root).parts[:-1]):
            dates = dates or dates_in(part)
        if not dates:
            by, dates = "name", dates_in(path.stem)
        _put(path, dates, view_of(path.absolute()), by, pictures, left)
    return pictures, left


def _put(
    path: Path,
    dates: list[datetime.date],
    view: str | None,
    by: DatedBy,
    pictures: list[Picture],
    left: list[LeftOut],
) -> None:
    if not dates and (taken := _taken(path)) is not None:
        by, dates = "camera", [taken]
    if len(dates) == 1:
        pictures.append(Picture(path, dates[0], view, by))
    else:
        left.append(LeftOut(path, TWO_DATES if dates else NO_DATE))


def _of_manifest(manifest: Path) -> tuple[list[Picture], list[LeftOut]]:
    name = display_name(manifest)
    pictures: list[Picture] = []
    left: list[LeftOut] = []
    people = set()
    for line, row in _rows(manifest, name):
        path = manifest.parent / row["path"]
        view = (row.get("view") or "").lower().replace(" ", "_").replace("-", "_") or None
        if view is not None and view not in VIEWS:
            near = difflib.get_close_matches(view, VIEWS, n=1, cutoff=0.5)
            meant = f"; did you mean {near[0]}?" if near else ""
            raise PictureError(f"{name}, line {line}: unknown view {row['view']!r}{meant} Known: {', '.join(VIEWS)}")
        people.add(row.get("subject_id") or row.get("subject") or "")
        dates = dates_in(row["date"])
        if row["date"] and len(dates) != 1:
            left.append(LeftOut(path, BAD_DATE))
        else:
            _put(path, dates, view or view_of(path.absolute()), "table", pictures, left)
    if len(people) > 1:
        raise PictureError(f"{name}: of {len(people)} people; a course is one person's, so give each a manifest")
    if not pictures and not left:
        raise PictureError(f"{name}: has no rows; a row for each photo or video was expected")
    return pictures, left


def _rows(manifest: Path, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        with open(manifest, newline="", encoding="utf-8-sig") as file:
            heading = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=max(",;\t", key=heading.count))
            names = [str(column).strip().lower() for column in reader.fieldnames or ()]
            missing = [column for column in ("path", "date") if column not in names]
            if missing:
                raise PictureError(f"{name}: no column {', '.join(missing)}; a manifest has path, date, (view)")
            reader.fieldnames = names
            for row in reader:
                cells = {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)}
                if not cells["path"]:
                    raise PictureError(f"{name}, line {reader.line_num}: the path is empty")
                yield reader.line_num, cells
    except OSError as error:
        raise PictureError(f"{name}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise PictureError(f"{name}: not a CSV file in UTF-8") from error


def _taken(path: Path) -> datetime.date | None:
    """Return the day on which the camera says that a photo was taken."""
    text = None if is_video(path) else camera_date(path)
    dates = [] if text is None else dates_in(text[:10].replace(":", "-"))
    return dates[0] if dates else None
