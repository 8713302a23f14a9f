"""How the detector's own net is trained: on label, side, regions and severity at once, then calibrated."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from facialis.faces.geometry import undo_pose
from facialis.modalities.measures import measure
from facialis.modalities.pairs import landmark_pairs
from facialis.modalities.regions import REGIONS
from facialis.modalities.signed import signed_measures
from facialis.models.estimator import seeded
from facialis.models.geometric import Branches, GeometricNet, Outputs
from facialis.progress import track

EPOCHS, BATCH, RATE, DECAY = 6, 256, 2e-3, 0.05
STEPS = 750
"""At least so many batches: few faces are gone through more often."""
_WEIGHT = 0.5
"""Of side, regions and severity beside the label."""


class Features(NamedTuple):
    """What the net reads of n faces: pairs (n, 54, 4), measures (n, 29), signed measures (n, 24), all float32."""

    pairs: NDArray[np.float32]
    measures: NDArray[np.float32]
    signed: NDArray[np.float32]

    @classmethod
    def of(
        cls, landmarks: NDArray[np.floating[Any]], transforms: NDArray[np.floating[Any]], definition: str = "oo-2025"
    ) -> Features:
        """Measure landmarks (n, 478, 3) px with head transforms (n, 4, 4); pairs and sides with the pose undone."""
        points = np.asarray(landmarks, dtype=np.float64)
        frontal = undo_pose(points, transforms)
        return cls(
            landmark_pairs(frontal),
            measure(points, definition=definition, origin="face").astype(np.float32),
            signed_measures(frontal).astype(np.float32),
        )

    def tensors(self) -> tuple[Tensor, ...]:
        """Return them as tensors."""
        return tuple(torch.from_numpy(part) for part in self)


class Truth(NamedTuple):
    """What is known of n faces; NaN where it is not, which then teaches nothing.

    Attributes
    ----------
    label : (n,) 1 palsy, 0 none.
    side : (n,) 1 where the subject's right is weak, 0 the left.
    regions : (n, 4) whether palsy moves a region visibly, in the order of `facialis.models.geometric.REGIONS`.
    severity : (n,) 0 to 1.
    """

    label: NDArray[np.int64]
    side: NDArray[np.float32]
    regions: NDArray[np.float32]
    severity: NDArray[np.float32]

    @classmethod
    def of_labels(cls, label: NDArray[Any]) -> Truth:
        """Return a truth of labels alone."""
        n = len(label)
        unknown = np.full((n, len(REGIONS)), np.nan, dtype=np.float32)
        return cls(np.asarray(label, dtype=np.int64), unknown[:, 0].copy(), unknown, unknown[:, 0].copy())


def fit(
    features: Features,
    truth: Truth,
    *,
    seed: int,
    label_reads: Branches = "measures",
    definition: str = "oo-2025",
    steps: int = STEPS,
) -> GeometricNet:
    """Train a net through `EPOCHS` and `steps` batches at least; the same seed, faces and libraries give the same one.

    Raises
    ------
    ValueError
        Fewer faces than a batch needs (2).
    """
    n = len(truth.label)
    if n < 2:
        raise ValueError(f"the net needs 2 faces or more to train on, got {n}")
    inputs = features.tensors()
    label = torch.from_numpy(truth.label)
    rest = [torch.from_numpy(part) for part in truth[1:]]
    batch = min(BATCH, n)
    with seeded(seed):
        net = GeometricNet(definition, label_reads)
        net.set_statistics(*inputs)
        optimizer = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)
        epochs = max(EPOCHS, -(-steps // (n // batch)))
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=epochs * (n // batch))
        for _ in track(range(epochs), "training", total=epochs, unit="epochs"):
            order = torch.randperm(n)
            for start in range(0, n - batch + 1, batch):
                rows = order[start : start + batch]
                loss = _loss(net(*(part[rows] for part in inputs)), label[rows], *(part[rows] for part in rest))
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
    return net.eval()


def _loss(outputs: Outputs, label: Tensor, side: Tensor, regions: Tensor, severity: Tensor) -> Tensor:
    loss = functional.cross_entropy(outputs.logits, label)
    side = torch.where(label == 1, side, torch.nan)  # a face without palsy has no weak side to see
    for logits, truth in ((outputs.side, side), (outputs.regions, regions)):
        known = ~truth.isnan()
        if known.any():
            loss = loss + _WEIGHT * functional.binary_cross_entropy_with_logits(logits[known], truth[known])
    known = ~severity.isnan()
    if known.any():
        loss = loss + _WEIGHT * functional.mse_loss(torch.sigmoid(outputs.severity[known]), severity[known])
    return loss


def calibrate(net: GeometricNet, features: Features, label: NDArray[np.int64]) -> None:
    """Scale and shift the log odds to what faces that the net has not seen bear out, at even odds (Platt 1999).

    Parameters
    ----------
    features, label : faces of other subjects than the net was trained on, of both labels.
    """
    from sklearn.linear_model import LogisticRegression

    odds = log_odds(net, features)
    model = LogisticRegression(C=np.inf, class_weight="balanced").fit(odds[:, None], label)
    scale, shift = float(model.coef_[0, 0]), float(model.intercept_[0])
    with torch.no_grad():
        old_scale, old_shift = net.calibration.tolist()
        net.calibration.copy_(torch.tensor([scale * old_scale, scale * old_shift + shift]))


def predict(net: GeometricNet, features: Features) -> dict[str, NDArray[np.float64]]:
    """Return the net's `Outputs` as arrays."""
    with torch.no_grad():
        parts = [net(*(part[i : i + 4096] for part in features.tensors())) for i in range(0, len(features.pairs), 4096)]
    return {name: torch.cat([getattr(p, name) for p in parts]).double().numpy() for name in Outputs._fields}


def log_odds(net: GeometricNet, features: Features) -> NDArray[np.float64]:
    """Return the log odds of palsy (n,)."""
    logits = predict(net, features)["logits"]
    return np.asarray(logits[:, 1] - logits[:, 0])
