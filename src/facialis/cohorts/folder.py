"""Any folder of pictures and videos as a data set: ``FOLDER/GROUP/SUBJECT/*``, or a manifest that says what each is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facialis.cohorts.listing import SEXES, SIDES, Listing, complete, folder_of, list_files, wrong_layout
from facialis.cohorts.writing import GROUPS
from facialis.errors import CohortError
from facialis.faces.sources import display_name, name_as_text

if TYPE_CHECKING:
    import pandas as pd

_GROUP_NAMES = {"patient": "patient", "patients": "patient", "palsy": "patient",
                "healthy": "healthy", "normal": "healthy", "normals": "healthy"}  # fmt: skip
_ALIASES = {"subject": "subject_id", "side": "weak_side"}
_CONSENT = {"yes": "yes", "y": "yes", "true": "yes", "1": "yes", "no": "no", "n": "no", "false": "no", "0": "no"}
_WORDS: dict[str, Mapping[str, str]] = {
    "group": _GROUP_NAMES, "weak_side": SIDES, "sex": SEXES, "consent": _CONSENT,
}  # fmt: skip
_TEXT = ("subject_id", "path", "sequence", "portrait", "site", "age_band", "skin_tone", "source", *_WORDS)
_KNOWN = {
    *_TEXT, *_ALIASES, "label", "time", "age", "view", "movement", "kind", "severity", "grade", "pair", "seed",
    "frames", "fps", "height", "width", "simulated", "lag_s",
}  # fmt: skip
_LAYOUT = "manifest.csv, or pictures and videos as GROUP/SUBJECT/* with the groups patient and healthy"


def read_folder(root: Path | str) -> Listing:
    """List a folder's pictures and videos as rows of a cohort's table.

    A ``manifest.csv`` (UTF-8; commas, semicolons or tabs) or ``manifest.parquet`` has a row a picture or video:

    - ``path``, relative to the folder; ``subject_id`` (or ``subject``); ``label`` (1 palsy, 0 none), which may be left
      out where ``group`` (patient or healthy) is there. Without ``group`` a subject with a frame labelled 1 is a
      patient.
    - optionally ``side`` (left or right, the subject's own; becomes ``weak_side``), ``sequence``, ``time`` (s),
      ``site``, ``consent`` (yes or no; with no the picture is not opened, and is accounted for), ``sex``, ``age``,
      ``age_band``, ``skin_tone``, ``portrait``, ``source`` (by default the folder's name), ``simulated`` (true, or the
      source is "simulated": the cohort is called simulated).
    - any others, which are kept; a note names those that this program does not know.

    Without a manifest the layout is ``FOLDER/GROUP/SUBJECT/*`` with the groups patient (or palsy) and healthy (or
    normal), and each frame has its group's label.

    Raises
    ------
    CohortError
        The folder is missing or has neither a manifest nor that layout; a manifest cannot be read, or a row of it is
        wrong (row, counted without the heading, and column are named).
    """
    root = folder_of(root, "pictures")
    for name in ("manifest.parquet", "manifest.csv"):
        if (root / name).is_file():
            return _from_manifest(root, root / name)
    return _from_layout(root)


def _from_manifest(root: Path, manifest: Path) -> Listing:
    import pandas as pd

    table = _read_table(manifest)
    name = display_name(manifest)
    notes = _rename(table, name)
    for column in ("path", "subject_id", *(() if "group" in table.columns else ("label",))):
        if column not in table.columns:
            near = difflib.get_close_matches(column, table.columns, n=1)
            hint = f"; did you mean it by {near[0]!r}?" if near else ""
            raise CohortError(f"{name}: the column {column!r} is missing{hint}")
    for column in ("path", "subject_id", "label", "group"):
        if column in table.columns:
            empty = [not _text(cell) for cell in table[column]]
            if any(empty):
                raise CohortError(f"{name}: row {empty.index(True) + 1}: the column {column!r} is empty")
    for column in [column for column in _TEXT if column in table.columns]:
        table[column] = [_text(cell) for cell in table[column]]
    for column, known in _WORDS.items():
        if column in table.columns:
            words = [cell.lower() for cell in table[column]]
            expected = f"{', '.join(dict.fromkeys(known.values()))} were expected"
            _refuse(name, table[column], [bool(word) and word not in known for word in words], expected)
            table[column] = [known.get(word, "") for word in words]
    for column in [column for column in ("label", "time", "age") if column in table.columns]:
        numbers = pd.to_numeric(table[column], errors="coerce").astype(float)
        if column == "label":
            _refuse(name, table[column], ~numbers.isin((0, 1)), "0 or 1 was expected")
        wrong = (numbers.isna() & table[column].notna()) | (numbers < 0)
        _refuse(name, table[column], wrong, "seconds were expected" if column == "time" else "years were expected")
        table[column] = numbers
    _refuse(name, table["path"], table["path"].map(_is_outside), "it must lie inside the folder")
    if "label" not in table.columns:
        table["label"] = (table["group"] == GROUPS[0]).astype(int)
    if "group" not in table.columns:
        ill = table.groupby("subject_id")["label"].transform("max")
        table["group"] = ["patient" if flag else "healthy" for flag in ill]
    table["path"] = [re.sub(r"(^|/)(\./)+", r"\1", path) for path in table["path"]]
    return Listing(complete(root, table, name_as_text(f"folder:{root.resolve().name}")), tuple(notes))


def _read_table(manifest: Path) -> pd.DataFrame:
    import pandas as pd

    name = display_name(manifest)
    try:
        if manifest.suffix == ".parquet":
            table = pd.read_parquet(manifest)
        else:
            with manifest.open(encoding="utf-8-sig") as file:
                heading = file.readline()
            separator = max(",;\t", key=heading.count)
            as_text = dict.fromkeys((*_TEXT, *_ALIASES), str)
            table = pd.read_csv(
                manifest, dtype=as_text, sep=separator, encoding="utf-8-sig", keep_default_na=False, na_values=[""]
            )
    except UnicodeDecodeError as error:
        raise CohortError(f"{name}: byte {error.start} is not UTF-8; save it again as CSV in UTF-8") from error
    except (OSError, ValueError) as error:
        raise CohortError(f"{name}: cannot be read ({display_name(str(error).strip())})") from error
    if not len(table):
        raise CohortError(f"{name}: has no rows; a row for each picture or video was expected")
    return table.reset_index(drop=True)


def _rename(table: pd.DataFrame, name: str) -> list[str]:
    """Bring the columns' names into their form, in place; return a note on the unknown ones."""
    names = [str(column).strip() for column in table.columns]
    table.columns = [
        column if _ALIASES.get(column, column) in names else _ALIASES.get(column, column) for column in names
    ]
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise CohortError(f"{name}: the column {twice[0]!r} stands in it twice")
    unknown = []
    for column in table.columns:
        if column not in _KNOWN:
            near = difflib.get_close_matches(column.lower(), sorted(_KNOWN), n=1, cutoff=0.75)
            unknown.append(f"{display_name(column)} (did you mean {near[0]}?)" if near else display_name(column))
    return [f"{name}: kept as they are, unknown to this program: {', '.join(unknown)}"] if unknown else []


def _refuse(name: str, cells: pd.Series[Any], wrong: Iterable[bool], expected: str) -> None:
    """Raise an error that names the first wrong row of a column, and what it holds."""
    for row, (cell, is_wrong) in enumerate(zip(cells, wrong, strict=True), 1):
        if is_wrong:
            raise CohortError(f"{name}: row {row}: {cells.name} is {cell!r}; {expected}")


def _is_outside(path: str) -> bool:
    parts = re.split(r"[/\\]", path)
    return ".." in parts or path.startswith(("/", "\\")) or bool(re.match(r"[A-Za-z]:", path)) or "\0" in path


def _text(cell: Any) -> str:
    import pandas as pd

    return "" if pd.api.types.is_scalar(cell) and pd.isna(cell) else str(cell).strip()


def _from_layout(root: Path) -> Listing:
    rows = []
    files = list_files(root)
    for parts in files:
        group = _GROUP_NAMES.get(parts[0].lower()) if len(parts) >= 3 else None
        if group is not None:
            rows.append(
                {
                    "path": "/".join(parts), "subject_id": f"{group}/{parts[1]}", "group": group,
                    "label": int(group == GROUPS[0]), "sequence": "/".join(parts[2:-1]),
                }
            )  # fmt: skip
    if not rows:
        raise wrong_layout(root, files, _LAYOUT)
    left_out = len(files) - len(rows)
    notes = [f"{display_name(root)}: {left_out} files lie elsewhere than GROUP/SUBJECT/* and are left out"]
    return Listing(
        complete(root, rows, name_as_text(f"folder:{root.resolve().name}")), tuple(notes if left_out else ())
    )
