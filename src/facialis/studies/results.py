"""Figures of a study's rows, as they go into ``results.json``. In per cent; None where undefined."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import GROUPS
from facialis.models.encoders import ENCODERS, Encoder
from facialis.studies.calibration import calibration
from facialis.studies.comparison import compare, holm
from facialis.studies.curves import curves
from facialis.studies.fold_shares import summary
from facialis.studies.levels import LEVELS, aggregate, with_unusable
from facialis.studies.metrics import METRICS, Score, Summary, summarise
from facialis.studies.paper import PAPER_FIGURES
from facialis.studies.settings import Recipe

REFERENCE = "early-fusion"
"""The row that the others are compared with: measures + RGB, the paper's best."""
MOST_CURVE_DRAWS = 500


@dataclass(frozen=True)
class Settings:
    """Seed of the intervals and tests, and draws of the bootstrap."""

    seed: int
    n_bootstrap: int


def row_facts(
    recipe: Recipe,
    table: pd.DataFrame,
    encoder: Encoder | None,
    cohort: Cohort,
    unusable: pd.DataFrame,
    n_train: Sequence[int],
    others: Mapping[str, pd.DataFrame],
    settings: Settings,
) -> dict[str, Any]:
    """Return a row's figures from its predictions.

    ``f1``, ``precision`` and ``recall`` are the paper's means over folds, with ``*_interval``; ``undefined`` names the
    folds left out of each mean; ``pooled`` has the figures of all predictions together. ``levels`` has the same for
    sequences and subjects, ``all_frames`` with frames without a usable face counted as wrong, ``groups`` how many
    those are; ``seeds`` the F1 of other seeds and splits; ``leans_on`` what the answers rest on (see
    `facialis.studies.fold_shares.summary`); ``folds`` each fold's figures.

    Parameters
    ----------
    table
        Predictions of the study itself.
    unusable
        The cohort's frames without a usable face.
    n_train
        Frames that each fold trained on.
    others
        Predictions with other seeds of training (``seed-1`` ...) and other splits (``split-1`` ...).
    """
    argmax = recipe.threshold == "argmax"
    frames = _summary(table, settings)
    patients = table["group"] == "patient"
    levels = [level for level in LEVELS[1:] if level == "subject" or (table["sequence"] != "").any()]
    aggregated = {level: aggregate(table, level, argmax=argmax) for level in levels}
    whole = with_unusable(table, unusable)
    return {
        **_names(recipe, encoder, cohort),
        **_figures(frames),
        "n_folds": len(frames.folds),
        "n_subjects": int(table["subject_id"].nunique()),
        "n_patients": int(table.loc[patients, "subject_id"].nunique()),
        "n_healthy": int(table.loc[~patients, "subject_id"].nunique()),
        "n_frames": int(table["frame_id"].nunique()),
        "levels": {level: _figures(_summary(t, settings)) | {"n": len(t)} for level, t in aggregated.items()},
        "all_frames": _figures(_summary(whole, settings)) | {"n_unusable": len(unusable)},
        "groups": {group: _group(group, table, whole, unusable) for group in GROUPS},
        "calibration": calibration(table["label"], table["probability"]),
        "curves": curves(
            table["subject_id"].astype(str), patients, table["label"], table["probability"],
            seed=settings.seed, n_bootstrap=min(settings.n_bootstrap, MOST_CURVE_DRAWS),
        ),
        "seeds": _seeds(frames, others),
        "leans_on": summary(table, seed=settings.seed, simulated=cohort.simulated),
        "folds": _folds(table, frames.folds, n_train),
    }  # fmt: skip


def failed_row(recipe: Recipe, encoder: Encoder | None, cohort: Cohort, error: str) -> dict[str, Any]:
    """Return a row without figures that says why it has none."""
    return {**_names(recipe, encoder, cohort), "error": error}


def compare_rows(rows: Sequence[dict[str, Any]], tables: Mapping[str, pd.DataFrame], *, seed: int) -> None:
    """Put into each row its comparison with the row `REFERENCE`, if that one ran; Holm's correction over all."""
    if REFERENCE not in tables:
        return
    mine = [row for row in rows if row["recipe"] in tables and row["recipe"] != REFERENCE]
    tests = [compare(tables[row["recipe"]], tables[REFERENCE], seed=seed) for row in mine]
    for row, (difference, p), adjusted in zip(mine, tests, holm([p for _, p in tests]), strict=True):
        row["comparison"] = {
            "with": REFERENCE,
            "difference": percent(difference),
            "p": round(p, 6),
            "p_holm": round(adjusted, 6),
            "n_tests": len(mine),
        }


