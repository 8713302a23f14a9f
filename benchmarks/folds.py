"""Time the folds of a study: ``python benchmarks/folds.py [--pictures 24]``; numbers drawn at random, only time counts.

Beside the time passed stands the processors' (user and system, all processes): the time passed on idle cores is no more
than that by their number, where the folds share them evenly; on a busy machine it alone can be compared.

All 21 folds of the paper's net on 10,000 frames of 29 measures, one process and two; then, on random pictures and
Mixer-B/16 at random weights, one pass of the frozen part (ten crops) against all 21 folds of heads trained on it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.models.encoders import Encoder, load_encoder
from facialis.models.inputs import Inputs
from facialis.studies.recipes import Recipe, load_recipes
from facialis.studies.splits import leave_one_patient_out
from facialis.studies.training import load_inputs, run_fold

N_PATIENTS, N_HEALTHY = 21, 20
N_FRAMES = 10_000
TARGET_S = 60


def frames_of(n: int) -> pd.DataFrame:
    """Return a table of n frames of 21 patients and 20 healthy subjects, in turn."""
    number = np.arange(n) % (N_PATIENTS + N_HEALTHY)
    patient = number < N_PATIENTS
    return pd.DataFrame(
        {
            "frame_id": [f"f{i}" for i in range(n)],
            "subject_id": [f"s{i:02d}" for i in number],
            "group": np.where(patient, "patient", "healthy"),
            "label": patient.astype(int),
            "source": "random",
            "sequence": "",
            "time": np.nan,
            "portrait": "",
            "path": "",
        }
    )


def cohort_of(folder: Path, n: int, *, pictures: bool) -> Cohort:
    """Write a cohort of n frames of random numbers."""
    rng, frames = np.random.default_rng(0), frames_of(n)
    arrays: dict[str, Any] = {"measures": rng.normal(size=(n, 29)) + 0.3 * frames["label"].to_numpy()[:, None]}
    if pictures:
        arrays["crops"] = rng.integers(0, 256, size=(n, 256, 256), dtype=np.uint8)
    return write_cohort(folder, frames, arrays, {"simulated": True, "random_numbers": True})


def all_folds(recipe: Recipe, cohort: Cohort, inputs: Inputs, encoder: Encoder | None, processes: int) -> None:
    """Train and ask every fold."""
    facts = {name: cohort.frames[name].to_numpy() for name in ("label", "subject_id")}
    Parallel(n_jobs=processes)(
        delayed(run_fold)(recipe, inputs, facts, train, test, encoder, seed=number)
        for number, (train, test) in enumerate(leave_one_patient_out(cohort.frames, seed=0))
    )


def timed(name: str, call: Callable[[], Any]) -> Any:
    """Print how long a call took, by the clock and of the processors' time, and return what it returned."""
    start, spent = time.perf_counter(), sum(os.times()[:4])
    answer = call()
    passed = time.perf_counter() - start
    get_reusable_executor().shutdown(wait=True)  # its processes are counted when they have ended
    print(f"{name:<66}{passed:>8.1f} s{sum(os.times()[:4]) - spent:>8.1f} s of processors", flush=True)
    return answer


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=0, help="frames with pictures; 0 leaves them out")
    n_pictures = parser.parse_args().pictures
    with tempfile.TemporaryDirectory() as folder:
        (recipe,) = load_recipes("measures-net")
        cohort = cohort_of(Path(folder) / "measures", N_FRAMES, pictures=False)
        inputs = load_inputs(recipe, cohort, None)
        print(f"target for {N_FRAMES:,} frames on two cores: under {TARGET_S} s")
        for n in (1, 2):
            name = f"{recipe.name}, {N_FRAMES:,} frames, {N_PATIENTS} folds, {n} process{'es' if n > 1 else ''}"
            timed(name, lambda n=n: all_folds(recipe, cohort, inputs, None, n))
        if n_pictures:
            (recipe,) = load_recipes("rgb-mixer", {"image.trains": "head"})
            encoder = load_encoder(recipe.image.encoder, random_weights=True)
            cohort = cohort_of(Path(folder) / "pictures", n_pictures, pictures=True)
            what = f"{recipe.name}, head alone, {n_pictures} frames"
            inputs = timed(f"{what}: one pass of ten crops", lambda: load_inputs(recipe, cohort, encoder))
            timed(f"{what}: {N_PATIENTS} folds", lambda: all_folds(recipe, cohort, inputs, encoder, 1))


if __name__ == "__main__":
    main()
