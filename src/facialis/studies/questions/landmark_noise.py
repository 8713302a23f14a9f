"""How much can landmarks and pictures lose before the answer goes? Trained as they are, tested on worse ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError, FacialisError
from facialis.modalities.coordinates import coordinates
from facialis.modalities.measures import measure
from facialis.models.estimator import threads
from facialis.models.inputs import Inputs
from facialis.models.tokens import tokens_at_once
from facialis.studies.jobs import FoldJob
from facialis.studies.questions.areas import AUC, limits, table_area
from facialis.studies.questions.degraded import (
    MM,
    REFERENCE_IOD_PX,
    Step,
    degraded_crops,
    degraded_landmarks,
    mean_face,
    own_noise,
    steps,
)
from facialis.studies.questions.question import Answer, Asking, Curve, Figure, Plot
from facialis.studies.questions.shuffled_measures import decided
from facialis.studies.questions.tables import Variants, folder_of, made_of, run_folds, source_of, table_figure, told
from facialis.studies.recipes import load_recipes
from facialis.studies.settings import IMAGES, Recipe
from facialis.studies.splits import make_folds
from facialis.studies.study import fold_seed
from facialis.studies.training import build, fit

RECIPES = ("measures-logistic", "measures-net", "coordinates-net", "rgb-mixer", "early-fusion")
ABSURD = 0.2
"""Noise beyond this, IOD, stands in the table and not in the plot."""
_AXES = {
    "noise": f"noise of a landmark's x or y, IOD (0.01 is {0.01 * MM:.2g} mm)",
    "mouth bias": "subject's left mouth corner pushed down, mm",
    "brow bias": "subject's left brow pushed down, mm",
    "resolution": "face size, IOD in px",
}


def ask(asking: Asking) -> Answer:
    """Train each branch and the fusion once a fold; test at every step.

    Raises
    ------
    CohortError
        The cohort holds no landmarks.
    """
    asking.cohort.array("landmarks")
    found: dict[str, list[Figure]] = {}
    refused, weights = {}, None
    folds = make_folds(asking.cohort.frames, asking.split, seed=asking.seed)
    for recipe in (load_recipes(name, asking.overrides)[0] for name in RECIPES):
        missing = [name for name in recipe.modalities if name not in asking.cohort.modalities]
        try:
            if missing:
                raise CohortError(f"the cohort holds no {', '.join(missing)}")
            source, folder = source_of(asking, recipe), folder_of(asking, recipe)
            encoder = source.encoder()
        except FacialisError as error:
            refused[recipe.name] = str(error)
            continue
        weights = encoder.weights.kind if encoder is not None else weights
        jobs = [
            FoldJob(source, k, train, test, fold_seed(asking.seed, k), {}, folder / f"fold-{k:02d}.parquet")
            for k, (train, test) in enumerate(folds)
        ]
        tables = run_folds(asking, jobs, run_degraded, [step.folder for step in steps()])
        found[recipe.name] = [_figure(recipe, step, tables[folder / step.folder], asking) for step in steps()]
    start = made_of(asking, weights)
    figures = [figure for name in found for figure in found[name]]
    figures += [Figure(name, AUC, None, None, None, 0, 0, why) for name, why in refused.items()]
    sentences = [start + _sentence(name, found[name]) for name in found]
    sentences += [f"{name} could not run: {why}" for name, why in refused.items()]
    own = own_noise(REFERENCE_IOD_PX)
    notes = [
        f"Noise has the landmarker's own pattern (neighbours err together, mostly alike on both sides) in other sizes; "
        f"its own is {own:.2g} IOD ({own * MM:.2g} mm) on a face of {REFERENCE_IOD_PX:g} px between the irises. It is "
        "added to what the landmarks have already.",
        "Hidden: the region's landmarks are the training side's mean face, made symmetric and fitted to what is "
        "seen, for the landmarker never leaves a point out; in the crop the region is covered with its mean grey.",
        "Face size: the crop loses its pixels, the landmarks get the noise that the landmarker has at that size; "
        "frames that are smaller stay as they are.",
        "Measures and coordinates are computed anew from the degraded landmarks; the crop feels noise and bias by its "
        f"frame alone. Millimetres take an interocular distance of {MM:g} mm for everybody.",
    ]
    return Answer(
        "landmark-noise", "What landmarks and pictures can lose", sentences, figures, asking.cohort.simulated, weights,
        plots=[_plot(kind, found) for kind in _AXES if found], notes=notes,
    )  # fmt: skip


def run_degraded(job: FoldJob) -> tuple[FoldJob, Variants]:
    """Train a fold on faces as they are and ask it about the held-out ones at every step."""
    source = job.source
    recipe = source.recipe
    try:
        with threads(1):
            inputs, frames, cohort = source.inputs(), source.frames(), Cohort.open(source.cohort)
            labels, subjects = (frames[name].to_numpy()[job.train] for name in ("label", "subject_id"))
            model = build(recipe, inputs, source.encoder(), seed=job.seed, device=source.device)
            fit(model, inputs[job.train], labels, subjects)
            mean = mean_face(cohort.array("landmarks"), job.train)
            answers = {}
            for step in steps():
                X = inputs[job.test] if step.kind == "clean" else degraded(step, job, cohort, frames, mean)
                answers[step.folder] = decided(model.predict_logits(X), recipe.name)
    except FacialisError as error:
        return job, error
    return job, answers


def degraded(step: Step, job: FoldJob, cohort: Cohort, frames: pd.DataFrame, mean: NDArray[np.float64]) -> Inputs:
    """Return what a recipe's models take of the held-out frames at a step; every recipe gets the same faces."""
    recipe, before = job.source.recipe, np.asarray(cohort.array("landmarks")[job.test])
    after = degraded_landmarks(step, before, mean, np.random.default_rng([job.seed, steps().index(step)]))
    arrays: dict[str, NDArray[Any]] = {}
    for name in recipe.modalities:
        if name in IMAGES:
            encoder = job.source.encoder()
            assert encoder is not None
            crops = degraded_crops(step, cohort.array(name)[job.test], before, after, _sizes(frames.iloc[job.test]))
            arrays[name] = tokens_at_once(
                encoder.training(recipe.image.trains), crops,
                "ten" if 10 in (recipe.image.train_crops, recipe.image.test_crops) else "centre",
                dtype=recipe.image.token_dtype, device=job.source.device, precision=recipe.image.precision,
            )  # fmt: skip
        else:
            arrays[name] = measure(after, origin="face") if name == "measures" else coordinates(after)
    return Inputs(arrays)


