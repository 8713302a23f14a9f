"""Several branches answer together: by their embeddings, by the mean of their probabilities, or stacked.

A branch that is missing for a frame (its modality is a row of NaN) is left out of that frame's answer; each branch is
trained on the frames that have it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from facialis.errors import CohortError, RecipeError, SplitError
from facialis.models.estimator import TorchEstimator, softmax
from facialis.models.fusion_nets import SLOPE, UNITS, BranchNet, FusionNet
from facialis.models.inputs import Inputs

N_INNER_FOLDS = 3
"""Folds inside a training side, by subject, for what has to be learned from answers about unseen subjects."""


class Fusion(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """What all fusions share: branches trained first, each alone, and asked where their modality is present.

    Parameters
    ----------
    branches
        Estimators that are not yet fitted.
    """

    branches: Sequence[Any]

    def _fit_branches(self, X: Inputs, y: NDArray[np.int64]) -> list[Any]:
        fitted = []
        for branch in self.branches:
            rows = np.flatnonzero(X.present(branch.inputs))
            if len(set(y[rows])) < 2:
                raise CohortError(
                    f"{' and '.join(branch.inputs)}: of {len(X)} training frames {len(rows)} have it, not of both"
                    " labels; a branch cannot be trained on them"
                )
            fitted.append(clone(branch).fit(X[rows], y[rows]))
        self.classes_ = np.array([0, 1])
        return fitted

    def predict_logits(self, X: Inputs) -> NDArray[np.float32]:
        """Return logits (n, 2) float32, columns no palsy and palsy.

        Raises
        ------
        CohortError
            A frame has none of the branches' modalities.
        """
        alone = ~np.any([X.present(branch.inputs) for branch in self.branches], axis=0)
        if alone.any():
            raise CohortError(f"{alone.sum()} of {len(X)} frames have none of the modalities; leave them out")
        parts = [self._logits(X[np.arange(i, min(i + 4096, len(X)))]) for i in range(0, len(X), 4096)]
        return np.concatenate(parts)

    def _logits(self, X: Inputs) -> NDArray[np.float32]:
        raise NotImplementedError

    def predict_proba(self, X: Inputs) -> NDArray[np.float64]:
        """Return probabilities (n, 2)."""
        return softmax(self.predict_logits(X))


def _where_present(branch: Any, X: Inputs, answer: Callable[[Inputs], NDArray[Any]]) -> NDArray[Any]:
    """Return a branch's answers, NaN for frames that lack its modality, and for those alone."""
    rows = np.flatnonzero(X.present(branch.inputs))
    some = answer(X[rows]) if len(rows) else answer(X[[0]])[:0]
    if not np.isfinite(some).all():
        name = " and ".join(branch.inputs)
        raise RecipeError(f"{name}: the training diverged (answers are not finite); lower this branch's learning rate")
    if len(rows) == len(X):
        return some
    full = np.full((len(X), *some.shape[1:]), np.nan, some.dtype)
    full[rows] = some
    return full


class EmbeddingFusion(Fusion):
    """Branches' heads are taken off and a net is trained on their embeddings; the paper's early fusion by default.

    The paper leaves unsaid whether the branches go on learning with the fusion net. Here they rest, in eval mode:
    embeddings are computed once a fold, and the fusion cannot spoil what the branches have learned.

    Parameters
    ----------
    branches
        Estimators that are not yet fitted, each with ``embed``.
    net
        `FusionNet`, `GatedNet` or `AttentionNet`.
    dropout
        Probability that a branch is hidden from a frame in training.
    lr
        The paper names none for the fusion net; 0.01, the Mixer's, is ours.
    batch_size
        The paper's 128.
    """

    def __init__(
        self,
        branches: Sequence[TorchEstimator],
        *,
        seed: int,
        net: type[BranchNet] = FusionNet,
        units: Sequence[int] = UNITS,
        slope: float = SLOPE,
        dropout: float = 0.0,
        lr: float = 0.01,
        batch_size: int = 128,
        max_epochs: int = 50,
        device: str = "cpu",
    ) -> None:
        self.branches = branches
        self.seed = seed
        self.net = net
        self.units = units
        self.slope = slope
        self.dropout = dropout
        self.lr = lr
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.device = device

    def fit(self, X: Inputs, y: ArrayLike) -> Self:
        """Fit the branches, then the fusion net."""
        labels = np.asarray(y, dtype=np.int64)
        self.branches_ = self._fit_branches(X, labels)
        embeddings = self._embeddings(X, training=True)
        self.net_ = TorchEstimator(
            self.net,
            inputs=tuple(embeddings.arrays),
            seed=self.seed,
            n_threads=1,
            module__sizes=tuple(embeddings.width(name) for name in embeddings.arrays),
            module__units=self.units,
            module__slope=self.slope,
            module__dropout=self.dropout,
            lr=self.lr,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            device=self.device,
        ).fit(embeddings, labels)
        return self

    def _logits(self, X: Inputs) -> NDArray[np.float32]:
        return self.net_.predict_logits(self._embeddings(X))

    def _embeddings(self, X: Inputs, *, training: bool = False) -> Inputs:
        def embed(branch: TorchEstimator) -> NDArray[Any]:
            return _where_present(branch, X, lambda part: branch.embed(part, training=training))

        return Inputs({f"branch_{i}": embed(branch) for i, branch in enumerate(self.branches_)})


