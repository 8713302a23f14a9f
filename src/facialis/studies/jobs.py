"""One fold as a job that any process can do: what it needs is named in it, and loaded once a process."""

from __future__ import annotations

import json
import platform
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError, FacialisError
from facialis.files import atomic_path
from facialis.models.encoders import Encoder, load_encoder
from facialis.models.estimator import threads
from facialis.models.inputs import Inputs
from facialis.studies.fold_shares import PREFIX
from facialis.studies.selection import choose
from facialis.studies.settings import Recipe
from facialis.studies.training import Answers, load_inputs, run_fold

COLUMNS = ("frame_id", "subject_id", "group", "sequence", "label")


@dataclass(frozen=True)
class Source:
    """What a row's models take and where it lies: the cohort, and for an image row its encoder's weights."""

    cohort: Path
    cohort_hash: str
    recipe: Recipe
    weights: Path | None
    random_weights: bool
    seed: int
    device: str

    def encoder(self) -> Encoder | None:
        """Return the image encoder, loaded once a process."""
        if not self.recipe.uses_image:
            return None
        return _encoder(self.recipe.image.encoder, self.weights, self.random_weights, self.seed)

    def inputs(self) -> Inputs:
        """Return the arrays; the trunk's tokens are computed where they are missing."""
        return _inputs(self)

    def frames(self) -> pd.DataFrame:
        """Return the cohort's table."""
        return _cohort(self.cohort, self.cohort_hash).frames


@dataclass(frozen=True, eq=False)
class FoldJob:
    """A fold of a row: the rows that train and test, the seed of its training, values to choose from, its file."""

    source: Source
    number: int
    train: NDArray[np.intp]
    test: NDArray[np.intp]
    seed: int
    select: dict[str, tuple[object, ...]]
    path: Path


def run_job(job: FoldJob) -> tuple[FoldJob, Answers | FacialisError, dict[str, object]]:
    """Train and test a fold on one thread, so that workers do not trample each other and their number tells nothing.

    Returns the job, the answers (or what went wrong), and the settings chosen inside the fold.
    """
    source, recipe = job.source, job.source.recipe
    settings: dict[str, object] = {}
    try:
        if not source.cohort.is_dir():
            raise CohortError(
                f"{source.cohort}: the worker on {platform.node()} does not see this folder; workers need the cohort "
                "at the same path"
            )
        with threads(1):
            frames, inputs, encoder = source.frames(), source.inputs(), source.encoder()
            if job.select:
                settings, recipe = choose(
                    recipe, job.select, inputs, frames, job.train, encoder, seed=job.seed, device=source.device
                )
            columns = {name: frames[name].to_numpy() for name in ("label", "subject_id")}
            answers = run_fold(
                recipe, inputs, columns, job.train, job.test, encoder, seed=job.seed, device=source.device
            )
    except FacialisError as error:
        return job, error, {}
    return job, answers, settings


def forget() -> None:
    """Let go of what this process has loaded."""
    for cache in (_cohort, _encoder, _inputs):
        cache.cache_clear()


def write_fold(job: FoldJob, answers: Answers, settings: dict[str, object]) -> None:
    """Keep a finished fold as a table, a row a held-out frame."""
    held_out = job.source.frames().iloc[job.test].reset_index(drop=True)
    table = pd.DataFrame(
        {
            "recipe": job.source.recipe.name,
            "fold": job.number,
            **{name: held_out[name] for name in COLUMNS},
            "logit_no_palsy": answers.logits[:, 0],
            "logit_palsy": answers.logits[:, 1],
            "probability": answers.probability,
            "threshold": answers.threshold,
            "predicted": answers.predicted,
            "selected": json.dumps(settings),
            **{PREFIX + name: share for name, share in answers.shares.items()},
        }
    )
    job.path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(job.path) as temporary:
        table.to_parquet(temporary, index=False)


def read_fold(job: FoldJob) -> pd.DataFrame | None:
    """Return a finished fold, or None where it is not there, damaged or of other frames."""
    try:
        table = pd.read_parquet(job.path)
    except (OSError, ValueError):
        return None
    held_out = job.source.frames()["frame_id"].iloc[job.test]
    fits = "frame_id" in table and "selected" in table and table["frame_id"].tolist() == held_out.tolist()
    return table if fits else None


@lru_cache(maxsize=1)
def _cohort(path: Path, digest: str) -> Cohort:
    cohort = Cohort.open(path)
    if cohort.hash != digest:
        raise CohortError(f"{path}: was made anew while a study was at work on it; start the study again")
    return cohort


@lru_cache(maxsize=4)
def _encoder(name: str, weights: Path | None, random_weights: bool, seed: int) -> Encoder:
    return load_encoder(name, weights=weights, random_weights=random_weights, seed=seed)


@lru_cache(maxsize=2)
def _inputs(source: Source) -> Inputs:
    options: dict[str, Any] = {"device": source.device}
    return load_inputs(source.recipe, _cohort(source.cohort, source.cohort_hash), source.encoder(), **options)