def _sizes(frames: pd.DataFrame) -> NDArray[np.float64]:
    """Return height and width of the pictures (n, 2), without end where they are not known."""
    held = [frames[name].to_numpy(np.float64) if name in frames else np.inf for name in ("height", "width")]
    sizes = np.stack(np.broadcast_arrays(*held, np.empty(len(frames)))[:2], axis=1)
    return np.where(sizes > 0, sizes, np.inf)


def _figure(recipe: Recipe, step: Step, table: pd.DataFrame, asking: Asking) -> Figure:
    value, draws = table_area(table, seed=asking.seed, n_bootstrap=asking.n_bootstrap)
    low, high = limits(draws)
    f1 = table_figure("", table, asking)
    note = "; ".join(filter(None, (f"F1 {told(f1)}", f1.note)))
    return Figure(
        f"{recipe.name}, {step.title}", AUC, None if np.isnan(value) else value, low, high, f1.n_subjects, f1.n_frames,
        note,
    )  # fmt: skip


def _sentence(name: str, found: Sequence[Figure]) -> str:
    """Say what is left at the steps that matter: the landmarker's own noise, the worst of each other kind."""
    at = dict(zip(steps(), found, strict=True))
    clean = at[steps()[0]]
    if clean.value is None:
        return f"{name}: the area under the curve is undefined."
    if (clean.low or 0.0) <= 0.5:
        return f"{name} has AUC {_area(clean)} as extracted, no better than chance: it has nothing to lose."
    told_ = [f"{name} has AUC {_area(clean)} as extracted"]
    noise = [step for step in steps() if step.kind == "noise"]
    told_.append(f"{_area(at[noise[0]])} with the landmarker's own noise once more")
    lost = next((s for s in noise if (at[s].high or 1.0) < (clean.low or 0.0)), None)
    if lost is not None:
        told_.append(f"its intervals part at {lost.title}")
    for kind in ("mouth bias", "brow bias", "missing", "resolution"):
        worst = min((s for s in steps() if s.kind == kind), key=lambda s: at[s].value or 0.0)
        told_.append(f"{_area(at[worst])} at worst with {worst.title}")
    return "; ".join(told_) + "."


def _area(figure: Figure) -> str:
    return "undefined" if figure.value is None else f"{figure.value:.2f}"


def _plot(kind: str, found: dict[str, list[Figure]]) -> Plot:
    curves = []
    start = () if kind == "resolution" else ("clean",)
    for name, figures in found.items():
        shown = sorted(
            (step.value, figure.value, figure.low, figure.high)
            for step, figure in zip(steps(), figures, strict=True)
            if step.kind in (kind, *start) and not (kind == "noise" and step.value > ABSURD)
            and figure.value is not None and figure.low is not None and figure.high is not None
        )  # fmt: skip
        curves.append(Curve(name, *([point[i] for point in shown] for i in range(4))))
    if kind == "noise":
        own, ends = [own_noise(REFERENCE_IOD_PX)] * 2, [0.4, 1.0]
        curves.append(Curve(f"landmarker's own noise at {REFERENCE_IOD_PX:g} px", own, ends, ends, ends))
    title = {"noise": "Noise", "resolution": "Face size"}.get(kind, kind.capitalize())
    return Plot(title, _AXES[kind], AUC, curves)