class LateFusion(Fusion):
    """The mean of the probabilities of the branches that are present.

    Parameters
    ----------
    branches
        Estimators that are not yet fitted, each with ``predict_logits``.
    """

    def __init__(self, branches: Sequence[Any]) -> None:
        self.branches = branches

    def fit(self, X: Inputs, y: ArrayLike) -> Self:
        """Fit each branch alone."""
        self.branches_ = self._fit_branches(X, np.asarray(y, dtype=np.int64))
        return self

    def _logits(self, X: Inputs) -> NDArray[np.float32]:
        """Return logarithms of the mean probabilities (n, 2): their softmax is that mean again."""
        answers = [_where_present(branch, X, branch.predict_logits) for branch in self.branches_]
        mean = np.nanmean([softmax(logits) for logits in answers], axis=0)
        return np.asarray(np.log(np.maximum(mean, np.finfo(np.float32).tiny)), dtype=np.float32)


class StackedFusion(Fusion):
    """Logistic regression on the branches' answers (Wolpert 1992), learned from answers about unseen subjects.

    A branch's answer is its logit for palsy less that against; a missing branch says 0, no opinion.

    Parameters
    ----------
    branches
        Estimators that are not yet fitted, each with ``predict_logits``.
    seed
        Of the inner folds.
    strength
        Inverse of the L2 penalty, on answers scaled to a standard deviation of 1.
    """

    def __init__(self, branches: Sequence[Any], *, seed: int, strength: float = 1.0) -> None:
        self.branches = branches
        self.seed = seed
        self.strength = strength

    def fit(self, X: Inputs, y: ArrayLike, groups: ArrayLike) -> Self:
        """Fit the stack on out-of-fold answers, by subject (`groups` (n,)), then the branches on everything.

        Raises
        ------
        SplitError
            Too few subjects for the inner folds.
        """
        labels = np.asarray(y, dtype=np.int64)
        answers = np.empty((len(X), len(self.branches)))
        for train, test in folds_by_subject(labels, np.asarray(groups), self.seed):
            self.branches_ = self._fit_branches(X[train], labels[train])
            answers[test] = self._answers(X[test])
        deviation = answers.std(axis=0)
        self.scale_ = np.where(deviation > 0, deviation, 1.0)
        self.stack_ = LogisticRegression(C=self.strength).fit(answers / self.scale_, labels)
        self.branches_ = self._fit_branches(X, labels)
        return self

    def _answers(self, X: Inputs) -> NDArray[np.float64]:
        logits = [_where_present(b, X, b.predict_logits) for b in self.branches_]
        return np.nan_to_num(np.stack([part[:, 1] - part[:, 0] for part in logits], axis=1).astype(np.float64))

    def _logits(self, X: Inputs) -> NDArray[np.float32]:
        half = self.stack_.decision_function(self._answers(X) / self.scale_) / 2
        return np.stack([-half, half], axis=1).astype(np.float32)


def folds_by_subject(
    labels: NDArray[Any], subjects: NDArray[Any], seed: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Yield training and held-out rows of up to three folds inside a training side, no subject on both.

    Raises
    ------
    SplitError
        Fewer than two subjects of a label, or an inner fold that would train on one label only.
    """
    n = min(N_INNER_FOLDS, *(len(set(subjects[labels == k])) for k in (0, 1)))
    if n < 2:
        raise SplitError("inner folds need two training subjects or more of each label; give more subjects")
    splitter = StratifiedGroupKFold(n, shuffle=True, random_state=seed)
    for train, test in splitter.split(np.zeros(len(labels)), labels, subjects):
        if len(set(labels[train])) < 2:
            raise SplitError("an inner fold would train on one label only; give more subjects")
        yield train, test
