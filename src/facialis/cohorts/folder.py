"""Any folder of pictures as a data set: ``FOLDER/GROUP/SUBJECT/*``, or a manifest that says what each picture is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from facialis.cohorts.cohort import GROUPS
from facialis.errors import CohortError
from facialis.faces.sources import is_video, list_sources, name_as_text

if TYPE_CHECKING:
    import pandas as pd

_GROUP_NAMES = {"patient": "patient", "patients": "patient", "palsy": "patient",
                "healthy": "healthy", "normal": "healthy", "normals": "healthy"}  # fmt: skip


def read_folder(root: Path | str) -> pd.DataFrame:
    """List a folder's pictures as rows of a cohort's table (without what only the pictures themselves tell).

    A ``manifest.csv`` or ``manifest.parquet`` in the folder has the columns ``path`` (relative to the folder),
    ``subject_id`` and ``label`` (1 palsy, 0 none), optionally ``group`` (patient or healthy; by default patient when a
    frame of the subject is labelled 1), ``sequence``, ``time``, ``portrait`` and any others, which are kept. Without
    one, the layout is ``FOLDER/GROUP/SUBJECT/*`` with the groups patient (or palsy) and healthy (or normal), and each
    frame has its group's label.

    Raises
    ------
    CohortError
        The folder is missing or has neither a manifest nor that layout; a manifest's row is wrong (it is named).
    """
    root = Path(root)
    if not root.is_dir():
        raise CohortError(f"{root}: no such folder")
    for name in ("manifest.parquet", "manifest.csv"):
        if (root / name).is_file():
            return _from_manifest(root, root / name)
    return _from_layout(root)


def _from_manifest(root: Path, manifest: Path) -> pd.DataFrame:
    import pandas as pd

    text = {"path": str, "subject_id": str, "sequence": str, "portrait": str, "group": str}
    try:
        table = pd.read_csv(manifest, dtype=text) if manifest.suffix == ".csv" else pd.read_parquet(manifest)
    except (OSError, ValueError) as error:
        raise CohortError(f"{manifest}: cannot be read ({error})") from error
    for column in ("path", "subject_id", "label"):
        if column not in table.columns:
            raise CohortError(f"{manifest}: the column {column!r} is missing")
        empty = table.index[table[column].isna()]
        if len(empty):
            raise CohortError(f"{manifest}: row {empty[0] + 1}: the column {column!r} is empty")
    labels = pd.to_numeric(table["label"], errors="coerce")
    wrong = table.index[~labels.isin((0, 1))]
    if len(wrong):
        value = table.loc[wrong[0], "label"]
        raise CohortError(f"{manifest}: row {wrong[0] + 1}: label is {value!r}, 0 or 1 was expected")
    table["label"] = labels
    if "time" in table.columns:
        times = pd.to_numeric(table["time"], errors="coerce")
        wrong = table.index[times.isna() & table["time"].notna()]
        if len(wrong):
            value = table.loc[wrong[0], "time"]
            raise CohortError(f"{manifest}: row {wrong[0] + 1}: time is {value!r}, seconds were expected")
        table["time"] = times
    outside = [i for i, path in enumerate(table["path"]) if Path(path).is_absolute() or ".." in Path(path).parts]
    if outside:
        raise CohortError(f"{manifest}: row {outside[0] + 1}: path must lie inside the folder")
    if "group" not in table.columns:
        ill = table.groupby("subject_id")["label"].transform("max")
        table["group"] = ["patient" if flag else "healthy" for flag in ill]
    return _complete(root, table)


def _from_layout(root: Path) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for path, _ in list_sources([root]):
        parts = name_as_text(path.relative_to(root).as_posix()).split("/") if path != root else []
        group = _GROUP_NAMES.get(parts[0].lower()) if len(parts) >= 3 else None
        if group is not None and not is_video(path):
            rows.append(
                {
                    "path": "/".join(parts), "subject_id": f"{group}/{parts[1]}", "group": group,
                    "label": int(group == GROUPS[0]), "sequence": "/".join(parts[2:-1]),
                }
            )  # fmt: skip
    if not rows:
        raise CohortError(
            f"{root}: neither manifest.csv nor pictures as GROUP/SUBJECT/* with the groups patient and healthy"
        )
    return _complete(root, pd.DataFrame(rows))


def _complete(root: Path, table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    source = f"folder:{root.resolve().name}"
    for column, value in (("source", source), ("sequence", ""), ("time", float("nan")), ("portrait", "")):
        if column not in table.columns:
            table[column] = value
    table["portrait"] = table["portrait"].fillna("").astype(str)
    table["sequence"] = table["sequence"].fillna("").astype(str)
    table["time"] = table["time"].astype(float)
    table["label"] = table["label"].astype("int8")
    table["frame_id"] = table["source"] + "/" + table["path"]
    return table.reset_index(drop=True)