def percent(value: float) -> float | None:
    """Return per cent with two digits, None for NaN."""
    return None if math.isnan(value) else round(100 * value, 2)


def _names(recipe: Recipe, encoder: Encoder | None, cohort: Cohort) -> dict[str, Any]:
    weights = encoder.weights.kind if encoder is not None else None
    title = recipe.model_title.replace("{encoder}", ENCODERS[recipe.image.encoder].title)
    portraits = cohort.frames["portrait"]
    known = (
        ("head alone trained", recipe.uses_image and recipe.image.trains == "head"),
        ("random weights", weights == "random"),
        ("one portrait: tests the code, not generalisation",
         recipe.uses_image and portraits[portraits != ""].nunique() == 1),
        ("simulated", cohort.simulated),
    )  # fmt: skip
    flags = [flag for flag, on in known if on]
    paper = PAPER_FIGURES.get(recipe.name)
    return {
        "recipe": recipe.name,
        "name": ", ".join([f"{recipe.modality_title}: {title}", *flags]),
        "modality": recipe.modality_title,
        "model": title,
        "flags": flags,
        "simulated": cohort.simulated,
        "weights": weights,
        "paper": dict(zip(METRICS, paper, strict=True)) if paper else None,
    }


def _summary(table: pd.DataFrame, settings: Settings) -> Summary:
    return summarise(
        table["fold"],
        table["subject_id"].astype(str),
        table["group"] == "patient",
        table["label"],
        table["predicted"],
        seed=settings.seed,
        n_bootstrap=settings.n_bootstrap,
    )


def _figures(summary: Summary) -> dict[str, Any]:
    return {
        **_percents(summary.mean, summary.intervals),
        "undefined": {metric: list(folds) for metric, folds in summary.undefined.items()},
        "pooled": _percents(summary.pooled, summary.pooled_intervals),
    }


def _percents(score: Score, intervals: Mapping[str, tuple[float, float]]) -> dict[str, Any]:
    return {
        **{metric: percent(getattr(score, metric)) for metric in METRICS},
        **{f"{metric}_interval": [percent(value) for value in intervals[metric]] for metric in METRICS},
    }


def _group(group: str, table: pd.DataFrame, whole: pd.DataFrame, unusable: pd.DataFrame) -> dict[str, Any]:
    """Return how many of a group's frames had a face, and the share answered rightly of those and of all."""
    right = [
        float((part["label"] == part["predicted"]).mean()) for part in (t[t["group"] == group] for t in (table, whole))
    ]
    return {
        "n_usable": int(table.loc[table["group"] == group, "frame_id"].nunique()),
        "n_unusable": int((unusable["group"] == group).sum()) if len(unusable) else 0,
        "right": percent(right[0]),
        "right_all": percent(right[1]),
    }


def _seeds(frames: Summary, others: Mapping[str, pd.DataFrame]) -> dict[str, Any]:
    """Return the F1 with other seeds of training on the same split, and with other splits: values and their spread."""
    found: dict[str, Any] = {}
    for kind in ("seed", "split"):
        tables = [table for name, table in others.items() if name.startswith(kind)]
        values = [frames.mean.f1, *(_mean_f1(table) for table in tables)] if tables else []
        if values and not np.isnan(values).any():
            found[kind] = {"f1": [percent(v) for v in values], "sd": percent(float(np.std(values, ddof=1)))}
    return found


def _mean_f1(table: pd.DataFrame) -> float:
    return _summary(table, Settings(seed=0, n_bootstrap=1)).mean.f1


def _folds(table: pd.DataFrame, scores: Sequence[Score], n_train: Sequence[int]) -> list[dict[str, Any]]:
    """Return each fold's figures and who was held out in it."""
    facts = []
    for number, part in table.groupby("fold"):
        k = int(str(number))
        selected = json.loads(part["selected"].iloc[0])
        facts.append(
            {
                **{metric: percent(getattr(scores[k], metric)) for metric in METRICS},
                "palsy_subjects": _subjects(part, "patient"),
                "healthy_subjects": _subjects(part, "healthy"),
                "n_train": n_train[k],
                "n_test": len(part),
                "threshold": float(part["threshold"].iloc[0]),
                **({"selected": selected} if selected else {}),
            }
        )
    return facts


def _subjects(part: pd.DataFrame, group: str) -> list[str]:
    return sorted(part.loc[part["group"] == group, "subject_id"].astype(str).unique().tolist())
