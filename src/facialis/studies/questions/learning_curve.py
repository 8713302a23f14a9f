"""What would more subjects bring? F1 against the number of subjects of each group that train."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.studies.jobs import FoldJob
from facialis.studies.questions.question import Answer, Asking, Curve, Figure, Plot
from facialis.studies.questions.tables import folder_of, made_of, run_folds, source_of, table_figure, told
from facialis.studies.recipes import load_recipes
from facialis.studies.splits import Folds, make_folds
from facialis.studies.study import fold_seed

RECIPES = ("measures-logistic", "measures-net")


def ask(asking: Asking) -> Answer:
    """Train on 2, 4, 8 ... subjects of each group, drawn inside each fold's training side; test on the same frames.

    The larger draws of a fold hold the smaller ones, so that neighbouring points differ by the subjects added.
    """
    frames = asking.cohort.frames
    folds = make_folds(frames, asking.split, seed=asking.seed)
    steps = sizes(frames, folds)
    figures: list[Figure] = []
    curves, sentences = [], []
    for name in RECIPES:
        recipe = load_recipes(name, asking.overrides)[0]
        folder, source = folder_of(asking, recipe), source_of(asking, recipe)
        jobs = [
            FoldJob(
                source, k, draw_subjects(frames, train, size, asking.seed, k), test, fold_seed(asking.seed, k), {},
                folder / f"subjects-{size}" / f"fold-{k:02d}.parquet",
            )
            for size in steps
            for k, (train, test) in enumerate(folds)
        ]  # fmt: skip
        tables = run_folds(asking, jobs)
        found = [
            table_figure(f"{name}, {size} + {size} subjects", tables[folder / f"subjects-{size}"], asking)
            for size in steps
        ]
        figures += found
        curves.append(_curve(name, steps, found))
        sentences.append(made_of(asking, None) + _sentence(name, steps, found))
    plot = Plot("F1 and the number of subjects", "subjects of each group in training", "F1, mean of folds, %", curves)
    return Answer("learning-curve", "What more subjects bring", sentences, figures, asking.cohort.simulated,
                  plots=[plot], notes=["The band is a bootstrap over the tested subjects, given one draw of those that "
                                       "train."])  # fmt: skip


def sizes(frames: pd.DataFrame, folds: Folds) -> list[int]:
    """Return 2, 4, 8 ... and last what every fold has of each group on its training side."""
    most = min(int(frames.iloc[train].groupby("group")["subject_id"].nunique().min()) for train, _ in folds)
    return [*(size for size in (2**i for i in range(1, 20)) if size < most), most]


def draw_subjects(frames: pd.DataFrame, train: NDArray[np.intp], size: int, seed: int, fold: int) -> NDArray[np.intp]:
    """Return the training rows of `size` subjects of each group; the seed and the fold give the subjects' order."""
    rng = np.random.default_rng([seed, fold])
    side = frames.iloc[train]
    drawn = [rng.permutation(sorted(part["subject_id"].unique()))[:size] for _, part in side.groupby("group")]
    return np.asarray(train[side["subject_id"].isin(np.concatenate(drawn)).to_numpy()])


def _curve(name: str, steps: list[int], found: list[Figure]) -> Curve:
    known = [
        (float(x), f.value, f.low, f.high)
        for x, f in zip(steps, found, strict=True)
        if f.value is not None and f.low is not None and f.high is not None
    ]
    return Curve(
        name, [p[0] for p in known], [p[1] for p in known], [p[2] for p in known], [p[3] for p in known]
    )  # fmt: skip


def _sentence(name: str, steps: list[int], found: list[Figure]) -> str:
    first, last = found[0], found[-1]
    text = f"{name} has F1 {told(first)} with {steps[0]} subjects of each group and {told(last)} with {steps[-1]}"
    if len(found) < 2 or last.value is None or found[-2].value is None:
        return f"{text}."
    gain = last.value - found[-2].value
    return f"{text}; the last step, from {steps[-2]} to {steps[-1]}, brought {gain:+.1f} points."
