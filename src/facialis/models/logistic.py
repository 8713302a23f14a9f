"""Logistic regression on standardised inputs, fitted by scikit-learn and kept as a small torch module."""

from __future__ import annotations

from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from facialis.models.estimator import softmax
from facialis.models.feedforward import Standardise, statistics
from facialis.models.inputs import Inputs


class LogisticNet(nn.Module):
    """Standardise, then one linear layer of two logits."""

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.standardise = Standardise(n_inputs)
        self.head = nn.Linear(n_inputs, 2)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, 2), no palsy and palsy, of raw inputs (n, n_inputs)."""
        logits: Tensor = self.head(self.standardise(x))
        return logits


class LogisticClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """`LogisticNet` as an estimator.

    Parameters
    ----------
    inputs
        One modality.
    strength
        Inverse of the L2 penalty, scikit-learn's ``C``.
    balanced
        Whether both labels weigh the same however many frames they have.
    """

    def __init__(
        self, *, inputs: tuple[str, ...] = ("measures",), strength: float = 1.0, balanced: bool = False
    ) -> None:
        self.inputs = inputs
        self.strength = strength
        self.balanced = balanced

    def fit(self, X: Inputs, y: ArrayLike) -> Self:
        """Fit standardisation and weights; nothing in it is random."""
        (name,) = self.inputs
        module = LogisticNet(X.width(name))
        module.standardise.set_statistics(*statistics(X, name))
        with torch.no_grad():
            z = module.standardise(torch.from_numpy(X.take(name))).double().numpy()
        model = LogisticRegression(
            C=self.strength, class_weight="balanced" if self.balanced else None, max_iter=5000, tol=1e-6
        ).fit(z, np.asarray(y, dtype=np.int64))
        # Half of the log odds for palsy, half against: the softmax of the two is scikit-learn's probability.
        half = torch.as_tensor(np.stack([-model.coef_[0], model.coef_[0]]) / 2)
        bias = torch.as_tensor(np.stack([-model.intercept_[0], model.intercept_[0]]) / 2)
        with torch.no_grad():
            module.head.weight.copy_(half)
            module.head.bias.copy_(bias)
        self.module_ = module.eval()
        self.classes_ = np.array([0, 1])
        return self

    def predict_logits(self, X: Inputs) -> NDArray[np.float32]:
        """Return logits (n, 2) float32, columns no palsy and palsy."""
        with torch.no_grad():
            logits: NDArray[np.float32] = self.module_(torch.from_numpy(X.take(self.inputs[0]))).numpy()
        return logits

    def predict_proba(self, X: Inputs) -> NDArray[np.float64]:
        """Return probabilities (n, 2)."""
        return softmax(self.predict_logits(X))
