"""One fold of one recipe: a model is built, fitted on the training side, and asked about the held-out frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.cohort import Cohort
from facialis.errors import CohortError, RecipeError
from facialis.models.encoders import Encoder
from facialis.models.estimator import Estimator, TorchEstimator, softmax
from facialis.models.feedforward import FeedForwardClassifier
from facialis.models.fusion import EmbeddingFusion, LateFusion, StackedFusion, folds_by_subject
from facialis.models.fusion_nets import AttentionNet, BranchNet, FusionNet, GatedNet
from facialis.models.image import ImageClassifier
from facialis.models.inputs import Inputs
from facialis.models.logistic import LogisticClassifier
from facialis.models.tokens import frozen_tokens
from facialis.studies.fold_shares import fold_shares
from facialis.studies.metrics import best_threshold
from facialis.studies.settings import IMAGES, Recipe

_NETS: dict[str, type[BranchNet]] = {
    "early-fusion": FusionNet,
    "gated-fusion": GatedNet,
    "attention-fusion": AttentionNet,
}


@dataclass(frozen=True, eq=False)
class Answers:
    """What a fold's model says about its held-out frames: logits (n, 2), probability of palsy (n,), label (n,), and
    what it leans on (`facialis.studies.fold_shares.fold_shares`)."""

    logits: NDArray[np.float32]
    probability: NDArray[np.float64]
    predicted: NDArray[np.int8]
    threshold: float
    shares: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


def load_inputs(recipe: Recipe, cohort: Cohort, encoder: Encoder | None, *, device: str = "cpu") -> Inputs:
    """Return what a recipe's models take, memory-mapped; pictures become the tokens of the encoder's frozen part.

    Raises
    ------
    CohortError
        The cohort lacks a modality, or a frame's numbers are not finite: modality and frame are named. A frame that
        lacks a modality whole (NaN in all its numbers) is taken where `Recipe.takes_missing`.
    """
    arrays: dict[str, NDArray[Any]] = {}
    lacking: list[NDArray[np.bool_]] = []
    for name in recipe.modalities:
        array = cohort.array(name)
        if name in IMAGES:
            assert encoder is not None
            ten = 10 in (recipe.image.train_crops, recipe.image.test_crops)
            arrays[name] = frozen_tokens(
                encoder.training(recipe.image.trains),
                array,
                "ten" if ten else "centre",
                Path(cohort.path) / "derived",
                dtype=recipe.image.token_dtype,
                device=device,
                precision=recipe.image.precision,
            )
            lacking.append(np.zeros(len(array), bool))
        else:
            lacking.append(_check_finite(name, array, cohort, recipe))
            arrays[name] = array
    without = np.all(lacking, axis=0)
    if without.any():
        frame = cohort.frames["frame_id"].iloc[int(without.argmax())]
        raise CohortError(f"{cohort.path}: frame {frame} has none of {', '.join(recipe.modalities)}; leave it out")
    return Inputs(arrays)


def _check_finite(name: str, array: NDArray[Any], cohort: Cohort, recipe: Recipe) -> NDArray[np.bool_]:
    """Return which frames (n,) lack the modality; refuse numbers that are not finite, and gaps no model can take."""
    lacking = np.zeros(len(array), bool)
    for start in range(0, len(array), 8192):
        part = np.asarray(array[start : start + 8192]).reshape(len(array[start : start + 8192]), -1)
        missing = np.isnan(part).all(axis=1) & recipe.takes_missing
        bad = ~np.isfinite(part).all(axis=1) & ~missing
        if bad.any():
            frame = cohort.frames["frame_id"].iloc[start + int(bad.argmax())]
            raise CohortError(
                f"{cohort.path}: {name} of frame {frame} holds numbers that are not finite; extract it again"
            )
        lacking[start : start + len(part)] = missing
    return lacking


def build(recipe: Recipe, inputs: Inputs, encoder: Encoder | None, *, seed: int, device: str = "cpu") -> Estimator:
    """Return a recipe's model, not yet fitted. The same seed gives a branch of a fusion the weights it has alone."""
    if recipe.model == "logistic":
        settings = recipe.logistic
        return LogisticClassifier(inputs=recipe.modalities, strength=settings.strength, balanced=settings.balanced)
    branches: list[TorchEstimator] = []
    for name in recipe.modalities:
        if name in IMAGES:
            assert encoder is not None
            image = recipe.image
            branches.append(
                ImageClassifier(
                    inputs=(name,),
                    seed=seed,
                    module__tail=encoder.training(image.trains).tail,
                    module__n_features=encoder.spec.n_features,
                    module__neck=encoder.spec.neck,
                    train_crops=image.train_crops,
                    test_crops=image.test_crops,
                    lr=image.learning_rate,
                    batch_size=image.batch,
                    max_epochs=image.epochs,
                    device=device,
                    precision=image.precision,
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
    fusion = recipe.fusion
    if recipe.model == "stacked-fusion":
        return StackedFusion(branches, seed=seed, strength=fusion.strength)
    if recipe.model in _NETS:
        return EmbeddingFusion(
            branches,
            seed=seed,
            net=_NETS[recipe.model],
            units=fusion.units,
            slope=fusion.slope,
            dropout=fusion.dropout,
            lr=fusion.learning_rate,
            batch_size=fusion.batch,
            max_epochs=fusion.epochs,
            device=device,
        )
    return branches[0]


def fit(model: Estimator, X: Inputs, labels: NDArray[Any], subjects: NDArray[Any]) -> Estimator:
    """Fit a model; subjects (n,) are for what is learned inside the training side from answers about others."""
    if isinstance(model, StackedFusion):
        return model.fit(X, labels, groups=subjects)
    return model.fit(X, labels)


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
        The training side has too few subjects to choose a threshold or to stack in.
    RecipeError
        The training diverged.
    """
    labels, subjects = frames["label"][train], frames["subject_id"][train]
    threshold = 0.5
    if recipe.threshold == "fold":
        threshold = _choose_threshold(recipe, inputs[train], labels, subjects, encoder, seed, device)
    model = fit(build(recipe, inputs, encoder, seed=seed, device=device), inputs[train], labels, subjects)
    logits = model.predict_logits(inputs[test])
    if not np.isfinite(logits).all():
        raise RecipeError(f"{recipe.name}: the training diverged (logits are not finite); lower its learning rate")
    probability = softmax(logits)[:, 1]
    called = logits.argmax(axis=1) == 1 if recipe.threshold == "argmax" else probability >= threshold
    shares = fold_shares(model, recipe, inputs, train[labels == 0], test)
    return Answers(logits, probability, called.astype(np.int8), threshold, shares)


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
    probability = np.empty(len(labels))
    for train, test in folds_by_subject(labels, subjects, seed):
        model = build(recipe, inputs, encoder, seed=seed, device=device)
        fit(model, inputs[train], labels[train], subjects[train])
        probability[test] = softmax(model.predict_logits(inputs[test]))[:, 1]
    return best_threshold(labels, probability)
