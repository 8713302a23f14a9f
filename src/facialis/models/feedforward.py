"""The study's net for measures and coordinates: 15 hidden layers of 59 units (arXiv 2503.10371, section 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facialis.models.estimator import TorchEstimator
from facialis.models.inputs import Batches, Inputs

N_HIDDEN_LAYERS = 15
N_UNITS = 59


class Standardise(nn.Module):
    """Subtract a mean and divide by a scale, both kept in buffers so that they travel with the weights."""

    mean: Tensor
    scale: Tensor

    def __init__(self, n_inputs: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(n_inputs))
        self.register_buffer("scale", torch.ones(n_inputs))

    def set_statistics(self, mean: NDArray[np.float64], deviation: NDArray[np.float64]) -> None:
        """Take over the training side's mean and standard deviation (d,); a constant input is only centred."""
        constant = deviation <= 1e-6 * np.maximum(np.abs(mean), 1e-6)
        self.mean.copy_(torch.as_tensor(mean))
        self.scale.copy_(torch.as_tensor(np.where(constant, 1.0, deviation)))

    def forward(self, x: Tensor) -> Tensor:
        """Standardise (n, d)."""
        return (x - self.mean) / self.scale


class FeedForwardNet(nn.Module):
    """Hidden layers of Linear, ReLU, BatchNorm, then two logits; the last hidden layer is the embedding.

    Parameters
    ----------
    n_inputs
        29 for the measures, 956 for the coordinates.
    n_layers, n_units
        The paper's 15 and 59.
    """

    def __init__(self, n_inputs: int, n_layers: int = N_HIDDEN_LAYERS, n_units: int = N_UNITS) -> None:
        super().__init__()
        self.standardise = Standardise(n_inputs)
        widths = [n_inputs] + [n_units] * n_layers
        self.hidden = nn.Sequential(
            *(
                layer
                for i in range(n_layers)
                for layer in (nn.Linear(widths[i], n_units), nn.ReLU(), nn.BatchNorm1d(n_units))
            )
        )
        self.head = nn.Linear(n_units, 2)

    def embed(self, x: Tensor) -> Tensor:
        """Return embeddings (n, n_units) of raw inputs (n, n_inputs)."""
        embedding: Tensor = self.hidden(self.standardise(x))
        return embedding

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (n, 2), no palsy and palsy, of raw inputs (n, n_inputs)."""
        logits: Tensor = self.head(self.embed(x))
        return logits


def statistics(X: Inputs, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation (d,) of a modality's rows, in float64, without loading them all."""
    chunks = Batches(len(X), 8192, lambda rows: X.take(name, rows).astype(np.float64), None)
    mean = np.sum([np.sum(chunk, axis=0) for chunk in _arrays(chunks)], axis=0) / len(X)
    squares = np.sum([np.sum((chunk - mean) ** 2, axis=0) for chunk in _arrays(chunks)], axis=0)
    return mean, np.sqrt(squares / len(X))


def _arrays(chunks: Batches) -> Any:
    return iter(chunks)


class FeedForwardClassifier(TorchEstimator):
    """The net as an estimator; standardisation is fitted on what `fit` is given.

    Parameters
    ----------
    inputs
        One modality, ``("measures",)`` or ``("coordinates",)``.
    lr, batch_size
        The paper's 0.2045 and 256.
    max_epochs
        The paper leaves it unsaid; see `facialis.studies.recipes.NetSettings`.
    """

    def __init__(
        self,
        module: Any = FeedForwardNet,
        *,
        inputs: tuple[str, ...] = ("measures",),
        seed: int,
        n_threads: int | None = 1,
        lr: float = 0.2045,
        batch_size: int = 256,
        max_epochs: int = 30,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            module,
            inputs=inputs,
            seed=seed,
            n_threads=n_threads,
            lr=lr,
            batch_size=batch_size,
            max_epochs=max_epochs,
            **kwargs,
        )

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Fit the standardisation, on the training side alone."""
        super().on_train_begin(net, X, y, **kwargs)
        self.module_.standardise.set_statistics(*statistics(X, self.inputs[0]))
