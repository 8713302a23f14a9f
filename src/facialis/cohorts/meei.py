"""The MEEI Facial Palsy Photo and Video Standard Set (Greene et al. 2020): 60 people, eight photos and a video each."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facialis.cohorts.listing import SEXES, SIDES, Listing, complete, folder_of, list_files, wrong_layout
from facialis.errors import CohortError
from facialis.faces.sources import display_name, is_video

if TYPE_CHECKING:
    import pandas as pd

VIEWS = ("rest", "brow_raise", "gentle_closure", "tight_closure",
         "small_closed_smile", "large_smile", "pucker", "lower_teeth")  # fmt: skip
"""What the photos 1 to 8 of each participant show."""
SEVERITIES = ("normal", "near_normal", "mild", "moderate", "severe", "complete")
N_SUBJECTS = 60
_LAYOUT = "Normals/Normal4/Normal4_1.JPG, Flaccid/MildFlaccid/MildFlaccid2/MildFlaccid2_1.jpg, Synkinetic/..."
_KNOWN = {"side": "weak_side", "gender": "sex", "sex": "sex", "age": "age"}
_KEY = ("category", "subcategory", "#")


def read_meei(root: Path | str) -> Listing:
    """List the standard set: photos with their view, videos, and what the XLSX says of their participant.

    The layout is ``Normals/Normal4/Normal4_1.JPG``, ``Flaccid/<Grade>Flaccid/<Grade>Flaccid2/<Grade>Flaccid2_1.jpg``
    and the same under ``Synkinetic``, with a video ``<Participant>.mp4`` beside the photos; spaces in names, capitals
    and folders around it are of no account. Columns: ``kind`` (normal, flaccid, synkinetic), ``severity_folder``
    (`SEVERITIES`), ``view`` (`VIEWS`; "video" for a video), and from the XLSX ``weak_side`` (subject_left,
    subject_right), ``sex``, ``age`` (years), and its other columns under their names in small letters
    (House-Brackmann becomes ``house_brackmann``). A participant without a row has them empty. Everybody
    but the normal participants is a patient, and every frame has its group's label.

    Raises
    ------
    CohortError
        Another layout; an XLSX that cannot be read or has no such columns.
    """
    root = folder_of(root, "the MEEI standard set")
    files = list_files(root)
    rows: list[dict[str, Any]] = []
    for parts in files:
        participant = _participant(parts)
        if participant is None:
            continue
        kind, severity, number = participant
        stem = parts[-1].rpartition(".")[0]
        photo = re.search(r"_\s*([1-8])$", stem)
        name = f"{severity.replace('_', '-')}-{kind}-{number}" if kind != "normal" else f"normal-{number}"
        film = is_video(parts[-1])
        view = "video" if film else VIEWS[int(photo[1]) - 1] if photo else ""
        rows.append(
            {
                "path": "/".join(parts),
                "subject_id": f"meei/{name}",
                "group": "healthy" if kind == "normal" else "patient",
                "label": int(kind != "normal"),
                "kind": kind,
                "severity_folder": severity,
                "view": view,
                "_key": participant,
            }
        )
    if not rows:
        raise wrong_layout(root, files, _LAYOUT)
    notes = []
    if len(files) > len(rows):
        notes.append(f"meei: {len(files) - len(rows)} files lie elsewhere than {_LAYOUT} and are left out")
    n = len({row["subject_id"] for row in rows})
    if n != N_SUBJECTS:
        notes.append(f"meei: {n} participants; the whole set has {N_SUBJECTS}")
    sheets = [file for file in sorted(root.rglob("*")) if file.suffix.lower() == ".xlsx" and file.name[0] not in "~."]
    facts: dict[tuple[str, str, int], dict[str, Any]] = {}
    for path in sheets:
        facts |= read_sheet(path)
    columns = list(dict.fromkeys(column for fact in facts.values() for column in fact))
    without = {row["subject_id"] for row in rows if row["_key"] not in facts}
    for row in rows:
        fact = facts.get(row.pop("_key"), {})
        row.update({column: fact.get(column) for column in columns})
    if not sheets:
        notes.append("meei: no XLSX in the folder; side, age, sex and grades stay empty")
    elif without:
        sheet = display_name(sheets[0].name)
        notes.append(f"meei: {len(without)} of {n} participants have no row in {sheet}; their values stay empty")
    return Listing(complete(root, _uniform(rows, columns), "meei"), tuple(notes))


def read_sheet(path: Path) -> dict[tuple[str, str, int], dict[str, Any]]:
    """Return what the XLSX says of each participant, by kind, severity and number.

    Raises
    ------
    CohortError
        It cannot be read, or no row in its first ten names the columns ``Category``, ``Sub-category`` and ``#``.
    """
    import zipfile

    import openpyxl

    name = display_name(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        try:
            table = [row for sheet in book.worksheets for row in sheet.iter_rows(values_only=True)]
        finally:
            book.close()
    except (OSError, ValueError, KeyError, TypeError, SyntaxError, EOFError, zipfile.BadZipFile) as error:
        raise CohortError(
            f"{name}: cannot be read as XLSX ({display_name(str(error))}); get it again, or move it away to do without"
        ) from error
    start = next((i for i, row in enumerate(table[:10]) if set(_KEY) <= set(map(_slim, row))), None)
    if start is None:
        raise CohortError(f"{name}: the columns Category, Sub-category and # are expected in one of its first ten rows")
    headings = [str(cell).strip() if cell is not None else "" for cell in table[start]]
    at = {"category": None, "subcategory": None}
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for row in table[start + 1 :]:
        cells = dict(zip(headings, row, strict=False))
        for heading, cell in cells.items():  # merged cells hold their value in the first row only
            if _slim(heading) in at and cell is not None:
                at[_slim(heading)] = cell
        number = re.search(r"\d+", str(cells["#"])) if cells["#"] is not None else None
        kind, severity = _kind(str(at["category"])), _severity(str(at["subcategory"]))
        if number is None or kind is None:
            continue
        key = (kind, "normal" if kind == "normal" else severity or "", int(number[0]))
        found[key] = {
            _column(h): _value(_column(h), c) for h, c in cells.items() if h and h != "#" and _slim(h) not in at
        }
    return found


def _participant(parts: tuple[str, ...]) -> tuple[str, str, int] | None:
    """Return kind, severity and number of the participant whose folder a file lies in, None elsewhere."""
    if len(parts) < 3:
        return None
    kinds = [kind for kind in map(_kind, parts[:-2]) if kind]
    number = re.search(r"(\d+)\s*$", parts[-2])
    if not kinds or number is None:
        return None
    if kinds[-1] == "normal":
        return "normal", "normal", int(number[1])
    severity = _severity(parts[-2]) or _severity(parts[-3])
    return (kinds[-1], severity, int(number[1])) if severity else None


def _kind(text: str) -> str | None:
    slim = _slim(text)
    if "synkine" in slim or "nonflaccid" in slim:
        return "synkinetic"
    if "flaccid" in slim:
        return "flaccid"
    return "normal" if re.fullmatch(r"normals?\d*", slim) else None


def _severity(text: str) -> str | None:
    slim = _slim(text)
    return next((name for name in SEVERITIES[1:] if name.replace("_", "") in slim), None)


def _slim(text: object) -> str:
    return re.sub(r"[^a-z0-9#]", "", str(text).lower()) if text is not None else ""


def _column(heading: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "_", heading.lower()).strip("_")
    taken = (
        "path",
        "label",
        "group",
        "source",
        "time",
        "sequence",
        "kind",
        "view",
        "portrait",
        "quality",
        "height",
        "width",
    )
    return _KNOWN.get(slug) or (f"meei_{slug}" if slug in taken else slug)


def _value(column: str, cell: Any) -> Any:
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    word = str(cell).strip().lower()
    if column == "weak_side":
        return SIDES.get(word, word)
    return SEXES.get(word, word) if column == "sex" else cell


def _uniform(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    """Return the rows as a table whose every column is numbers or text: parquet holds no mixture."""
    import pandas as pd

    table = pd.DataFrame(rows)
    for column in columns:
        numbers = pd.to_numeric(table[column], errors="coerce")
        if numbers.isna().sum() == table[column].isna().sum():
            table[column] = numbers
        else:
            table[column] = [None if pd.isna(cell) else str(cell) for cell in table[column]]
    return table
