"""A cohort and recipes become results: fold by fold, each kept as soon as it is done, so that a killed run goes on."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError, FacialisError, RecipeError
from facialis.files import atomic_path, locked, write_text
from facialis.models.encoders import Encoder, load_encoder
from facialis.progress import bar
from facialis.studies.recipes import Recipe
from facialis.studies.results import fold_facts, row_facts, table_rows, write_tables
from facialis.studies.splits import leave_one_patient_out
from facialis.studies.training import Answers, load_inputs, run_fold

SCHEMA = 1
Folds = list[tuple[NDArray[np.intp], NDArray[np.intp]]]
_COLUMNS = ("frame_id", "subject_id", "group", "label")


def run_study(
    cohort: Cohort,
    recipes: Recipe | Sequence[Recipe],
    out: Path | str,
    *,
    weights: Path | str | None = None,
    random_weights: bool = False,
    seed: int = 0,
    n_bootstrap: int = 2000,
    device: str = "cpu",
) -> dict[str, Any]:
    """Run recipes on a cohort, leaving one patient out at a time, and write and return the results.

    Written to `out`: ``study.json`` (what this study is), ``folds/RECIPE/fold-00.parquet`` ... (each as soon as it is
    done), and at the end ``predictions.parquet``, ``results.json``, ``table.txt`` and ``table.csv``. Started again
    in the same folder it goes on with the next fold, and ends with the same bytes.

    Parameters
    ----------
    weights, random_weights
        As in `load_encoder`, for the recipes with an image encoder.
    seed
        Of the split, of each fold's training and of the bootstrap.

    Returns
    -------
    dict
        The content of ``results.json``; `facialis.studies.results.table_rows` makes the printed table of it.

    Raises
    ------
    FacialisError
        Before anything is trained: another process is at work in the folder; it holds another study (`RecipeError`,
        `CohortError`: what differs is named); the cohort lacks a modality or was changed (`CohortError`) or cannot be
        split (`SplitError`); weights cannot be had (`WeightsError`). Later: a training diverged (`RecipeError`).
    """
    recipes = (recipes,) if isinstance(recipes, Recipe) else tuple(recipes)
    names = [recipe.name for recipe in recipes]
    if not recipes or len(set(names)) != len(names):
        raise RecipeError(f"a study needs recipes with a name of their own each, got {', '.join(names) or 'none'}")
    check_device(device)
    cohort.verify({modality for recipe in recipes for modality in recipe.modalities})
    folds = list(leave_one_patient_out(cohort.frames, seed=seed))
    encoders = {
        name: load_encoder(name, weights=weights, random_weights=random_weights, seed=seed)
        for name in dict.fromkeys(recipe.image.encoder for recipe in recipes if recipe.uses_image)
    }
    facts = describe(cohort, recipes, encoders, seed=seed, n_folds=len(folds), device=device)
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FacialisError(f"cannot make the folder {out}: {error.strerror or error}") from error
    with locked(out / ".lock", f"{out}: another study is writing there; wait for it or choose another folder"):
        _claim(out, facts)
        rows, tables = [], []
        for recipe in recipes:
            encoder = encoders[recipe.image.encoder] if recipe.uses_image else None
            table = _run_recipe(recipe, cohort, folds, encoder, out / "folds" / recipe.name, seed, device)
            row = row_facts(
                recipe,
                table,
                encoder,
                simulated=cohort.simulated,
                n_portraits=cohort.frames.loc[cohort.frames["portrait"] != "", "portrait"].nunique(),
                seed=seed,
                n_bootstrap=n_bootstrap,
            )
            row["folds"] = fold_facts(table, row.pop("scores"), [len(train) for train, _ in folds])
            rows.append(row)
            tables.append(table)
        results = {**facts, "n_bootstrap": n_bootstrap, "rows": rows}
        with atomic_path(out / "predictions.parquet") as temporary:
            pd.concat(tables, ignore_index=True).to_parquet(temporary, index=False)
        write_tables(table_rows(results), out)
        write_text(out / "results.json", json.dumps(results, indent=1, allow_nan=False) + "\n")
    return results


def check_device(device: str) -> None:
    """Raise `RecipeError` unless torch can compute on the device."""
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        why = str(error).splitlines()[0]
        raise RecipeError(f"device {device!r} cannot be used here ({why}); cpu always can") from error


def describe(
    cohort: Cohort,
    recipes: Sequence[Recipe],
    encoders: Mapping[str, Encoder],
    *,
    seed: int,
    n_folds: int,
    device: str,
) -> dict[str, Any]:
    """Return what a study is: all that decides its figures. A folder holds one such study."""
    from facialis import __version__

    packages = ("numpy", "torch", "timm", "skorch", "scikit-learn")
    facts = {
        "schema": SCHEMA,
        "simulated": cohort.simulated,
        "cohort": {"hash": cohort.hash, "provenance": cohort.provenance},
        "recipes": {recipe.name: asdict(recipe) for recipe in recipes},
        "weights": {name: asdict(encoder.weights) for name, encoder in encoders.items()},
        "split": {"name": "leave-one-patient-out", "n_folds": n_folds},
        "seed": seed,
        "device": device,
        "versions": {
            "facialis": __version__,
            "python": platform.python_version(),
            **{p: version(p) for p in packages},
        },
    }
    plain: dict[str, Any] = json.loads(json.dumps(facts))
    return plain


def fold_seed(seed: int, fold: int) -> int:
    """Return the seed of a fold's training; every recipe has the same for the same fold."""
    return int(np.random.SeedSequence([seed, fold]).generate_state(1)[0])


