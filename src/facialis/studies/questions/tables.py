"""Predictions and rows of studies become the figures of an answer; folds beyond `run_study`'s are run here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from facialis.errors import FacialisError, RecipeError
from facialis.progress import bar
from facialis.studies.engine import run_jobs
from facialis.studies.jobs import FoldJob, Source, forget, read_fold, run_job, write_fold
from facialis.studies.metrics import summarise
from facialis.studies.questions.question import Asking, Figure
from facialis.studies.recipes import load_recipes
from facialis.studies.results import percent
from facialis.studies.settings import Recipe
from facialis.studies.splits import make_folds
from facialis.studies.study import check_device, check_duplicates, fold_seed, weights_of
from facialis.studies.training import Answers

F1 = "F1, mean of folds, %"

Variants = Mapping[str, Answers] | FacialisError


NOTHING_SAID = "nothing can be said"


def row_figure(what: str, row: Mapping[str, Any], study: Path, note: str = "") -> Figure:
    """Return the F1 of a row of the study in that folder; for one that could not run, why."""
    if "error" in row:
        return Figure(what, F1, None, None, None, 0, 0, str(row["error"]))
    if row["f1"] is None:
        note = "; ".join(filter(None, ("undefined in every fold", note)))
    table = pd.read_parquet(study / "predictions.parquet", filters=[("recipe", "==", row["recipe"])])
    note = "; ".join(filter(None, (note, one_class(table))))
    low, high = row["f1_interval"]
    return Figure(what, F1, row["f1"], low, high, row["n_subjects"], row["n_frames"], note)


def table_figure(what: str, table: pd.DataFrame, asking: Asking, note: str = "") -> Figure:
    """Return the F1 of predictions, with its interval."""
    found = summarise(
        table["fold"], table["subject_id"].astype(str), table["group"] == "patient", table["label"],
        table["predicted"], seed=asking.seed, n_bootstrap=asking.n_bootstrap,
    )  # fmt: skip
    value, (low, high) = percent(found.mean.f1), found.intervals["f1"]
    if value is None:
        note = "; ".join(filter(None, ("undefined in every fold", note)))
    note = "; ".join(filter(None, (note, one_class(table))))
    n = int(table["subject_id"].nunique()), int(table["frame_id"].nunique())
    return Figure(what, F1, value, percent(low), percent(high), *n, note)


def one_class(table: pd.DataFrame) -> str:
    """Return in how many of the folds that test both labels a model answers one class alone; nothing if in none."""
    kinds = table.groupby("fold")[["label", "predicted"]].nunique()
    both = kinds[kinds["label"] == 2]
    n = int((both["predicted"] == 1).sum())
    if not n:
        return ""
    so = f": {NOTHING_SAID}" if 2 * n > len(both) else ""
    return f"the model answers one class in {n} of {len(both)} folds{so}"


def made_of(asking: Asking, weights: str | None) -> str:
    """Return how a sentence begins: what its figures were made of, where that is not real faces and weights."""
    flags = ("simulated faces" if asking.cohort.simulated else "", "random weights" if weights == "random" else "")
    told = ", ".join(filter(None, flags))
    return f"On {told}: " if told else ""


def told(figure: Figure) -> str:
    """Return a figure in words: value and interval."""
    if figure.value is None:
        return "undefined"
    return f"{figure.value:.1f} ({_digits(figure.low)} to {_digits(figure.high)})"


def _digits(value: float | None) -> str:
    return "?" if value is None else f"{value:.1f}"


def recipes_of(asking: Asking, default: str) -> tuple[Recipe, ...]:
    """Return the recipes that are asked about, by default one."""
    return tuple(r for name in asking.recipes or (default,) for r in load_recipes(name, asking.overrides))


def recipe_of(asking: Asking, default: str) -> Recipe:
    """Return the one recipe that is asked about.

    Raises
    ------
    RecipeError
        Several are.
    """
    recipes = recipes_of(asking, default)
    if len(recipes) > 1:
        raise RecipeError(f"this question is asked of one recipe, got {', '.join(r.name for r in recipes)}; name one")
    return recipes[0]


def weights_kind(asking: Asking, recipe: Recipe) -> str | None:
    """Return where the weights of a recipe's encoder come from ("random", "local", "hub"), None without one."""
    encoder = source_of(asking, recipe).encoder()
    return encoder.weights.kind if encoder is not None else None


