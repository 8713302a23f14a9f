"""A simulated cohort on disk, as extraction would write it."""

from __future__ import annotations

import json
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
) -> Cohort:
    """Simulate a cohort and write it; the same arguments give the same bytes.

    Without pictures the landmarks are simulated as the landmarker would report them, and the cohort has no expression
    scores, crops or lines. With pictures they are drawn into ``COHORT/pictures`` and then really extracted.
    `movement` is as for `simulate_faces`.

    Raises
    ------
    CohortError
        A count is out of range, a view is unknown, the folder cannot be written, or `out` holds a cohort, or an
        unfinished one with other arguments.
    """
    out = Path(out)
    check_counts(n_patients, n_healthy, frames)
    if movement != "mixed":
        views(movement)
    if out.exists() and not out.is_dir():
        raise CohortError(f"{out}: is a file; name a new folder for the cohort")
    if (out / "cohort.json").exists():
        raise CohortError(f"{out}: holds a cohort already; choose another folder or `facialis cohort remove` it")
    asked: dict[str, int | str] = {
        "patients": n_patients,
        "healthy": n_healthy,
        "frames": frames,
        "seed": seed,
        "pictures": pictures,
    }
    asked["movement"] = movement
    provenance = {"simulated": True, "sources": ["simulated"], "simulation": asked}
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

    prepare_folder(out)
    plan = out / ".parts" / "simulation.json"
    if plan.exists() and json.loads(plan.read_text(encoding="utf-8")) != asked:
        raise CohortError(f"{out}: holds an unfinished simulation with other settings; `facialis cohort remove` it")
    plan.parent.mkdir(exist_ok=True)
    write_text(plan, json.dumps(asked))
    table = simulate_pictures(out, n_patients, n_healthy, frames, seed, movement=movement)
    return extract(table, out, out, provenance=provenance, workers=workers)