def _claim(out: Path, facts: dict[str, Any]) -> None:
    path = out / "study.json"
    if not path.exists():
        write_text(path, json.dumps(facts, indent=1) + "\n")
        return
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FacialisError(f"{path}: cannot be read ({error}); choose another folder") from error
    if held == facts:
        return
    there, here = _flat(held), _flat(facts)
    key = next(key for key in [*here, *there] if there.get(key) != here.get(key))
    kind = CohortError if key.startswith("cohort") else RecipeError
    raise kind(
        f"{out} holds another study: {key} is {_short(there.get(key))} there and {_short(here.get(key))} here;"
        " choose another folder, or remove that one"
    )


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(value, dict):
        return {prefix: value}
    return {k: v for key, part in value.items() for k, v in _flat(part, f"{prefix}.{key}" if prefix else key).items()}


def _short(value: Any) -> str:
    text = "missing" if value is None else str(value)
    return text if len(text) <= 40 else text[:16] + "..."


def _run_recipe(
    recipe: Recipe,
    cohort: Cohort,
    folds: Folds,
    encoder: Encoder | None,
    folder: Path,
    seed: int,
    device: str,
) -> pd.DataFrame:
    folder.mkdir(parents=True, exist_ok=True)
    frames = {name: cohort.frames[name].to_numpy() for name in ("label", "subject_id")}
    tables = []
    inputs = None
    with bar(recipe.name, len(folds), unit="folds") as advance:
        for number, (train, test) in enumerate(folds):
            path = folder / f"fold-{number:02d}.parquet"
            held_out = cohort.frames.iloc[test].reset_index(drop=True)
            table = _read_fold(path, held_out)
            if table is None:
                if inputs is None:
                    inputs = load_inputs(recipe, cohort, encoder, device=device)
                answers = run_fold(
                    recipe, inputs, frames, train, test, encoder, seed=fold_seed(seed, number), device=device
                )
                table = _fold_table(recipe.name, number, held_out, answers)
                with atomic_path(path) as temporary:
                    table.to_parquet(temporary, index=False)
            tables.append(table)
            advance(1)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return pd.concat(tables, ignore_index=True)


def _fold_table(recipe: str, number: int, held_out: pd.DataFrame, answers: Answers) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "recipe": recipe,
            "fold": number,
            **{name: held_out[name] for name in _COLUMNS},
            "logit_no_palsy": answers.logits[:, 0],
            "logit_palsy": answers.logits[:, 1],
            "probability": answers.probability,
            "threshold": answers.threshold,
            "predicted": answers.predicted,
        }
    )


def _read_fold(path: Path, held_out: pd.DataFrame) -> pd.DataFrame | None:
    """Return a finished fold, or None where it is not there, damaged or of other frames."""
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError):
        return None
    fits = "frame_id" in table and table["frame_id"].tolist() == held_out["frame_id"].tolist()
    return table if fits else None
