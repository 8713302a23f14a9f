"""One fold of one recipe: a model is built, fitted on the training side, and asked about the held-out frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError, RecipeError, SplitError
from facialis.models.encoders import Encoder
from facialis.models.estimator import Estimator, TorchEstimator, softmax
from facialis.models.feedforward import FeedForwardClassifier
from facialis.models.fusion import EarlyFusion, LateFusion
from facialis.models.image import ImageClassifier
from facialis.models.inputs import Inputs
from facialis.models.logistic import LogisticClassifier
from facialis.models.tokens import trunk_tokens
from facialis.studies.metrics import best_threshold
from facialis.studies.recipes import Recipe

N_INNER_FOLDS = 3
"""Folds inside a fold's training side, by subject, for a threshold chosen there."""


@dataclass(frozen=True, eq=False)
class Answers:
    """What a fold's model says about its held-out frames: logits (n, 2), probability of palsy (n,), label (n,)."""

    logits: NDArray[np.float32]
    probability: NDArray[np.float64]
    predicted: NDArray[np.int8]
    threshold: float


def load_inputs(recipe: Recipe, cohort: Cohort, encoder: Encoder | None, *, device: str = "cpu") -> Inputs:
    """Return what a recipe's models take, memory-mapped; crops become the frozen trunk's tokens.

    Raises
    ------
    CohortError
        The cohort lacks a modality, or it holds numbers that are not finite: modality and frame are named.
    """
    arrays: dict[str, NDArray[Any]] = {}
    for name in recipe.modalities:
        array = cohort.array(name)
        if name == "crops":
            assert encoder is not None
            ten = 10 in (recipe.image.train_crops, recipe.image.test_crops)
            arrays["tokens"] = trunk_tokens(
                encoder,
                array,
                "ten" if ten else "centre",
                Path(cohort.path) / "derived",
                dtype=recipe.image.token_dtype,
                device=device,
            )
        else:
            _check_finite(name, array, cohort)
            arrays[name] = array
    return Inputs(arrays)


def _check_finite(name: str, array: NDArray[Any], cohort: Cohort) -> None:
    for start in range(0, len(array), 8192):
        part = np.asarray(array[start : start + 8192])
        bad = ~np.isfinite(part.reshape(len(part), -1)).all(axis=1)
        if bad.any():
            row = start + int(bad.argmax())
            frame = cohort.frames["frame_id"].iloc[row]
            raise CohortError(
                f"{cohort.path}: {name} of frame {frame} holds numbers that are not finite; extract it again"
            )


def build(recipe: Recipe, inputs: Inputs, encoder: Encoder | None, *, seed: int, device: str = "cpu") -> Estimator:
    """Return a recipe's model, not yet fitted. The same seed gives a branch of a fusion the weights it has alone."""
    if recipe.model == "logistic":
        settings = recipe.logistic
        return LogisticClassifier(inputs=recipe.modalities, strength=settings.strength, balanced=settings.balanced)
    branches: list[TorchEstimator] = []
    for name in recipe.modalities:
        if name == "crops":
            assert encoder is not None
            image = recipe.image
            branches.append(
                ImageClassifier(
                    seed=seed,
                    module__tail=encoder.tail,
                    module__embedding_size=encoder.spec.embedding_size,
                    train_crops=image.train_crops,
                    test_crops=image.test_crops,
                    lr=image.learning_rate,
                    batch_size=image.batch,
                    max_epochs=image.epochs,
                    device=device,
                )
            )
        else:
            net = recipe.net
            branches.append(
                FeedForwardClassifier(
                    inputs=(name,),
                    seed=seed,
                    module__n_inputs=inputs.width(name),
                    module__n_layers=net.layers,
                    module__n_units=net.units,
                    lr=net.learning_rate,
                    batch_size=net.batch,
                    max_epochs=net.epochs,
                    device=device,
                )
            )
    if recipe.model == "late-fusion":
        return LateFusion(branches)
    if recipe.model == "early-fusion":
        fusion = recipe.fusion
        return EarlyFusion(
            branches,
            seed=seed,
            units=fusion.units,
            slope=fusion.slope,
            lr=fusion.learning_rate,
            batch_size=fusion.batch,
            max_epochs=fusion.epochs,
            device=device,
        )
    return branches[0]


def run_fold(
    recipe: Recipe,
    inputs: Inputs,
    frames: Mapping[str, NDArray[Any]],
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    encoder: Encoder | None,
    *,
    seed: int,
    device: str = "cpu",
) -> Answers:
    """Fit on the training rows and answer for the test rows; nothing of the test rows is seen in fitting.

    Parameters
    ----------
    frames
        ``label`` and ``subject_id`` of each frame, (n,).
    seed
        Of this fold.

    Raises
    ------
    SplitError
        The training side has too few subjects to choose a threshold in.
    RecipeError
        The training diverged.
    """
    labels = frames["label"]
    threshold = 0.5
    if recipe.threshold == "fold":
        threshold = _choose_threshold(
            recipe, inputs[train], labels[train], frames["subject_id"][train], encoder, seed, device
        )
    model = build(recipe, inputs, encoder, seed=seed, device=device).fit(inputs[train], labels[train])
    logits = model.predict_logits(inputs[test])
    if not np.isfinite(logits).all():
        raise RecipeError(f"{recipe.name}: the training diverged (logits are not finite); lower its learning rate")
    probability = softmax(logits)[:, 1]
    called = logits.argmax(axis=1) == 1 if recipe.threshold == "argmax" else probability >= threshold
    return Answers(logits, probability, called.astype(np.int8), threshold)


def _choose_threshold(
    recipe: Recipe,
    inputs: Inputs,
    labels: NDArray[Any],
    subjects: NDArray[Any],
    encoder: Encoder | None,
    seed: int,
    device: str,
) -> float:
    """Choose on answers of models that did not see the subject: the fitted model's own would be too good."""
    n = min(N_INNER_FOLDS, *(len(set(subjects[labels == k])) for k in (0, 1)))
    if n < 2:
        raise SplitError('threshold = "fold" needs two training subjects or more of each label; use "argmax"')
    probability = np.empty(len(labels))
    splitter = StratifiedGroupKFold(n, shuffle=True, random_state=seed)
    for train, test in splitter.split(np.zeros(len(labels)), labels, subjects):
        if len(set(labels[train])) < 2:
            raise SplitError('threshold = "fold": an inner fold trains on one label only; use "argmax"')
        model = build(recipe, inputs, encoder, seed=seed, device=device).fit(inputs[train], labels[train])
        probability[test] = softmax(model.predict_logits(inputs[test]))[:, 1]
    return best_threshold(labels, probability)
