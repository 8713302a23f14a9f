"""A cohort and recipes become results: fold by fold, each kept as soon as it is done, so that a killed run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from facialis.clusters import check_engine
from facialis.cohorts.cohort import Cohort
from facialis.cohorts.duplicates import find_duplicates
from facialis.errors import CohortError, FacialisError, RecipeError, WeightsError
from facialis.files import atomic_path, locked, write_text
from facialis.models.encoders import Encoder
from facialis.progress import bar
from facialis.studies.claim import check_folder, claim, describe
from facialis.studies.engine import run_jobs
from facialis.studies.jobs import FoldJob, Source, forget, read_fold, run_job, write_fold
from facialis.studies.results import Settings, compare_rows, failed_row, row_facts
from facialis.studies.selection import candidates
from facialis.studies.settings import Recipe
from facialis.studies.splits import PATIENT_OUT, Folds, make_folds

Weights = Path | str | Mapping[str, Path | str] | None


@dataclass
class _Row:
    """A recipe on its way: its jobs by variant (the study itself, other seeds, other splits), or why it cannot run."""

    recipe: Recipe
    source: Source
    jobs: dict[str, list[FoldJob]] = field(default_factory=dict)
    error: FacialisError | None = None

    def table(self, variant: str) -> pd.DataFrame:
        """Return the predictions of all folds."""
        tables = [read_fold(job) for job in self.jobs[variant]]
        if any(table is None for table in tables):
            raise FacialisError(f"a fold of {self.recipe.name} was changed while the study ran; start it again")
        return pd.concat([table for table in tables if table is not None], ignore_index=True)


def run_study(
    cohort: Cohort,
    recipes: Recipe | Sequence[Recipe],
    out: Path | str,
    *,
    weights: Weights = None,
    random_weights: bool = False,
    split: str = PATIENT_OUT,
    select: Mapping[str, Sequence[object]] | None = None,
    seed: int = 0,
    seeds: int = 1,
    n_bootstrap: int = 2000,
    device: str = "cpu",
    engine: str = "processes",
    workers: int = 1,
    allow_duplicates: bool = False,
    keep_going: bool = False,
) -> dict[str, Any]:
    """Run recipes on a cohort, fold by fold, and write and return the results.

    Written to `out`: ``study.json`` (what this study is), ``folds/RECIPE/fold-00.parquet`` ... (each as soon as it is
    done), and at the end ``predictions.parquet`` and ``results.json``. Started again in the same folder it goes on
    with the folds that are missing, and ends with the same bytes, whatever the number of workers.

    Parameters
    ----------
    weights
        A file for every encoder, or a file for each by its name; as in `load_encoder`.
    random_weights
        A dry run of the recipes with an image encoder.
    split
        ``leave-one-patient-out`` (the paper's), ``leave-one-subject-out``, or a number of folds as ``5-fold``.
    select
        Dotted key of a recipe to the values to choose from inside each fold, on its training side.
    seed
        Of the split, of each fold's training and of the bootstrap.
    seeds
        More than 1: so many seeds of the training on the same split, and so many splits with the same training.
    device
        ``cpu``, ``cuda``, or ``auto``: a GPU where there is one.
    engine, workers
        How folds are run side by side; each trains on one thread.
    allow_duplicates
        Run although pictures or subjects stand in the cohort twice.
    keep_going
        A row that cannot run says why in its place, and the others go on.

    Raises
    ------
    FacialisError
        Before anything is trained: another process is at work in the folder; it holds files of somebody else, or
        another study (`RecipeError`, `CohortError`: what differs is named); the cohort lacks a modality, was changed or
        holds duplicates (`CohortError`) or cannot be split (`SplitError`); weights cannot be had (`WeightsError`).
        Later: a training diverged (`RecipeError`), a worker died.
    """
    recipes = (recipes,) if isinstance(recipes, Recipe) else tuple(recipes)
    names = [recipe.name for recipe in recipes]
    if not recipes or len(set(names)) != len(names):
        raise RecipeError(f"a study needs recipes with a name of their own each, got {', '.join(names) or 'none'}")
    if seeds < 1:
        raise RecipeError(f"seeds is 1 or more, got {seeds}")
    chosen = {key: tuple(values) for key, values in (select or {}).items()}
    for recipe in recipes:
        candidates(recipe, chosen)
    device = check_device(device)
    check_engine(engine)
    out, rows = Path(out), []
    check_folder(out)
    try:
        cohort.verify({m for r in recipes for m in r.modalities if m in cohort.modalities or not keep_going})
        if not allow_duplicates:
            check_duplicates(cohort)
        variants = _variants(cohort, split, seed, seeds)
        for recipe in recipes:
            path, file = Path(cohort.path).resolve(), weights_of(recipe, weights)
            rows.append(_Row(recipe, Source(path, cohort.hash, recipe, file, random_weights, seed, device)))
        encoders = _encoders(rows, keep_going)
        facts = describe(
            cohort, recipes, encoders, seed=seed, select=chosen, device=device,
            split={"name": split, "n_folds": len(variants[""][1])},
        )  # fmt: skip
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FacialisError(f"cannot make the folder {out}: {error.strerror or error}") from error
        with locked(out / ".lock", f"{out}: another study is writing there; wait for it or choose another folder"):
            claim(out, facts)
            for row in rows:
                for variant, (start, folds) in variants.items():
                    folder = out / "folds" / row.recipe.name / variant
                    row.jobs[variant] = [
                        FoldJob(
                            row.source, k, train, test, fold_seed(start, k), chosen, folder / f"fold-{k:02d}.parquet"
                        )
                        for k, (train, test) in enumerate(folds)
                    ]
            _train(rows, engine, workers, keep_going)
            return _finish(rows, cohort, encoders, facts, out, Settings(seed, n_bootstrap))
    finally:
        forget()


def check_device(device: str) -> str:
    """Return the device, for ``auto`` a GPU or else the CPU; raise `RecipeError` unless torch can compute on it."""
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        raise RecipeError(f"device {device!r} cannot be used here ({why}); cpu always can") from error
    return device


def check_duplicates(cohort: Cohort) -> None:
    """Raise `CohortError` where subjects or pictures stand in a cohort twice."""
    found = find_duplicates(cohort.frames)
    if found:
        more = f" (and {len(found) - 1} more: `facialis cohort show {cohort.path}`)" if len(found) > 1 else ""
        raise CohortError(
            f"{cohort.path}: {found[0]}{more}; the same face could be trained on and tested: take one away, or say "
            "--allow-duplicates"
        )


def fold_seed(seed: int, fold: int) -> int:
    """Return the seed of a fold's training; every recipe has the same for the same fold."""
    return int(np.random.SeedSequence([seed, fold]).generate_state(1)[0])


def _variants(cohort: Cohort, split: str, seed: int, seeds: int) -> dict[str, tuple[int, Folds]]:
    """Return the seed of training and the folds of the study itself and of each other seed and split."""
    folds = make_folds(cohort.frames, split, seed=seed)
    variants = {"": (seed, folds)}
    for other in range(seed + 1, seed + seeds):
        variants[f"seed-{other}"] = (other, folds)
        dealt = make_folds(cohort.frames, split, seed=other)
        if any(not np.array_equal(a, b) for (_, a), (_, b) in zip(folds, dealt, strict=True)):
            variants[f"split-{other}"] = (seed, dealt)
    return variants


def weights_of(recipe: Recipe, weights: Weights) -> Path | None:
    """Return the file of a recipe's image encoder, or None where none is given or needed."""
    if isinstance(weights, Mapping):
        weights = weights.get(recipe.image.encoder)
    return None if weights is None or not recipe.uses_image else Path(weights)


def _encoders(rows: Sequence[_Row], keep_going: bool) -> dict[str, Encoder | None]:
    encoders: dict[str, Encoder | None] = {}
    for row in rows:
        if row.recipe.uses_image:
            name = row.recipe.image.encoder
            try:
                encoders[name] = row.source.encoder()
            except WeightsError as error:
                if not keep_going:
                    raise
                row.error = error
                encoders.setdefault(name, None)
    return encoders


def _train(rows: Sequence[_Row], engine: str, workers: int, keep_going: bool) -> None:
    """Run the folds that are missing, of all rows side by side."""
    pending: list[FoldJob] = []
    for row in rows:
        if row.error is None:
            missing = [job for jobs in row.jobs.values() for job in jobs if read_fold(job) is None]
            try:
                if missing:
                    row.source.inputs()
            except FacialisError as error:
                if not keep_going:
                    raise
                row.error = error
            else:
                pending += missing
    by_name = {row.recipe.name: row for row in rows}
    n_all = sum(len(jobs) for row in rows for jobs in row.jobs.values() if row.error is None)
    with bar("folds", n_all, unit="folds") as advance:
        advance(n_all - len(pending))
        for job, answers, settings in run_jobs(run_job, pending, engine=engine, workers=workers):
            if isinstance(answers, FacialisError):
                if not keep_going:
                    raise answers
                by_name[job.source.recipe.name].error = answers
            else:
                write_fold(job, answers, settings)
            advance(1)


def _finish(
    rows: Sequence[_Row],
    cohort: Cohort,
    encoders: Mapping[str, Encoder | None],
    facts: dict[str, Any],
    out: Path,
    settings: Settings,
) -> dict[str, Any]:
    """Make the figures of all rows and write them."""
    unusable = pd.read_parquet(cohort.path / "unusable.parquet")
    tables: dict[str, pd.DataFrame] = {}
    found = []
    for row in rows:
        encoder = encoders.get(row.recipe.image.encoder) if row.recipe.uses_image else None
        if row.error is None:
            others = {variant: row.table(variant) for variant in row.jobs if variant}
            tables[row.recipe.name] = row.table("")
            n_train = [len(job.train) for job in row.jobs[""]]
            found.append(
                row_facts(row.recipe, tables[row.recipe.name], encoder, cohort, unusable, n_train, others, settings)
            )
        else:
            found.append(failed_row(row.recipe, encoder, cohort, str(row.error)))
    if not tables:
        raise FacialisError(f"no row could run; the first: {found[0]['error']}")
    compare_rows(found, tables, seed=settings.seed)
    results = {**facts, "n_bootstrap": settings.n_bootstrap, "rows": found}
    with atomic_path(out / "predictions.parquet") as temporary:
        pd.concat(tables.values(), ignore_index=True).to_parquet(temporary, index=False)
    write_text(out / "results.json", json.dumps(results, indent=1, allow_nan=False) + "\n")
    return results
