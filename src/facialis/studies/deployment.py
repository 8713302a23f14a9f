"""A row of a finished study becomes a detector: fitted on all subjects, thresholds from the held-out answers."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError, FacialisError, RecipeError
from facialis.models.encoders import Encoder, load_encoder
from facialis.models.estimator import Estimator, threads
from facialis.models.study_net import StudyNet
from facialis.studies.crop_noise import Odds, crop_noise
from facialis.studies.detector import OUTER, SPECIFICITY
from facialis.studies.settings import FUSIONS, FusionSettings, ImageSettings, LogisticSettings, NetSettings, Recipe
from facialis.studies.study import Weights, weights_of
from facialis.studies.training import build, fit, load_inputs

ALIASES = {"early-fusion-rgb": "early-fusion", "late-fusion-rgb": "late-fusion", "measures": "measures-net"}
"""Other names by which rows are called."""


class Deployed(NamedTuple):
    """A fitted, calibrated row, and what its card says.

    Attributes
    ----------
    net : in eval mode.
    threshold, uncertain : probabilities at even odds.
    weights : "random", "file" and so on, of the image encoder; None without one.
    logit_noise : how the log odds vary when the crop is cut otherwise, as `crop_noise` gives it; None without a crop.
    """

    net: StudyNet
    recipe: Recipe
    threshold: float
    uncertain: tuple[float, float]
    basis: str
    results: dict[str, str]
    weights: str | None
    logit_noise: dict[str, Any] | None


class Refitted(NamedTuple):
    """A row fitted on all subjects.

    Attributes
    ----------
    calibration : slope and offset of the log odds at even odds; calibrated log odds, labels, subjects and folds held
        out (n,).
    seed : of the study.
    """

    recipe: Recipe
    encoder: Encoder | None
    model: Estimator
    calibration: tuple[float, float, NDArray[np.float64], NDArray[np.int64], NDArray[Any], NDArray[np.int64]]
    seed: int


def no_detector(table: dict[str, Any]) -> str:
    """Return why a row with these settings cannot be a detector; empty where it can."""
    good = {"measures"} <= set(table["modalities"]) <= {"measures", "crops"} and table["model"] in _KINDS
    return "" if good else "cannot be a detector"


def deploy(
    study: Path, row: str, cohort: Cohort, *, weights: Weights = None, random_weights: bool = False, device: str = "cpu"
) -> Deployed:
    """Fit a study's row on all subjects of its cohort.

    Calibration and thresholds are of the answers that the study's folds gave about subjects they had not seen; the
    model that ships has seen them all, so these figures are of its like, not of itself. For sensitivity and specificity
    each fold's answers are held against a threshold that was chosen on the other folds' answers, about other subjects.

    Raises
    ------
    FacialisError
        The folder holds no finished study, or not this row.
    CohortError
        The cohort is not the study's.
    WeightsError, RecipeError
        The encoder's weights cannot be had or are not the study's; the row cannot be a detector.
    """
    found = refit(study, row, cohort, no_detector, weights=weights, random_weights=random_weights, device=device)
    recipe, encoder = found.recipe, found.encoder
    slope, offset, odds, label, owner, fold = found.calibration
    ten = recipe.uses_image and recipe.image.test_crops == 10
    net = StudyNet(found.model, encoder, ten_crops=ten, slope=slope, offset=offset).to("cpu").eval()
    healthy = odds[label == 0]
    low, threshold, high = (_share(float(np.quantile(healthy, q))) for q in (OUTER[0], SPECIFICITY, OUTER[1]))
    kind = "simulated " if cohort.simulated else ""
    called, ill = odds >= crossed_thresholds(odds, label, owner, fold), label == 1

    def area(rows: NDArray[np.intp]) -> float:
        return float(roc_auc_score(label[rows], odds[rows])) if 0 < label[rows].sum() < len(rows) else np.nan

    def share(of: NDArray[np.bool_], yes: NDArray[np.bool_]) -> Callable[[NDArray[np.intp]], float]:
        return lambda rows: float(yes[rows][of[rows]].mean()) if of[rows].any() else np.nan

    results = {
        f"{figure}, held out in the study{how} ({n} {kind}frames {what})": _interval(value, owner)
        for figure, how, n, what, value in (
            ("AUC", "", len(label), f"of {len(set(owner))} {kind}subjects", area),
            ("sensitivity", CROSSED, int(ill.sum()), "with palsy", share(ill, called)),
            ("specificity", CROSSED, int((~ill).sum()), "without palsy", share(~ill, ~called)),
        )
    }
    basis = (
        f"the probability below which {SPECIFICITY:.0%} of {len(healthy)} {kind}frames without palsy lie, as the "
        "study's folds answered about subjects they had not seen; uncertain "
        f"between those of {OUTER[0]:.0%} and {OUTER[1]:.0%}"
    )
    return Deployed(
        net, recipe, threshold, (low, high), basis, results, None if encoder is None else encoder.weights.kind,
        None if encoder is None else crop_noise(cohort, _asked(net), seed=found.seed),
    )  # fmt: skip


def refit(
    study: Path,
    row: str,
    cohort: Cohort,
    unfit: Callable[[dict[str, Any]], str],
    *,
    weights: Weights = None,
    random_weights: bool = False,
    device: str = "cpu",
) -> Refitted:
    """Fit a study's row on all subjects of its cohort.

    Parameters
    ----------
    unfit
        Says of a row's settings why it cannot be used, as the end of a sentence, or nothing.

    Raises
    ------
    FacialisError, CohortError, WeightsError, RecipeError
        As for `deploy`.
    """
    facts = _facts(study)
    name = ALIASES.get(row, row)
    if name not in facts["recipes"]:
        near = difflib.get_close_matches(name, facts["recipes"], n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise FacialisError(f"{study}: has no row {row}{meant} It has {', '.join(facts['recipes'])}")
    if facts.get("select"):
        raise RecipeError(
            f"{study}: chose {', '.join(facts['select'])} anew in each fold (--select), so the row has no one setting; "
            "run a study with the values set (--set) and take that"
        )
    if facts["cohort"]["hash"] != cohort.hash:
        raise CohortError(f"{cohort.path}: is not the cohort of the study {study} (its hash differs)")
    recipe = _recipe(facts["recipes"][name])
    refused = unfit(facts["recipes"][name])
    if refused:
        able = [known for known, table in facts["recipes"].items() if not unfit(table)]
        raise RecipeError(f"the row {name} {refused}; of this study {', '.join(able) or 'none'} can")
    encoder = None
    if recipe.uses_image:
        file = weights_of(recipe, weights)
        encoder = load_encoder(
            recipe.image.encoder, weights=file, random_weights=random_weights, seed=facts["seed"],
            trains=recipe.image.trains,
        )  # fmt: skip
        held = (facts["weights"] or {}).get(recipe.image.encoder) or {}
        given = {"kind": encoder.weights.kind, "sha256": encoder.weights.sha256}
        if any(held.get(key) != value for key, value in given.items()):
            raise RecipeError(
                f"{study}: the study ran with {held.get('kind')} weights of {recipe.image.encoder} "
                f"({str(held.get('sha256'))[:12]}); give the same, by --weights or --random-weights"
            )
    calibration = _calibration(study, name)
    with threads(None):
        inputs = load_inputs(recipe, cohort, encoder, device=device)
        frames = cohort.frames
        labels, subjects = frames["label"].to_numpy(), frames["subject_id"].to_numpy()
        model = fit(build(recipe, inputs, encoder, seed=facts["seed"], device=device), inputs, labels, subjects)
    return Refitted(recipe, encoder, model, calibration, facts["seed"])


def crossed_thresholds(
    odds: NDArray[np.float64], label: NDArray[np.int64], owner: NDArray[Any], fold: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return for each answer (n,) the log odds from which it counts as palsy: the threshold for `SPECIFICITY` chosen on
    the answers of the other folds about other subjects.

    Raises
    ------
    FacialisError
        A fold leaves no answer about a healthy frame of somebody else.
    """
    edges = np.empty(len(odds))
    for number in np.unique(fold):
        held = fold == number
        others = ~np.isin(owner, np.unique(owner[held])) & (label == 0)
        if not others.any():
            raise FacialisError(
                f"fold {number} holds every subject without palsy: no threshold can be chosen on others; run the study "
                "with more folds"
            )
        edges[held] = np.quantile(odds[others], SPECIFICITY)
    return edges


