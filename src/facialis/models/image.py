"""A head on an encoder, with or without its last block: trained on frozen tokens, answers averaged over crops."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from facialis.models.estimator import TorchEstimator
from facialis.models.inputs import Arrays, Inputs
from facialis.models.tokens import CENTRE

NECK_DROPOUT = 0.4
"""Of the layer on top of the paper's ResNet50."""


class TokenNet(nn.Module):
    """An encoder's tail, a neck where its table asks for one, and a linear head of two logits.

    Parameters
    ----------
    tail
        `Encoder.tail`; copied, so that every fold starts from the same weights.
    n_features
        Numbers that the tail gives.
    neck
        Width of a layer between (linear, ReLU, dropout 0.4, batch normalisation; its numbers are the embedding).
    """

    def __init__(self, tail: nn.Module, n_features: int, neck: int | None = None) -> None:
        super().__init__()
        self.tail = copy.deepcopy(tail).requires_grad_(True)
        self.neck = (
            nn.Identity()
            if neck is None
            else nn.Sequential(nn.Linear(n_features, neck), nn.ReLU(), nn.Dropout(NECK_DROPOUT), nn.BatchNorm1d(neck))
        )
        self.head = nn.Linear(neck or n_features, 2)

    def embed(self, tokens: Tensor) -> Tensor:
        """Return embeddings (n, crops, d) of tokens (n, crops, ...)."""
        embedding: Tensor = self.neck(self.tail(tokens.flatten(0, 1)))
        return embedding.reshape(*tokens.shape[:2], -1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return logits (n, 2), the mean over crops, of tokens (n, crops, ...)."""
        logits: Tensor = self.head(self.embed(tokens)).mean(dim=1)
        return logits


class ImageClassifier(TorchEstimator):
    """What is trained of an encoder, as an estimator.

    Parameters
    ----------
    inputs
        One modality, ``("crops",)`` or ``("lines",)``: the frozen part's tokens of its crops (n, 1 or 10, ...).
    train_crops, test_crops
        1 (the centre) or 10, averaged.
    lr, batch_size
        The paper's 0.01 and 256.
    """

    def __init__(
        self,
        module: Any = TokenNet,
        *,
        inputs: tuple[str, ...] = ("crops",),
        seed: int,
        train_crops: int = 1,
        test_crops: int = 10,
        lr: float = 0.01,
        batch_size: int = 256,
        max_epochs: int = 50,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            module, inputs=inputs, seed=seed, lr=lr, batch_size=batch_size, max_epochs=max_epochs, **kwargs
        )
        self.train_crops = train_crops
        self.test_crops = test_crops

    def fetch(self, X: Inputs, rows: NDArray[np.intp], training: bool) -> Arrays:
        """Return tokens (k, crops, ...) of as many crops as training or testing asks for."""
        (name,) = self.inputs
        one = (self.train_crops if training else self.test_crops) == 1
        stored = X.arrays[name].shape[1]
        return (X.take(name, rows, second=min(CENTRE, stored - 1) if one and stored > 1 else None),)

    def _rows_at_once(self) -> int:
        embeddings = isinstance(
            self.module__tail, nn.Identity
        )  # some hundred numbers a crop, not some hundred thousand
        return max(1, (4096 if embeddings else 64) // self.test_crops)
