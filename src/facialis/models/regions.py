"""Which regions palsy moves: a net of its own beside the label's, on the same features, trained on the frozen rest.

It looks at a face as if its right were the weak side, and as if its left were (the mirror image), and adds both up: the
same for a face and its mirror image. The label's net is not touched by it.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from facialis.modalities.measures import MEASURES
from facialis.modalities.regions import REGIONS
from facialis.modalities.signed import SIGNED_MEASURES
from facialis.models.estimator import seeded
from facialis.models.geometric import GeometricNet, PairMixer
from facialis.models.geometric_training import BATCH, DECAY, RATE, Features, predict
from facialis.progress import track

STEPS, EPOCHS = 2000, 60
"""Batches at most, and epochs at most: few faces are not gone through more often than that."""


class RegionNet(nn.Module):
    """Standardised features to logits (n, 4) that palsy moves a region visibly, in the order of `REGIONS`."""

    calibration: Tensor

    def __init__(self, channels: int = 16, hidden: int = 32, dropout: float = 0.1) -> None:
        super().__init__()
        self.mixer = PairMixer(channels, dropout=dropout)
        self.sided = nn.Sequential(
            nn.Linear(channels + len(MEASURES) + len(SIGNED_MEASURES), hidden),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(hidden, len(REGIONS)),
        )
        self.even = nn.Linear(len(MEASURES), len(REGIONS))
        self.register_buffer("calibration", torch.tensor([[1.0], [0.0]]).repeat(1, len(REGIONS)))

    def forward(self, both: Tensor, folded: Tensor, differences: Tensor) -> Tensor:
        """Map the pairs of the face and of its mirror image (n, 2, `N_PAIRS`, 4), folded measures (n, 29) and signed
        measures (n, 24) to (n, 4)."""
        mixed = self.mixer(both.flatten(0, 1)).unflatten(0, (-1, 2))
        sides = [
            self.sided(torch.cat([mixed[:, k], folded, sign * differences], dim=1)) for k, sign in ((0, 1.0), (1, -1.0))
        ]
        logits: Tensor = torch.logaddexp(*sides) + self.even(folded)
        return self.calibration[0] * logits + self.calibration[1]


def fit_regions(
    net: GeometricNet, features: Features, truth: NDArray[np.float32], *, seed: int, steps: int = STEPS
) -> None:
    """Give a trained net its `RegionNet`; the rest of it stays to the bit.

    Parameters
    ----------
    truth : (n, 4) whether palsy moves a region visibly; NaN where it is not known. Nothing is done where none is.
    steps : batches at most.
    """
    n, known = len(truth), ~np.isnan(truth)
    if not known.any():
        return
    inputs, target = features.tensors(), torch.from_numpy(truth)
    batch = min(BATCH, n)
    steps = min(steps, EPOCHS * (n // batch))
    with seeded(seed):
        regional = RegionNet()
        optimizer = torch.optim.AdamW(regional.parameters(), lr=RATE, weight_decay=DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
        order, at = torch.randperm(n), 0
        for _ in track(range(steps), "training regions", total=steps, unit="batches"):
            if at + batch > n:
                order, at = torch.randperm(n), 0
            rows, at = order[at : at + batch], at + batch
            there = ~target[rows].isnan()
            if not there.any():
                continue
            with torch.no_grad():
                seen = net.standardised(*(part[rows] for part in inputs))
            loss = functional.binary_cross_entropy_with_logits(regional(*seen)[there], target[rows][there])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    net.regional = regional.eval()


def calibrate_regions(net: GeometricNet, features: Features, truth: NDArray[np.float32]) -> None:
    """Scale and shift each region's log odds to what faces that the net has not seen bear out (Platt 1999).

    Parameters
    ----------
    features, truth : of other subjects than the net was trained on, as for `fit_regions`.
    """
    from sklearn.linear_model import LogisticRegression

    regional = net.regional
    if not isinstance(regional, RegionNet):
        return
    logits = predict(net, features)["regions"]
    for column, known in enumerate((~np.isnan(truth)).T):
        y = truth[known, column]
        if len(np.unique(y)) < 2:
            continue
        model = LogisticRegression(C=np.inf).fit(logits[known, column, None], y)
        scale, shift = float(model.coef_[0, 0]), float(model.intercept_[0])
        with torch.no_grad():
            old = regional.calibration[:, column].clone()
            regional.calibration[:, column] = torch.stack([scale * old[0], scale * old[1] + shift])
