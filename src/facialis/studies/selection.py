"""Settings chosen inside a fold: a few values of named keys, tried by grouped folds of its training side alone."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.errors import RecipeError
from facialis.models.encoders import Encoder
from facialis.models.inputs import Inputs
from facialis.studies.metrics import score
from facialis.studies.settings import FUSIONS, IMAGES, Recipe, change
from facialis.studies.splits import grouped_k_fold
from facialis.studies.training import run_fold

N_INNER_FOLDS = 3
MOST_CANDIDATES = 32
_INPUT_KEYS = ("image.encoder", "image.train_crops", "image.test_crops", "image.token_dtype", "image.trains")


def candidates(recipe: Recipe, grid: Mapping[str, Sequence[object]]) -> list[tuple[dict[str, object], Recipe]]:
    """Return every combination of the grid's values as (dotted key to value, the recipe with them).

    Keys of a part that this recipe's model does not have are left out.

    Raises
    ------
    RecipeError
        A key is unknown or decides what goes into the model, a value is wrong, or there are too many combinations.
    """
    for key, values in grid.items():
        if "." not in key or key in _INPUT_KEYS:
            raise RecipeError(f"{key} cannot be chosen inside a fold; settings of training can, e.g. net.learning_rate")
        if not values:
            raise RecipeError(f"{key}: no values to choose from; give two or more, e.g. {key}=[0.1,0.01]")
        for value in values:
            change(recipe, _nested({key: value}))
    used = {key: values for key, values in grid.items() if _has_part(recipe, key.partition(".")[0])}
    combinations = [dict(zip(used, values, strict=True)) for values in itertools.product(*used.values())]
    if len(combinations) > MOST_CANDIDATES:
        raise RecipeError(f"{len(combinations)} combinations to choose from; {MOST_CANDIDATES} at most")
    return [(settings, change(recipe, _nested(settings))) for settings in combinations]


def choose(
    recipe: Recipe,
    grid: Mapping[str, Sequence[object]],
    inputs: Inputs,
    frames: pd.DataFrame,
    train: NDArray[np.intp],
    encoder: Encoder | None,
    *,
    seed: int,
    device: str = "cpu",
) -> tuple[dict[str, object], Recipe]:
    """Return the combination with the best F1 over inner folds of the training rows, the first among equals.

    Raises
    ------
    SplitError
        The training side has too few subjects for inner folds.
    """
    tried = candidates(recipe, grid)
    if len(tried) == 1:
        return tried[0]
    inside = frames.iloc[train]
    n = min(N_INNER_FOLDS, *(max(2, k) for k in inside.groupby("group")["subject_id"].nunique()))
    columns = {name: frames[name].to_numpy() for name in ("label", "subject_id")}
    found = []
    for _, candidate in tried:
        labels, predicted = [], []
        for inner_train, inner_test in grouped_k_fold(inside, n, seed=seed):
            rows = train[inner_test]
            answers = run_fold(candidate, inputs, columns, train[inner_train], rows, encoder, seed=seed, device=device)
            labels.append(columns["label"][rows])
            predicted.append(answers.predicted)
        f1 = score(np.concatenate(labels), np.concatenate(predicted)).f1
        found.append(0.0 if np.isnan(f1) else f1)
    return tried[int(np.argmax(found))]


def _has_part(recipe: Recipe, part: str) -> bool:
    """Whether a recipe's model has what the settings of this part are for."""
    if part == "image":
        return recipe.uses_image
    if part == "fusion":
        return recipe.model in FUSIONS
    if part == "net":
        return recipe.model != "logistic" and not set(recipe.modalities) <= set(IMAGES)
    return recipe.model == part


def _nested(settings: Mapping[str, object]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for key, value in settings.items():
        part, _, rest = key.partition(".")
        nested.setdefault(part, {})[rest] = value
    return nested