def _asked(net: StudyNet) -> Odds:
    def odds(measures: NDArray[np.float32], crop: NDArray[np.float32]) -> float:
        with torch.no_grad():
            logits = net(torch.from_numpy(measures), torch.from_numpy(crop))[0]
        return float(logits[1] - logits[0])

    return odds


CROSSED = ", each fold by a threshold of the others"
_KINDS = ("net", *(model for model in FUSIONS if model != "stacked-fusion"))


def _facts(study: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((study / "study.json").read_text(encoding="utf-8"))
        facts["recipes"], facts["cohort"]["hash"], facts["seed"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FacialisError(f"{study}: holds no study ({error}); give a folder that `facialis study` wrote") from error
    if not (study / "predictions.parquet").exists():
        raise FacialisError(f"{study}: the study is not finished; start it again, it goes on where it was stopped")
    return facts


def _recipe(table: dict[str, Any]) -> Recipe:
    parts = {"net": NetSettings, "image": ImageSettings, "fusion": FusionSettings, "logistic": LogisticSettings}
    whole = {name: kind(**table[name]) for name, kind in parts.items()}
    whole["fusion"] = FusionSettings(**{**table["fusion"], "units": tuple(table["fusion"]["units"])})
    return Recipe(**{**table, **whole, "modalities": tuple(table["modalities"])})


def _calibration(
    study: Path, row: str
) -> tuple[float, float, NDArray[np.float64], NDArray[np.int64], NDArray[Any], NDArray[np.int64]]:
    """Return slope and offset of the log odds at even odds; of what was held out (n,) the calibrated log odds, labels,
    subjects and folds."""
    table = pd.read_parquet(study / "predictions.parquet")
    table = table[table["recipe"] == row]
    if table.empty or table["label"].nunique() < 2:
        raise FacialisError(f"{study}: the row {row} has no answers about frames of both labels; it could not run")
    odds = (table["logit_palsy"] - table["logit_no_palsy"]).to_numpy(dtype=np.float64)
    label = table["label"].to_numpy(dtype=np.int64)
    fitted = LogisticRegression(C=1e6, class_weight="balanced").fit(odds[:, None], label)
    slope, offset = float(fitted.coef_[0, 0]), float(fitted.intercept_[0])
    if slope <= 0:  # worse than chance on subjects held out: nothing to calibrate, and the card's figures say so
        slope, offset = 1.0, 0.0
    fold = table["fold"].to_numpy(dtype=np.int64)
    return slope, offset, slope * odds + offset, label, table["subject_id"].to_numpy(), fold


def _share(odds: float) -> float:
    return round(float(np.clip(expit(odds), 1e-4, 1 - 1e-4)), 4)


def _interval(of: Callable[[NDArray[np.intp]], float], subjects: NDArray[Any]) -> str:
    """Return a figure of some rows, and its bootstrap interval over subjects, as words."""
    rng = np.random.default_rng(0)
    owned = [np.flatnonzero(subjects == name) for name in sorted(set(subjects))]
    draws = [of(np.concatenate([owned[k] for k in rng.integers(len(owned), size=len(owned))])) for _ in range(500)]
    low, high = np.nanquantile(draws, (0.025, 0.975))
    return f"{of(np.arange(len(subjects))):.3f} (95 % interval over subjects {low:.3f} to {high:.3f})"
