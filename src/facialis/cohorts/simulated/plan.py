"""What a simulation is asked for, and its folder: a stopped simulation goes on with the same settings only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from facialis.cohorts.simulated import shape
from facialis.cohorts.simulated.draw import People, check_counts
from facialis.cohorts.simulated.ict_facekit import IctPeople
from facialis.cohorts.simulated.movements import views
from facialis.cohorts.writing import prepare_folder
from facialis.errors import CohortError, FacialisError
from facialis.files import locked, write_text

SIMULATION = "simulation.json"
"""Says what was asked for; beside the videos it marks a whole set of them."""


def people_of(ict_facekit: Path | str | None) -> People:
    """Return who comes: those of a copy of ICT-FaceKit, or this package's own."""
    if ict_facekit is None:
        return shape.draw_identities
    return IctPeople.read(ict_facekit)


def asked_for(
    n_patients: int,
    n_healthy: int,
    frames: int,
    seed: int,
    movement: str,
    people: People,
    portraits: Path | str | None,
    **kind: bool,
) -> dict[str, Any]:
    """Return the settings of a simulation as they are kept beside it; portraits and people as hashes of their content.

    Raises
    ------
    CohortError
        A count is out of range, a view is unknown, or there is no such folder of portraits.
    """
    check_counts(n_patients, n_healthy, frames)
    if movement != "mixed":
        views(movement)
    asked: dict[str, Any] = {"patients": n_patients, "healthy": n_healthy, "frames": frames, "seed": seed, **kind}
    asked["movement"] = movement
    if isinstance(people, IctPeople):
        asked["ict_facekit"] = people.sha256
    if portraits is not None:
        from facialis.cohorts.simulated.portraits import hash_portraits

        asked["portraits"] = hash_portraits(portraits)
    return asked


@contextmanager
def claimed(out: Path, asked: Mapping[str, object]) -> Iterator[Path]:
    """Make the folder `out` for a simulation and hold it for the block; yield its folder of parts.

    An error before anything is simulated takes the folder away again.

    Raises
    ------
    CohortError
        It holds a cohort, other files, or something unfinished with other settings, or cannot be made.
    FacialisError
        Another simulation is writing there.
    """
    from facialis import __version__

    if out.exists() and not out.is_dir():
        raise CohortError(f"{out}: is a file; name a new folder for the cohort")
    if (out / SIMULATION).exists():
        raise CohortError(f"{out}: holds a simulation already; choose another folder or `facialis cohort remove` it")
    parts = prepare_folder(out)
    busy = f"{out}: another simulation is writing there; wait for it or choose another folder"
    with locked(parts / "simulation.lock", busy):
        plan, text = parts / SIMULATION, json.dumps({**asked, "program": __version__})
        held = plan.read_text(encoding="utf-8", errors="replace") if plan.exists() else text
        if held != text or ((parts / "plan.txt").exists() and not plan.exists()):
            raise CohortError(
                f"{out}: holds an unfinished simulation with other settings; finish it with its own command, or "
                "`facialis cohort remove` it"
            )
        write_text(plan, text)
        try:
            yield parts
        except FacialisError:
            _leave(out, parts)
            raise


def _leave(out: Path, parts: Path) -> None:
    """Remove the folder if nothing was simulated yet, so that the next call may ask for something else."""
    held = {entry.name for folder in (out, parts) for entry in folder.iterdir()}
    if held <= {".gitignore", parts.name, SIMULATION, "simulation.lock"}:
        shutil.rmtree(out, ignore_errors=True)
