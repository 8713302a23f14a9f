"""Measures and picture together: early fusion (embeddings side by side) and late fusion (mean of probabilities)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from torch import Tensor, nn

from facialis.models.estimator import TorchEstimator, softmax
from facialis.models.inputs import Inputs

UNITS = (256, 128, 64)
SLOPE = 0.2


class FusionNet(nn.Module):
    """Embeddings side by side into 256, 128, 64 and 2; each but the last with BatchNorm and LeakyReLU 0.2.

    Parameters
    ----------
    n_inputs
        Length of all embeddings together: 59 + 768 = 827 for the net and Mixer-B/16.
    """

    def __init__(self, n_inputs: int, units: Sequence[int] = UNITS, slope: float = SLOPE) -> None:
        super().__init__()
        widths = [n_inputs, *units]
        self.hidden = nn.Sequential(
            *(
                layer
                for i, n in enumerate(units)
                for layer in (nn.Linear(widths[i], n), nn.BatchNorm1d(n), nn.LeakyReLU(slope))
            )
        )
        self.head = nn.Linear(widths[-1], 2)

    def forward(self, *embeddings: Tensor) -> Tensor:
        """Return logits (n, 2), the mean over crops, of embeddings (n, d) or (n, crops, d)."""
        n_crops = max(e.shape[1] if e.ndim == 3 else 1 for e in embeddings)
        full = [(e if e.ndim == 3 else e.unsqueeze(1)).expand(-1, n_crops, -1) for e in embeddings]
        x = torch.cat(full, dim=2)
        logits: Tensor = self.head(self.hidden(x.flatten(0, 1)))
        return logits.reshape(-1, n_crops, 2).mean(dim=1)


class EarlyFusion(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """Branches trained first, each alone; their heads taken off; a net trained on their embeddings.

    The paper leaves unsaid whether the branches go on learning with the fusion net. Here they rest, in eval mode:
    embeddings are computed once a fold, and the fusion cannot spoil what the branches have learned.

    Parameters
    ----------
    branches
        Estimators that are not yet fitted, each with ``embed``.
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
        units: Sequence[int] = UNITS,
        slope: float = SLOPE,
        lr: float = 0.01,
        batch_size: int = 128,
        max_epochs: int = 50,
        device: str = "cpu",
    ) -> None:
        self.branches = branches
        self.seed = seed
        self.units = units
        self.slope = slope
        self.lr = lr
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.device = device

    def fit(self, X: Inputs, y: ArrayLike) -> Self:
        """Fit the branches, then the fusion net."""
        self.branches_ = [clone(branch).fit(X, y) for branch in self.branches]
        embeddings = self._embeddings(X, training=True)
        self.net_ = TorchEstimator(
            FusionNet,
            inputs=tuple(embeddings.arrays),
            seed=self.seed,
            n_threads=1,
            module__n_inputs=sum(embeddings.width(name) for name in embeddings.arrays),
            module__units=self.units,
            module__slope=self.slope,
            lr=self.lr,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            device=self.device,
        ).fit(embeddings, y)
        self.classes_ = np.array([0, 1])
        return self

    def predict_logits(self, X: Inputs) -> NDArray[np.float32]:
        """Return logits (n, 2) float32, columns no palsy and palsy."""
        return np.concatenate(
            [
                self.net_.predict_logits(self._embeddings(X[np.arange(start, min(start + 4096, len(X)))]))
                for start in range(0, len(X), 4096)
            ]
        )

    def predict_proba(self, X: Inputs) -> NDArray[np.float64]:
        """Return probabilities (n, 2)."""
        return softmax(self.predict_logits(X))

    def _embeddings(self, X: Inputs, *, training: bool = False) -> Inputs:
        return Inputs({f"branch_{i}": branch.embed(X, training=training) for i, branch in enumerate(self.branches_)})


class LateFusion(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn is untyped
    """The mean of the branches' probabilities.

    Parameters
    ----------
    branches
        Estimators that are not yet fitted, each with ``predict_logits``.
    """

    def __init__(self, branches: Sequence[Any]) -> None:
        self.branches = branches

    def fit(self, X: Inputs, y: ArrayLike) -> Self:
        """Fit each branch alone."""
        self.branches_ = [clone(branch).fit(X, y) for branch in self.branches]
        self.classes_ = np.array([0, 1])
        return self

    def predict_logits(self, X: Inputs) -> NDArray[np.float32]:
        """Return logarithms of the mean probabilities (n, 2): their softmax is that mean again."""
        mean = np.mean([softmax(branch.predict_logits(X)) for branch in self.branches_], axis=0)
        return np.asarray(np.log(np.maximum(mean, np.finfo(np.float32).tiny)), dtype=np.float32)

    def predict_proba(self, X: Inputs) -> NDArray[np.float64]:
        """Return probabilities (n, 2)."""
        return softmax(self.predict_logits(X))
