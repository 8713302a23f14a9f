"""A small net over time: what both sides of a face do in a sequence, frame by frame, to the log odds of palsy.

Two layers of convolution over time (a sixth of a second and a third each side at 15 frames a second), then mean and
maximum over the frames and a linear head. A frame without a face takes no part: neither in a convolution, which
averages over the frames that there are, nor in the mean or the maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facialis.modalities.movements import PAIRED
from facialis.models.estimator import seeded

Values = NDArray[np.float64]


def features(values: Values) -> Values:
    """Return what the net reads (n, 46) of the channels (n, 23) of one sequence.

    Of each pair of sides half the sum and half the difference, the middle; then the same less the sequence's median.
    """
    sides = values[:, : 2 * PAIRED].reshape(len(values), 2, PAIRED)
    rows = np.concatenate([sides.mean(axis=1), (sides[:, 0] - sides[:, 1]) / 2, values[:, 2 * PAIRED :]], axis=1)
    seen = np.isfinite(rows).all(axis=1)
    own = np.median(rows[seen], axis=0) if seen.any() else np.zeros(rows.shape[1])
    return np.concatenate([rows, rows - own], axis=1)


_TURNED = np.tile(np.repeat([1.0, -1.0, 1.0], [PAIRED, PAIRED, 1]), 2)
"""Signs of the features of the mirror image."""


class _Convolution(nn.Module):
    """A convolution over time that averages over the frames that are there."""

    def __init__(self, n_in: int, n_out: int, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(n_in, n_out, width, padding=width // 2)
        self.register_buffer("ones", torch.ones(1, 1, width))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return (n, n_out, t) of x (n, n_in, t) and which frames are there (n, 1, t), 1 or 0."""
        ones: Tensor = self.ones  # type: ignore[assignment]
        width = ones.shape[-1]
        there = nn.functional.conv1d(seen, ones, padding=width // 2).clamp(min=1)
        bias = self.mix.bias
        assert bias is not None
        plain = self.mix(x * seen) - bias[:, None]
        return torch.nn.functional.gelu(plain * (width / there) + bias[:, None])


class TemporalNet(nn.Module):
    """Sequences (n, t, 46), standardised, and which frames are there (n, t), to the log odds of palsy (n,)."""

    def __init__(self, n_inputs: int, width: int = 32, dropout: float = 0.3) -> None:
        super().__init__()
        self.first, self.second = _Convolution(n_inputs, width, 5), _Convolution(width, width, 9)
        self.drop = nn.Dropout(dropout)
        self.head = nn.Linear(2 * width, 1)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return the log odds; 0 frames there give those of nothing known."""
        there = seen[:, None]
        hidden = self.second(self.first(x.transpose(1, 2), there), there)
        mean = (hidden * there).sum(dim=-1) / there.sum(dim=-1).clamp(min=1)
        most = hidden.masked_fill(there == 0, -30.0).amax(dim=-1).clamp(min=-1)
        odds: Tensor = self.head(self.drop(torch.cat([mean, most], dim=1)))[:, 0]
        return odds


class TemporalClassifier:
    """`TemporalNet` fitted to sequences of channels; standardised by the training sequences alone.

    Parameters
    ----------
    seed
        Of the weights, the order and the mirroring: half of what is trained on is mirrored, drawn anew each epoch.
    epochs, rate, decay
        AdamW with one cycle, batches of 64.
    """

    def __init__(self, seed: int = 0, epochs: int = 40, rate: float = 3e-3, decay: float = 0.05) -> None:
        self.seed, self.epochs, self.rate, self.decay = seed, epochs, rate, decay

    def fit(self, sequences: Sequence[Values], labels: NDArray[np.bool_]) -> Self:
        """Fit to channels (t, 23) of each sequence, NaN where there is no face, and whether it shows palsy (n,)."""
        rows = [features(values) for values in sequences]
        every = np.concatenate(rows)
        every = every[np.isfinite(every).all(axis=1)]
        # with its mirror image, so that a difference of the sides has the mean 0
        both = np.concatenate([every, every * _TURNED])
        self.mean_, self.spread_ = both.mean(axis=0), np.maximum(both.std(axis=0), 1e-6)
        truth = torch.as_tensor(np.asarray(labels, dtype=np.float32))
        with seeded(self.seed):
            rng = np.random.default_rng(self.seed)
            net = TemporalNet(both.shape[1])
            given, seen = self._tensors(rows)
            turned = torch.as_tensor(_TURNED, dtype=torch.float32)
            steps = -(-len(rows) // 64) * self.epochs
            optimiser = torch.optim.AdamW(net.parameters(), lr=self.rate, weight_decay=self.decay)
            cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, self.rate, total_steps=steps)
            weight = (truth == 0).sum() / (truth == 1).sum().clamp(min=1)
            net.train()
            for _ in range(self.epochs):
                order = rng.permutation(len(rows))
                for batch in np.split(order, range(64, len(order), 64)):
                    x = given[batch]
                    flip = torch.as_tensor(rng.random(len(batch)) < 0.5)
                    x = torch.where(flip[:, None, None], x * turned, x)
                    loss = nn.functional.binary_cross_entropy_with_logits(
                        net(x, seen[batch]), truth[batch], pos_weight=weight
                    )
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    cycle.step()
            self.net_ = net.eval()
        return self

    def log_odds(self, sequences: Sequence[Values]) -> Values:
        """Return the log odds of palsy (n,), the mean over each sequence and its mirror image."""
        given, seen = self._tensors([features(values) for values in sequences])
        turned = torch.as_tensor(_TURNED, dtype=torch.float32)
        with torch.no_grad():
            odds = (self.net_(given, seen) + self.net_(given * turned, seen)) / 2
        return np.asarray(odds.numpy(), dtype=np.float64)

    def _tensors(self, rows: Sequence[Values]) -> tuple[Tensor, Tensor]:
        longest = max(len(row) for row in rows)
        given = np.full((len(rows), longest, len(self.mean_)), np.nan)
        for k, row in enumerate(rows):
            given[k, : len(row)] = (row - self.mean_) / self.spread_
        seen = np.isfinite(given).all(axis=-1)
        given[~seen] = 0.0  # a number has to stand there; `seen` keeps it out of everything
        return torch.as_tensor(given, dtype=torch.float32), torch.as_tensor(seen, dtype=torch.float32)
