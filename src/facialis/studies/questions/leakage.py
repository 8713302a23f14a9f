"""Does anything leak from the test side into training? A model-info sheet that is filled by checks, not by hand.

The eight kinds are those of Kapoor and Narayanan 2023, "Leakage and the reproducibility crisis in
machine-learning-based science", Patterns 4, 100804.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from facialis.models.estimator import threads
from facialis.models.inputs import Inputs
from facialis.studies.jobs import forget
from facialis.studies.metrics import Floats
from facialis.studies.questions import sides
from facialis.studies.questions.areas import AUC, limits, table_area
from facialis.studies.questions.perturbation import (
    Run,
    Splitter,
    answers,
    areas_of_shuffled_labels,
    changed_by_held_out,
    thinned,
)
from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.sides import FOUND, NOT_FOUND, TITLES, UNKNOWN, Check
from facialis.studies.questions.tables import made_of, recipe_of, source_of
from facialis.studies.questions.telling import illegitimate, sampling
from facialis.studies.settings import Recipe
from facialis.studies.splits import make_folds
from facialis.studies.study import check_device
from facialis.studies.training import run_fold

SHUFFLES = 20
PER_SUBJECT = 20
FEW = 2


def ask(asking: Asking) -> Answer:
    """Fill the sheet for a recipe, by default the logistic regression on the measures."""
    return examine(asking, lambda frames: make_folds(frames, asking.split, seed=asking.seed))


def examine(asking: Asking, splitter: Splitter, run: Run = run_fold) -> Answer:
    """Fill the sheet for any way to split and to fit.

    Raises
    ------
    SplitError
        The cohort cannot be split as asked.
    """
    cohort, recipe = asking.cohort, recipe_of(asking, "measures-logistic")
    check_device(asking.device)
    cohort.verify(recipe.modalities)
    frames = cohort.frames
    folds = splitter(frames)
    source = source_of(asking, recipe)
    options: dict[str, Any] = {"seed": asking.seed, "device": asking.device, "run": run}
    try:
        inputs, encoder = source.inputs(), source.encoder()
        weights = encoder.weights.kind if encoder is not None else None
        with threads(1):
            rows = thinned(frames, PER_SUBJECT)
            few = frames.iloc[rows].reset_index(drop=True)
            some = Inputs({name: array[rows] for name, array in inputs.arrays.items()})
            some_folds = splitter(few)
            looked = some_folds if recipe.model == "logistic" else some_folds[:FEW]
            chosen = replace(recipe, threshold="fold")
            changed = changed_by_held_out(chosen, some, few, looked, encoder, **options)
            true = answers(recipe, some, few, some_folds, encoder, **options)
            drawn = areas_of_shuffled_labels(recipe, some, few, splitter, encoder, n=SHUFFLES, **options)
    finally:
        forget()
    checks = [
        sides.test_set(frames, folds),
        _fitted_inside(recipe, changed, len(looked), len(folds)),
        _selected_inside(recipe, drawn),
        sides.duplicates(cohort, folds),
        illegitimate(cohort, inputs),
        sides.temporal(frames, folds),
        sides.dependence(frames, folds),
        sampling(cohort),
    ]
    return _answer(asking, recipe, checks, true, drawn, weights)


def _fitted_inside(recipe: Recipe, changed: int, n: int, of: int) -> Check:
    """L1.2: scaling, threshold and weights are bit-identical whatever the held-out frames and labels are."""
    return Check(
        "L1.2",
        FOUND if changed else NOT_FOUND,
        f"In {n} of {of} folds the labels of all held-out frames and the numbers of half of them were changed: the "
        f"threshold of {recipe.name} or its answers about the other half changed in {changed}"
        + (
            "."
            if changed
            else ", and are the same to the last bit in all: scaling, threshold and weights are fitted on "
            "the training side."
        ),
    )


def _selected_inside(recipe: Recipe, drawn: Floats) -> Check:
    """L1.3: with labels that mean nothing a selection that saw the test side would still find something."""
    if len(drawn) < 2:
        return Check("L1.3", UNKNOWN, "The cohort is too small to shuffle groups and split again.")
    above = _above_chance(drawn)
    return Check(
        "L1.3",
        FOUND if above else NOT_FOUND,
        f"{recipe.name} takes all numbers of {', '.join(recipe.modalities)}; with the groups shuffled between subjects "
        f"and everything done anew its AUC is {drawn.mean():.2f} on average of {len(drawn)} shuffles, "
        + ("above" if above else "not above") + " chance.",
    )  # fmt: skip


def _above_chance(drawn: Floats) -> bool:
    """Return whether the mean of the shuffles lies above 0.5 by more than two standard errors."""
    return bool(drawn.mean() - 2 * drawn.std(ddof=1) / np.sqrt(len(drawn)) > 0.5)


def _answer(
    asking: Asking, recipe: Recipe, checks: list[Check], true: pd.DataFrame, drawn: Floats, weights: str | None
) -> Answer:
    start, n = made_of(asking, weights), (int(true["subject_id"].nunique()), len(true))
    named = {v: [c.kind for c in checks if c.verdict == v] for v in (FOUND, NOT_FOUND, UNKNOWN)}
    told = [f"{len(kinds)} {verdict} ({', '.join(kinds)})" for verdict, kinds in named.items() if kinds]
    sentences = [f"{start}of the eight kinds of leakage {', '.join(told)}."]
    sentences += [f"{start}{c.kind}, {TITLES[c.kind]}: {c.evidence}" for c in checks if c.verdict == FOUND]
    value, draws = table_area(true, seed=asking.seed, n_bootstrap=asking.n_bootstrap)
    figures = [Figure(f"{recipe.name}, groups as they are", AUC, value, *limits(draws), *n, beside=True)]
    if len(drawn):
        low, high = np.quantile(drawn, (0.025, 0.975)).tolist()
        what = f"{recipe.name}, groups shuffled between subjects"
        note = f"mean and 95 % of {len(drawn)} shuffles"
        figures.append(Figure(what, AUC, float(drawn.mean()), low, high, *n, note))
        sentences.append(
            f"{start}with the groups shuffled between subjects the AUC goes from {value:.2f} to {drawn.mean():.2f} "
            f"({low:.2f} to {high:.2f}, {len(drawn)} shuffles)."
        )
    sheet = [{"kind": c.kind, "leakage": TITLES[c.kind], "verdict": c.verdict, "evidence": c.evidence} for c in checks]
    return Answer(
        "leakage", "Labels that mean nothing", sentences, figures, asking.cohort.simulated, weights,
        sheets={"Model-info sheet": sheet},
        notes=[
            "The eight kinds: Kapoor and Narayanan 2023, Patterns 4, 100804. Each line is filled by a check on this "
            "cohort and its folds.",
            f"What was run anew (L1.2, L1.3) took {PER_SUBJECT} frames a subject at most, evenly spaced.",
        ],
    )  # fmt: skip
