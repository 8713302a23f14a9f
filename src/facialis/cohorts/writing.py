"""A cohort's folder made, its tables, arrays and card written, and all of it taken away again."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.cohort import SCHEMA, Cohort, file_hash, read_card
from facialis.errors import CohortError
from facialis.files import atomic_path, check_own, remove_leftovers, write_text

if TYPE_CHECKING:
    import pandas as pd

GROUPS = ("patient", "healthy")
REQUIRED_COLUMNS = (
    "frame_id",
    "subject_id",
    "group",
    "label",
    "source",
    "sequence",
    "time",
    "portrait",
    "path",
)

_OWN_FILES = ("cohort.json", "frames.parquet", "unusable.parquet", ".gitignore")
_FILES_OF_VIDEOS = ("manifest.csv", "prompts.csv", "truth.parquet", "simulation.json")


def prepare_folder(path: Path) -> Path:
    """Make a cohort's folder, readable by its owner alone, kept out of any repository by its own .gitignore.

    Returns the folder ``.parts`` in it, which marks the cohort as unfinished until `finish_cohort` takes it away.

    Raises
    ------
    CohortError
        It holds a cohort already, or files that are no cohort's, or it cannot be made.
    """
    if (path / "cohort.json").exists():
        shutil.rmtree(path / ".parts", ignore_errors=True)  # a kill may have come before the writer did so
        raise CohortError(f"{path}: holds a cohort already; choose another folder or `facialis cohort remove` it")
    parts = path / ".parts"
    try:
        check_own(path, own=parts.is_dir(), whose="cohort", error=CohortError)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)
        parts.mkdir(exist_ok=True)
        (path / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise CohortError(f"cannot make the folder {path}: {error.strerror or error}") from error
    return parts


def write_cohort(
    path: Path | str,
    frames: pd.DataFrame,
    arrays: Mapping[str, NDArray[Any]],
    provenance: Mapping[str, Any],
    unusable: pd.DataFrame | None = None,
) -> Cohort:
    """Write a cohort whose arrays are at hand, and open it.

    Raises
    ------
    CohortError
        The folder is not new, empty or a cohort's own unfinished one, or cannot be written; the table or an array
        does not fit.
    """
    path = Path(path)
    check_frames(frames)
    for name, array in arrays.items():
        if len(array) != len(frames):
            raise CohortError(f"{name} has {len(array)} rows, the table of frames {len(frames)}")
    prepare_folder(path)
    for name, array in arrays.items():
        with atomic_path(path / f"{name}.npy") as temporary, temporary.open("wb") as file:
            np.save(file, array, allow_pickle=False)
    return finish_cohort(path, frames, tuple(arrays), provenance, unusable)


def finish_cohort(
    path: Path,
    frames: pd.DataFrame | None,
    modalities: tuple[str, ...],
    provenance: Mapping[str, Any],
    unusable: pd.DataFrame | None,
) -> Cohort:
    """Write the tables and, last, the card of a cohort whose arrays (without `frames` that table too) are in place."""
    import pandas as pd

    from facialis import __version__

    tables = {} if frames is None else {"frames": frames}
    for name, table in {**tables, "unusable": pd.DataFrame() if unusable is None else unusable}.items():
        with atomic_path(path / f"{name}.parquet") as temporary:
            table.to_parquet(temporary, index=False)
    remove_leftovers(path)
    facts = {}
    for name in modalities:
        array = np.load(path / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        facts[name] = {
            "shape": list(array.shape),
            "dtype": str(array.dtype),
            "sha256": file_hash(path / f"{name}.npy"),
        }
    frames_sha256 = file_hash(path / "frames.parquet")
    digest = hashlib.sha256(frames_sha256.encode())
    for name in sorted(facts):
        digest.update(f"{name} {facts[name]['sha256']}".encode())
    card = {
        "schema": SCHEMA,
        "program": f"facialis {__version__}",
        "provenance": dict(provenance),
        "frames": frames_sha256,
        "modalities": facts,
        "hash": digest.hexdigest(),
    }
    write_text(path / "cohort.json", json.dumps(card, indent=1) + "\n")
    shutil.rmtree(path / ".parts", ignore_errors=True)
    return Cohort.open(path)


def check_frames(frames: pd.DataFrame, *, one_group: bool = True) -> None:
    """Refuse a table that lacks a column, repeats a frame, or (`one_group`) has a subject in both groups."""
    missing = [column for column in REQUIRED_COLUMNS if column not in frames.columns]
    if missing:
        raise CohortError(f"the table of frames lacks the columns {', '.join(missing)}")
    if not len(frames):
        raise CohortError("no frames: nothing usable was found")
    if frames["frame_id"].duplicated().any():
        twice = frames["frame_id"][frames["frame_id"].duplicated()].iloc[0]
        raise CohortError(f"the frame {twice!r} stands in the table twice")
    unknown = set(frames["group"]) - set(GROUPS)
    if unknown:
        raise CohortError(f"unknown group {sorted(unknown)[0]!r}; a subject's group is patient or healthy")
    if not frames["label"].isin((0, 1)).all():
        raise CohortError("a frame's label is 1 (palsy) or 0 (none); others stand in the table")
    groups = frames.groupby("subject_id")["group"].nunique()
    if one_group and (groups > 1).any():
        raise CohortError(f"the subject {groups[groups > 1].index[0]!r} stands in both groups")


def remove_cohort(path: Path | str) -> list[str]:
    """Delete a cohort or a set of simulated videos with all that was derived from its faces; return what else is left.

    Raises
    ------
    CohortError
        The folder holds no cohort, whole or unfinished.
    """
    path = Path(path)
    unfinished = (path / ".parts").is_dir()
    videos = any(_of_videos(folder / "simulation.json") for folder in (path, path / ".parts"))
    if not ((path / "cohort.json").is_file() or videos or unfinished):
        raise CohortError(f"{path}: no cohort there, nothing was removed")
    pictures = unfinished
    arrays = {file.name for file in path.glob("*.npy")} if unfinished else set()
    if (path / "cohort.json").is_file():
        card = read_card(path)
        pictures |= bool(card["provenance"].get("simulation", {}).get("pictures"))
        arrays |= {f"{name}.npy" for name in card["modalities"]}
    for name in ("derived", ".parts", *(["pictures"] if pictures else []), *(["videos"] if videos else [])):
        shutil.rmtree(path / name, ignore_errors=True)
    for name in (*_OWN_FILES, *arrays, *(_FILES_OF_VIDEOS if videos else ())):
        (path / name).unlink(missing_ok=True)
    for file in path.glob(".*.npy"):  # what a killed run was about to rename
        file.unlink(missing_ok=True)
    left = sorted(entry.name for entry in path.iterdir())
    if not left:
        path.rmdir()
    return left


def _of_videos(plan: Path) -> bool:
    """Whether this file says that videos were simulated here."""
    try:
        return bool(json.loads(plan.read_text(encoding="utf-8"))["videos"])
    except (OSError, ValueError, KeyError, TypeError):
        return False