def predictions(asking: Asking, recipe: Recipe) -> pd.DataFrame:
    """Return a recipe's out-of-fold answers under the question's split, a row a tested frame."""
    source, folder = source_of(asking, recipe), folder_of(asking, recipe)
    jobs = [
        FoldJob(source, k, train, test, fold_seed(asking.seed, k), {}, folder / f"fold-{k:02d}.parquet")
        for k, (train, test) in enumerate(make_folds(asking.cohort.frames, asking.split, seed=asking.seed))
    ]
    return run_folds(asking, jobs)[folder]


def source_of(asking: Asking, recipe: Recipe) -> Source:
    """Return what a recipe's folds need."""
    path, file = Path(asking.cohort.path).resolve(), weights_of(recipe, asking.weights)
    return Source(path, asking.cohort.hash, recipe, file, asking.random_weights, asking.seed, asking.device)


def folder_of(asking: Asking, recipe: Recipe) -> Path:
    """Return the folder of a recipe's folds: another for other settings, another cohort or other weights."""
    facts = (asking.cohort.hash, recipe, asking.weights, asking.random_weights, asking.split, asking.seed)
    return asking.out / "folds" / f"{recipe.name}-{hashlib.sha256(repr(facts).encode()).hexdigest()[:12]}"


def plain(job: FoldJob) -> tuple[FoldJob, Variants]:
    """Train and test a fold as a study does."""
    job, answers, _ = run_job(job)
    return job, answers if isinstance(answers, FacialisError) else {"": answers}


def run_folds(
    asking: Asking,
    jobs: Sequence[FoldJob],
    function: Callable[[FoldJob], tuple[FoldJob, Variants]] = plain,
    variants: Sequence[str] = ("",),
) -> dict[Path, pd.DataFrame]:
    """Run the folds that are missing and return the predictions by folder, in the jobs' order.

    `function` answers for each variant of a fold; each is kept as ``VARIANT/fold-00.parquet`` in the job's folder.

    Raises
    ------
    FacialisError
        Before anything is trained: the cohort was changed or holds duplicates, the device cannot be used. Later: a
        training diverged, a worker died.
    """
    check_device(asking.device)
    if not asking.allow_duplicates:
        check_duplicates(asking.cohort)
    asking.cohort.verify({name for job in jobs for name in job.source.recipe.modalities})
    try:
        missing = [job for job in jobs if any(read_fold(_variant(job, v)) is None for v in variants)]
        for source in dict.fromkeys(job.source for job in missing):
            source.inputs()
        with bar("folds", len(jobs), unit="folds") as advance:
            advance(len(jobs) - len(missing))
            for job, answers in run_jobs(function, missing, engine=asking.engine, workers=asking.workers):
                if isinstance(answers, FacialisError):
                    raise answers
                for variant in variants:
                    write_fold(_variant(job, variant), answers[variant], {})
                advance(1)
        tables: dict[Path, list[pd.DataFrame]] = {}
        for job in jobs:
            for kept in (_variant(job, variant) for variant in variants):
                table = read_fold(kept)
                if table is None:
                    raise FacialisError(f"{kept.path} was changed while the question was asked; ask it again")
                tables.setdefault(kept.path.parent, []).append(table)
        return {folder: pd.concat(parts, ignore_index=True) for folder, parts in tables.items()}
    finally:
        forget()


def _variant(job: FoldJob, variant: str) -> FoldJob:
    return replace(job, path=job.path.parent / variant / job.path.name)
