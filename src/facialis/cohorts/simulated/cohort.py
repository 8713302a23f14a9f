"""A simulated cohort on disk, as extraction would write it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort, prepare_folder, write_cohort
from facialis.cohorts.extraction import extract
from facialis.cohorts.simulated.movements import views
from facialis.cohorts.simulated.simulate import check_counts, simulate_faces
from facialis.errors import CohortError
from facialis.files import write_text
from facialis.modalities.coordinates import coordinates
from facialis.modalities.measures import measure


def simulate_cohort(
    out: Path | str,
    n_patients: int,
    n_healthy: int,
    frames: int,
    *,
    seed: int = 0,
    pictures: bool = False,
    movement: str = "mixed",
    workers: int = 1,
    portraits: Path | str | None = None,
) -> Cohort:
    """Simulate a cohort and write it; the same arguments give the same bytes.

    Without pictures the landmarks are simulated as the landmarker would report them, and the cohort has no expression
    scores, crops or lines. With pictures they are drawn into ``COHORT/pictures`` and then really extracted;
    `portraits` is a folder of healthy people's photos to make them from. `movement` is as for
    `simulate_faces`.

    Raises
    ------
    CohortError
        A count is out of range, a view is unknown, the folder cannot be written, `portraits` holds no photo with
        exactly one face, or `out` holds a cohort, or an unfinished one with other arguments.
    """
    out = Path(out)
    check_counts(n_patients, n_healthy, frames)
    if movement != "mixed":
        views(movement)
    if out.exists() and not out.is_dir():
        raise CohortError(f"{out}: is a file; name a new folder for the cohort")
    asked: dict[str, Any] = {
        "patients": n_patients,
        "healthy": n_healthy,
        "frames": frames,
        "seed": seed,
        "pictures": pictures,
        "movement": movement,
    }
    if portraits is not None:
        if not pictures:
            raise CohortError("portraits are given but no pictures are asked for; add --pictures")
        asked["portraits"] = str(portraits)
    provenance = {"simulated": True, "sources": ["simulated"], "simulation": asked}
    sitters = None
    if portraits is not None:
        from facialis.cohorts.simulated.picture import read_portrait_folder

        sitters = read_portrait_folder(portraits)
    _claim(prepare_folder(out), asked)
    if not pictures:
        faces = simulate_faces(n_patients, n_healthy, frames, seed, movement=movement)
        arrays: dict[str, NDArray[Any]] = {
            "landmarks": faces.landmarks,
            "transforms": faces.transforms,
            "measures": measure(faces.landmarks),
            "coordinates": coordinates(faces.landmarks),
        }
        return write_cohort(out, faces.frames, arrays, provenance)

    from facialis.cohorts.simulated.picture import simulate_pictures

    table = simulate_pictures(out, n_patients, n_healthy, frames, seed, sitters, movement=movement)
    return extract(table, out, out, provenance=provenance, workers=workers)


def _claim(parts: Path, asked: Mapping[str, object]) -> None:
    """Write down what is simulated, or refuse a folder with an unfinished simulation of something else."""
    plan, text = parts / "simulation.json", json.dumps(asked)
    if plan.exists() and plan.read_text(encoding="utf-8", errors="replace") != text:
        raise CohortError(
            f"{parts.parent}: holds an unfinished simulation with other settings; finish it with its own command, or "
            "`facialis cohort remove` it"
        )
    write_text(plan, text)
