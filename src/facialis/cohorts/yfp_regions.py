"""YFP's annotation files: boxes of the palsy regions eye and mouth, with their intensity, as clinicians marked them."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import median
from typing import ClassVar

from facialis.errors import CohortError
from facialis.faces.sources import display_name, name_as_text

REGIONS = ("eye", "mouth")
INTENSITIES = {"none": 0, "slight": 1, "mild": 1, "low": 1, "weak": 1, "strong": 2, "severe": 2, "high": 2}
"""Words for an intensity; a number is taken as it is."""
Box = tuple[float, float, float, float, float]
_FOLDERS = re.compile(r"annotations?|labels?|ground[ _-]?truth|gt", re.IGNORECASE)
_ALIASES = {
    "recording": ("recording", "video", "sequence", "folder", "clip"),
    "frame": ("frame", "image", "file", "filename", "frame_id"),
    "region": ("region", "part", "label", "area"),
    "intensity": ("intensity", "level", "degree", "severity"),
    "width": ("width", "w"),
    "height": ("height", "h"),
    "x": ("x", "x1", "xmin"),
    "y": ("y", "y1", "ymin"),
    "x2": ("x2", "xmax"),
    "y2": ("y2", "ymax"),
}


class Marks:
    """The boxes that were read, found by recording and frame."""

    PARTS: ClassVar = ("x", "y", "width", "height", "intensity")

    def __init__(self) -> None:
        self.recordings: set[str] = set()
        self._boxes: dict[tuple[str, str], dict[str, list[Box]]] = {}

    def add(self, recording: str, frame: str, region: str, box: Box) -> None:
        """Add one rater's box of one region; `frame` is a file's stem or a number."""
        self._boxes.setdefault((recording, _frame_key(frame)), {}).setdefault(region, []).append(box)

    def of(self, recording: str, path: str, number: int | None) -> dict[str, Box]:
        """Return the regions marked in a frame: a picture by its file's name, a video's by its number from 1.

        Of several boxes of one region (one a clinician) it is their intersection, as the database defines its ground
        truth, with the median intensity; where they have none the region is not marked.
        """
        frame = path.rpartition("/")[2].rpartition(".")[0] if number is None else str(number)
        joined = {
            region: _common(boxes) for region, boxes in self._boxes.get((recording, _frame_key(frame)), {}).items()
        }
        return {region: box for region, box in joined.items() if box is not None}


def is_annotation_folder(name: str) -> bool:
    """Return whether a folder of this name holds annotations: annotations, labels, ground truth, gt."""
    return bool(_FOLDERS.fullmatch(name))


def read_marks(root: Path, recordings: set[str]) -> tuple[Marks, int]:
    """Read the annotation files below a folder.

    Accepted are, with commas, semicolons, tabs or spaces between the values:

    - ``<frame>.txt`` or ``.csv`` beside the frame, or in a tree of its own that mirrors the frames'
      (``annotations/12_2/0001.txt``): lines of ``region x y width height intensity``.
    - ``<recording>.csv`` or ``.txt``, or one file for all: a first line that names the columns ``recording`` (for
      one file for all), ``frame`` (the frame file's name or number; of a video its number among those sampled at 6 a
      second, from 1), ``region``, ``x``, ``y``, ``width``, ``height`` (or ``x1``, ``y1``, ``x2``, ``y2``),
      ``intensity``.

    The region is a word with eye or mouth in it; px, x right, y down, from the upper left; the intensity a number, or a
    word of `INTENSITIES`, or left out. Files without such lines (a readme) are passed over.

    Returns
    -------
    The marks, and the number of files they were read from.

    Raises
    ------
    CohortError
        A line is wrong; file and line are named.
    """
    marks = Marks()
    n = 0
    short = {recording.rpartition("/")[2]: recording for recording in recordings}
    names = {name.lower(): name for name in recordings} | {
        name.lower(): whole
        for name, whole in short.items()
        if sum(r.rpartition("/")[2] == name for r in recordings) == 1
    }
    for file in sorted(root.rglob("*")):
        if file.suffix.lower() not in (".txt", ".csv") or file.name.startswith(".") or not file.is_file():
            continue
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError) as error:
            raise CohortError(f"{display_name(file)}: cannot be read as text ({error})") from error
        rows = [(number, _split(line)) for number, line in enumerate(lines, 1) if line.strip()]
        parts = name_as_text(file.relative_to(root).as_posix()).split("/")
        folders, stem = parts[:-1], parts[-1].rpartition(".")[0]
        if rows and (columns := _columns(rows[0][1])):
            own = _named(names, [*folders, stem])
            n += _read_table(marks, file, rows[1:], columns, own, names)
        elif rows and (own := _named(names, folders)) and any(region in rows[0][1][0].lower() for region in REGIONS):
            for number, words in rows:
                marks.add(own, stem, *_box(file, number, words[0], words[1:5], words[5] if len(words) > 5 else ""))
            marks.recordings.add(own)
            n += 1
        elif not rows and (own := _named(names, folders)) and any(is_annotation_folder(folder) for folder in folders):
            marks.recordings.add(own)  # an empty file: this frame was looked at, nothing was marked
            n += 1
    return marks, n


def _read_table(
    marks: Marks,
    file: Path,
    rows: list[tuple[int, list[str]]],
    columns: dict[str, int],
    own: str | None,
    names: dict[str, str],
) -> bool:
    for number, words in rows:
        cells = {name: words[at] if at < len(words) else "" for name, at in columns.items()}
        recording = names.get(cells["recording"].lower()) if "recording" in cells else own
        if recording is None:
            which = cells.get("recording", "")
            raise CohortError(
                f"{display_name(file)}: line {number}: no recording {which!r} among the frames and videos"
            )
        marks.recordings.add(recording)
        size = [cells.get("width", ""), cells.get("height", "")]
        if "x2" in cells and "y2" in cells:
            try:
                size = [str(float(cells["x2"]) - float(cells["x"])), str(float(cells["y2"]) - float(cells["y"]))]
            except ValueError:
                size = ["", ""]
        if cells["region"]:
            box = _box(file, number, cells["region"], [cells["x"], cells["y"], *size], cells.get("intensity", ""))
            marks.add(recording, cells["frame"].rpartition("/")[2], *box)
    return bool(rows)


def _box(file: Path, number: int, region: str, place: list[str], intensity: str) -> tuple[str, Box]:
    where = f"{display_name(file)}: line {number}"
    named = next((name for name in REGIONS if name in region.lower()), None)
    if named is None:
        raise CohortError(f"{where}: the region is {region!r}; eye or mouth was expected")
    try:
        x, y, width, height = (float(word) for word in place)
    except ValueError:
        raise CohortError(f"{where}: {' '.join(place)!r} is no box; x y width height in px were expected") from None
    if not (width > 0 and height > 0):
        raise CohortError(f"{where}: the box is {width:g} x {height:g} px; more than 0 was expected")
    try:
        strength = float(INTENSITIES.get(intensity.lower(), intensity or "nan"))
    except ValueError:
        known = ", ".join(INTENSITIES)
        raise CohortError(f"{where}: the intensity is {intensity!r}; a number or one of {known} was expected") from None
    return named, (x, y, width, height, strength)


def _columns(words: list[str]) -> dict[str, int]:
    """Return where each column stands if this line names columns, else nothing."""
    lower = [word.lower() for word in words]
    found = {
        name: lower.index(alias) for name, aliases in _ALIASES.items() for alias in aliases[::-1] if alias in lower
    }
    return found if {"frame", "region", "x", "y"} <= set(found) else {}


def _named(names: dict[str, str], parts: list[str]) -> str | None:
    """Return the recording that the end of a path names."""
    for start in range(len(parts)):
        for stop in range(len(parts), start, -1):
            if (name := "/".join(parts[start:stop]).lower()) in names:
                return names[name]
    return None


def _split(line: str) -> list[str]:
    separator = next((mark for mark in ",;\t" if mark in line), None)
    return [word.strip().strip('"') for word in line.strip().split(separator)]


def _frame_key(frame: str) -> str:
    """Return the number at a frame name's end without zeros, so that 7, 0007 and img_0007.jpg are one frame."""
    stem = re.sub(r"\.\w+$", "", frame)
    number = re.search(r"(\d+)$", stem)
    return str(int(number[1])) if number else stem.lower()


def _common(boxes: list[Box]) -> Box | None:
    x0, y0 = max(box[0] for box in boxes), max(box[1] for box in boxes)
    x1, y1 = min(box[0] + box[2] for box in boxes), min(box[1] + box[3] for box in boxes)
    strengths = [box[4] for box in boxes if box[4] == box[4]]
    if x1 <= x0 or y1 <= y0:
        return None
    return x0, y0, x1 - x0, y1 - y0, float(median(strengths)) if strengths else float("nan")
