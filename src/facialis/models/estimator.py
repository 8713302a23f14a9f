"""The one interface of all models: fit on `Inputs`, answer with logits. Torch nets have it through skorch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any, NamedTuple, Protocol, Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from skorch import NeuralNetClassifier
from skorch.utils import to_tensor
from threadpoolctl import threadpool_limits
from torch import nn

from facialis.models.inputs import Arrays, Batches, Inputs


class Estimator(Protocol):
    """What every model of a study offers."""

    def fit(self, X: Inputs, y: ArrayLike) -> Self:
        """Fit on frames and their labels (n,): 1 palsy, 0 none."""
        ...

    def predict_logits(self, X: Inputs) -> NDArray[np.float32]:
        """Return logits (n, 2), columns no palsy and palsy."""
        ...


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Turn logits (n, 2) into probabilities (n, 2); the one place where it happens in a study.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]]))
    array([[0.5, 0.5]])
    """
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    powers = np.exp(shifted)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch inside the block; afterwards its global state is what it was."""
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


@contextmanager
def threads(n: int | None) -> Iterator[None]:
    """Let torch, and linear algebra below NumPy, use `n` threads at most inside the block; ``None``: as they were."""
    before = torch.get_num_threads()
    if n is not None and n < before:
        torch.set_num_threads(n)
    try:
        with nullcontext() if n is None else threadpool_limits(n, user_api="blas"):
            yield
    finally:
        torch.set_num_threads(before)


def autocast(device: str, precision: str) -> torch.autocast:
    """Compute inside the block in bfloat16 where `precision` is ``mixed`` and torch holds it safe, else in float32.

    bfloat16 on every device: it has float32's range, so that gradients need no scaling.
    """
    return torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=precision == "mixed")


class _Rows(NamedTuple):
    inputs: Inputs
    labels: NDArray[np.int64] | None


class _Interrupted(BaseException):
    """Carries a KeyboardInterrupt past skorch, which swallows it."""


class TorchEstimator(NeuralNetClassifier):  # type: ignore[misc]  # skorch is untyped
    """A torch module trained by SGD on cross-entropy, with a seed of its own and the common interface.

    Parameters
    ----------
    module
        Class of the module; its arguments as ``module__*``. It returns logits (n, 2) and has ``embed``.
    inputs
        The modalities that the module takes, in its order.
    seed
        Seed of initial weights, order of batches and anything random in training.
    n_threads
        At most so many threads; ``None`` for torch's own setting. Layers of some dozen units take as long on one
        thread as on two, and several times less than on two of which one is taken by another process.
    precision
        ``float32`` or ``mixed``; see `autocast`. Weights, losses and what is returned are float32 either way.
    lr, batch_size, max_epochs, device, **kwargs
        As in skorch. No part is held back for validation: folds are the study's business.
    """

    def __init__(
        self,
        module: Any,
        *,
        inputs: tuple[str, ...],
        seed: int,
        n_threads: int | None = None,
        precision: str = "float32",
        criterion: Any = nn.CrossEntropyLoss,
        optimizer: Any = torch.optim.SGD,
        train_split: Any = None,
        callbacks: Any = "disable",
        verbose: int = 0,
        classes: Any = (0, 1),
        **kwargs: Any,
    ) -> None:
        super().__init__(
            module,
            criterion=criterion,
            optimizer=optimizer,
            train_split=train_split,
            callbacks=callbacks,
            verbose=verbose,
            classes=classes,
            **kwargs,
        )
        self.inputs = inputs
        self.seed = seed
        self.n_threads = n_threads
        self.precision = precision

    def fit(self, X: Inputs, y: ArrayLike, **fit_params: Any) -> Self:
        """Train from new weights; the same seed and threads give the same net."""
        if len(X) < 2:
            raise ValueError(f"a net with batch normalisation needs 2 frames or more to train on, got {len(X)}")
        try:
            with seeded(self.seed), threads(self.n_threads):
                super().fit(X, np.asarray(y, dtype=np.int64), **fit_params)
        except _Interrupted as interrupt:
            raise KeyboardInterrupt from interrupt
        return self

    def fit_loop(self, X: Any, y: Any = None, epochs: int | None = None, **fit_params: Any) -> Self:
        """Train; an interrupt ends the work, where skorch would keep a half-trained net and go on."""
        try:
            super().fit_loop(X, y, epochs, **fit_params)
        except KeyboardInterrupt as interrupt:
            raise _Interrupted from interrupt
        return self

    def predict_logits(self, X: Inputs) -> NDArray[np.float32]:
        """Return logits (n, 2) float32, columns no palsy and palsy."""
        with threads(self.n_threads):
            return np.asarray(self.forward(X).numpy(), dtype=np.float32)

    def predict_proba(self, X: Inputs) -> NDArray[np.float64]:
        """Return probabilities (n, 2)."""
        return softmax(self.predict_logits(X))

    def embed(self, X: Inputs, *, training: bool = False) -> NDArray[np.float32]:
        """Return the trained net's embeddings (n, d), or (n, crops, d), of the crops used in training or in testing."""
        self._set_training(False)
        found: NDArray[np.float32] | None = None
        at = 0
        with torch.no_grad(), threads(self.n_threads):
            for arrays in Batches(len(X), self._rows_at_once(), lambda rows: self.fetch(X, rows, training), None):
                with autocast(self.device, self.precision):
                    embeddings = self.module_.embed(*to_tensor(arrays, device=self.device))
                if found is None:
                    found = np.empty((len(X), *embeddings.shape[1:]), np.float32)
                found[at : at + len(embeddings)] = embeddings.float().cpu().numpy()
                at += len(embeddings)
        assert found is not None
        return found

    def fetch(self, X: Inputs, rows: NDArray[np.intp], training: bool) -> Arrays:
        """Return what the module takes for these rows; a subclass may choose otherwise in training than in testing."""
        return tuple(X.take(name, rows) for name in self.inputs)

    # What skorch asks for, answered batch by batch instead of row by row (a fifth of the time on small nets).

    def get_dataset(self, X: Any, y: Any = None) -> Any:
        """Keep inputs and labels together."""
        return X if isinstance(X, _Rows) else _Rows(X, y)

    def get_iterator(self, dataset: Any, training: bool = False) -> Batches:
        """Return batches: in seeded order for training, in the rows' own order otherwise."""
        rows: _Rows = dataset

        def fetch(numbers: NDArray[np.intp]) -> tuple[Arrays, NDArray[np.int64]]:
            labels = np.zeros(len(numbers), np.int64) if rows.labels is None else rows.labels[numbers]
            return self.fetch(rows.inputs, numbers, training), labels

        size = self.batch_size if training else self._rows_at_once()
        return Batches(len(rows.inputs), size, fetch, self.seed if training else None)

    def infer(self, x: Any, **fit_params: Any) -> Any:
        """Run the module on one batch."""
        with autocast(self.device, self.precision):
            logits = self.module_(*to_tensor(x, device=self.device), **fit_params)
        return logits.float()

    def _rows_at_once(self) -> int:
        return 4096
