"""Any folder of pictures and videos as a data set: ``FOLDER/GROUP/SUBJECT/*``, or a manifest that says what each is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facialis.cohorts.listing import Listing, complete, folder_of, list_files, wrong_layout
from facialis.cohorts.manifest import GROUP_NAMES, read_manifest
from facialis.cohorts.writing import GROUPS
from facialis.faces.sources import display_name, name_as_text

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
    normal, control), and each frame has its group's label.

    Raises
    ------
    CohortError
        The folder is missing or has neither a manifest nor that layout; a manifest cannot be read, or a row of it is
        wrong (row, counted without the heading, and column are named).
    """
    root = folder_of(root, "pictures")
    for name in ("manifest.parquet", "manifest.csv"):
        if (root / name).is_file():
            return read_manifest(root, root / name)
    return _from_layout(root)


def _from_layout(root: Path) -> Listing:
    rows = []
    files = list_files(root)
    for parts in files:
        group = GROUP_NAMES.get(parts[0].lower()) if len(parts) >= 3 else None
        if group is not None:
            rows.append(
                {
                    "path": "/".join(parts), "subject_id": f"{group}/{parts[1]}", "group": group,
                    "label": int(group == GROUPS[0]), "sequence": "/".join(parts[2:-1]),
                }
            )  # fmt: skip
    if not rows:
        raise wrong_layout(root, files, _LAYOUT)
    return Listing(
        complete(root, rows, name_as_text(f"folder:{root.resolve().name}")), tuple(_notes(root, files, rows))
    )


def _notes(root: Path, files: list[tuple[str, ...]], rows: list[dict[str, Any]]) -> list[str]:
    """Return what is left out and why; where nobody is left in a group by it, that is a warning."""
    deep = [parts[0] for parts in files if len(parts) >= 3]
    unknown = [name for name in dict.fromkeys(deep) if name.lower() not in GROUP_NAMES]
    elsewhere, notes = len(files) - len(deep), []
    if unknown:
        n = sum(deep.count(name) for name in unknown)
        named = ", ".join(display_name(name) for name in unknown[:5]) + (" and others" if len(unknown) > 5 else "")
        note = f"no known group: {named}; {n} files left out (known: {', '.join(GROUP_NAMES)})"
        empty = [group for group in GROUPS if group not in {row["group"] for row in rows}]
        notes.append(f"WARNING, nobody in the group {empty[0]}: {note}" if empty else note)
    if elsewhere:
        notes.append(f"{elsewhere} files lie elsewhere than GROUP/SUBJECT/* and are left out")
    return [f"{display_name(root)}: {note}" for note in notes]
