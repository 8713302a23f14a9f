"""``manifest.csv`` or ``manifest.parquet``: a table that says what each picture or video of a folder is."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facialis.cohorts.listing import SEXES, SIDES, Listing, complete
from facialis.cohorts.writing import GROUPS
from facialis.errors import CohortError
from facialis.faces.sources import display_name, name_as_text

if TYPE_CHECKING:
    import pandas as pd

GROUP_NAMES = {"patient": "patient", "patients": "patient", "palsy": "patient",
               "healthy": "healthy", "normal": "healthy", "normals": "healthy",
               "control": "healthy", "controls": "healthy"}  # fmt: skip
_CONSENT = {"yes": "yes", "y": "yes", "true": "yes", "1": "yes", "no": "no", "n": "no", "false": "no", "0": "no"}
_WORDS: dict[str, Mapping[str, str]] = {
    "group": GROUP_NAMES, "weak_side": SIDES, "sex": SEXES, "consent": _CONSENT,
}  # fmt: skip
ALIASES = {"subject": "subject_id", "side": "weak_side"}
"""Other names of columns."""
_MEANT = {"subject_id": ("patient_id", "patient", "participant_id", "participant", "person", "id"),
          "path": ("file", "filename", "image", "photo", "video")}  # fmt: skip
"""Names that others have for what is asked for: not read as it, but a hint."""

COLUMNS = {
    "path": "picture or video, relative to the folder",
    "subject_id": "whom it shows; `subject` is read as this",
    "label": "1 palsy, 0 none; may be left out where `group` is there",
    "group": "`patient` or `healthy`; by default who has a frame with label 1 is a patient",
    "weak_side": "`left` or `right`, the subject's own; `side` is read as this",
    "sequence": "name of a sequence of frames",
    "time": "seconds from its start",
    "site": "where it was taken; `study ask same-source` and `leakage` look at it",
    "consent": "`yes` or `no`; with `no` the picture is not opened, and is accounted for",
    "sex": "of the subject, for `study ask fairness`",
    "age": "years",
    "age_band": "as it is written, for `fairness` and reference ranges",
    "skin_tone": "as it is written, for `fairness`",
    "portrait": "the photo that a simulated picture was made from",
    "source": "name of the data set; by default the folder's",
    "simulated": "true where the picture is; the cohort is then called simulated",
    **dict.fromkeys(("view", "movement"), "what the picture shows"),
    **dict.fromkeys(
        ("kind", "severity", "grade", "pair", "seed", "lag_s"), "of simulated people, as `simulate` writes"
    ),
    **dict.fromkeys(("frames", "fps", "height", "width"), "of simulated videos, as `simulate` writes"),
}
"""The columns that this program knows, and what each holds; any others are kept."""
_TEXT = ("subject_id", "path", "sequence", "portrait", "site", "age_band", "skin_tone", "source", *_WORDS)
_OUTSIDE = r"(^|[/\\])\.\.([/\\]|$)|^[/\\]|^[A-Za-z]:|\x00"


def row_schema() -> dict[str, Any]:
    """Return a JSON schema (2020-12) of a row: an object of columns and cells, text or numbers, an empty cell left out.

    What stands between rows is not in it: one group a subject, and no column under both of its names.
    """
    properties: dict[str, Any] = {name: {"description": what} for name, what in COLUMNS.items()}
    for column, words in _WORDS.items():
        either = "|".join("".join(f"[{c}{c.upper()}]" if c.isalpha() else c for c in word) for word in words)
        properties[column] |= {"type": "string", "pattern": rf"^\s*({either})\s*$"}
    properties["consent"] |= {"type": ["string", "boolean", "integer"], "minimum": 0, "maximum": 1}
    properties["path"] |= {"type": "string", "pattern": r"\S", "not": {"pattern": _OUTSIDE}}
    properties["subject_id"] |= {"type": ["string", "number"], "pattern": r"\S"}
    properties["label"] |= {"anyOf": [{"enum": [0, 1]}, {"type": "string", "pattern": r"^\s*[01](\.0*)?\s*$"}]}
    for column in ("time", "age"):
        number = r"^\s*\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*$"
        properties[column] |= {"type": ["string", "number"], "minimum": 0, "pattern": number}
    for alias, name in ALIASES.items():
        properties[alias] = {**properties[name], "description": f"`{name}` under another name"}
    either_of = [
        {"anyOf": [{"required": [name]} for name in names]} for names in (("subject_id", "subject"), ("label", "group"))
    ]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A row of a manifest",
        "type": "object",
        "properties": properties,
        "required": ["path"],
        "allOf": either_of,
    }


def read_manifest(root: Path, manifest: Path) -> Listing:
    """List what a manifest names.

    Parameters
    ----------
    root : the folder that its paths start from.

    Raises
    ------
    CohortError
        It cannot be read, or a row of it is wrong (row, counted without the heading, and column are named).
    """
    import pandas as pd

    table = _read_table(manifest)
    name = display_name(manifest)
    notes = _rename(table, name)
    for column in ("path", "subject_id", *(() if "group" in table.columns else ("label",))):
        if column not in table.columns:
            others = [name for name in table.columns if name.lower() in _MEANT.get(column, ())]
            near = others or difflib.get_close_matches(column, table.columns, n=1)
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
            as_text = dict.fromkeys((*_TEXT, *ALIASES), str)
            table = pd.read_csv(
                manifest, dtype=as_text, sep=separator, encoding="utf-8-sig", keep_default_na=False, na_values=[""]
            )
    except UnicodeDecodeError as error:
        raise CohortError(f"{name}: byte {error.start} is not UTF-8; save it again as CSV in UTF-8") from error
    except pd.errors.EmptyDataError as error:
        raise CohortError(f"{name}: is empty; a heading and a row for each picture or video were expected") from error
    except (OSError, ValueError) as error:
        raise CohortError(f"{name}: cannot be read ({display_name(str(error).strip())})") from error
    if not len(table):
        raise CohortError(f"{name}: has no rows; a row for each picture or video was expected")
    return table.reset_index(drop=True)


def _rename(table: pd.DataFrame, name: str) -> list[str]:
    """Bring the columns' names into their form, in place; return a note on the unknown ones."""
    names = [str(column).strip() for column in table.columns]
    table.columns = [
        column if ALIASES.get(column, column) in names else ALIASES.get(column, column) for column in names
    ]
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise CohortError(f"{name}: the column {twice[0]!r} stands in it twice")
    unknown = []
    for column in table.columns:
        if column not in COLUMNS:
            near = difflib.get_close_matches(column.lower(), sorted({*COLUMNS, *ALIASES}), n=1, cutoff=0.75)
            unknown.append(f"{display_name(column)} (did you mean {near[0]}?)" if near else display_name(column))
    return [f"{name}: kept as they are, unknown to this program: {', '.join(unknown)}"] if unknown else []


def _refuse(name: str, cells: pd.Series[Any], wrong: Iterable[bool], expected: str) -> None:
    """Raise an error that names the first wrong row of a column, and what it holds."""
    for row, (cell, is_wrong) in enumerate(zip(cells, wrong, strict=True), 1):
        if is_wrong:
            raise CohortError(f"{name}: row {row}: {cells.name} is {cell!r}; {expected}")


def _is_outside(path: str) -> bool:
    return re.search(_OUTSIDE, path) is not None


def _text(cell: Any) -> str:
    import pandas as pd

    return "" if pd.api.types.is_scalar(cell) and pd.isna(cell) else str(cell).strip()
