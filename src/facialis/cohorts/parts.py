"""The finished parts of an extraction on disk, and the plan that says whose they are."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facialis.errors import CohortError
from facialis.files import write_text

if TYPE_CHECKING:
    import pandas as pd


def claim_parts(parts: Path, frames: pd.DataFrame, paths: Sequence[Path], options: list[object]) -> None:
    """Write down what is extracted, or refuse parts that belong to another extraction."""
    from facialis import __version__

    facts = [(path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else None for path in paths]
    names = [os.fsencode(path.absolute()).hex() for path in paths]
    plan = json.dumps([frames.to_json(orient="records"), facts, names, *options, __version__])
    digest = hashlib.sha256(plan.encode()).hexdigest()
    try:
        held = (parts / "plan.txt").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        write_text(parts / "plan.txt", digest)
        return
    if held != digest:
        raise CohortError(
            f"{parts.parent}: holds an unfinished extraction of other pictures or options; "
            "finish it with its own command, or `facialis cohort remove` it"
        )


def is_whole(part: Path) -> bool:
    """Return whether a part's file can be read and holds what the joining needs."""
    try:
        with np.load(part, allow_pickle=False) as arrays:
            return {"_rows", "_facts", "_reasons"} <= set(arrays.files)
    except (OSError, ValueError, zipfile.BadZipFile):
        return False


def part_file(parts: Path, start: int) -> Path:
    """Return the file of the part whose first row is `start`."""
    return parts / f"{start:09d}.npz"
