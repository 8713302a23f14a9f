"""Train what a detector's bundle holds: the net, its calibration and thresholds, and figures on subjects kept apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from facialis.cohorts.simulated.variety import vary
from facialis.modalities.regions import REGIONS
from facialis.models.geometric import Branches, GeometricNet
from facialis.models.geometric_training import Features, Truth, calibrate, fit, log_odds, predict
from facialis.models.regions import calibrate_regions, fit_regions

SPECIFICITY = 0.90
OUTER = (0.80, 0.97)
"""Specificities of the two outer thresholds, between which a finding is uncertain."""
NOVELTY = 0.999
"""Share of the choosing faces whose novelty lies below the limit."""
BINS = 10
_SEVERE = 0.3


@dataclass(frozen=True, eq=False)
class Faces:
    """Faces to train, choose or test on.

    Attributes
    ----------
    landmarks, transforms : (n, 478, 3) px; (n, 4, 4), the landmarker's head transform.
    truth : what is known of them.
    subjects : (n,) subject of each.
    """

    landmarks: NDArray[np.floating[Any]]
    transforms: NDArray[np.floating[Any]]
    truth: Truth
    subjects: NDArray[Any]

    def features(self, definition: str) -> Features:
        """Measure the faces."""
        return Features.of(self.landmarks, self.transforms, definition)

    def varied(self, seed: int) -> Faces:
        """Return the faces bent at random, see `facialis.cohorts.simulated.variety.vary`."""
        return Faces(vary(self.landmarks, seed), self.transforms, self.truth, self.subjects)

    def take(self, rows: NDArray[Any]) -> Faces:
        """Return these rows."""
        truth = Truth(*(part[rows] for part in self.truth))
        return Faces(self.landmarks[rows], self.transforms[rows], truth, self.subjects[rows])


@dataclass(frozen=True)
class Trained:
    """A calibrated net with its thresholds (probabilities at even odds) and figures in words."""

    net: GeometricNet
    threshold: float
    uncertain: tuple[float, float]
    novelty_limit: float
    basis: str
    results: dict[str, str]


def train_detector(
    training: Faces,
    choosing: Faces,
    testing: Faces,
    *,
    seed: int,
    definition: str = "oo-2025",
    label_reads: Branches = "measures",
    simulated: bool,
) -> Trained:
    """Train on some subjects, calibrate and choose thresholds on others, test on others still.

    The training faces, and those on which thresholds are chosen, are bent at random (`Faces.varied`); calibration and
    figures are of the faces as they are.
    """
    bent = training.varied(seed).features(definition)
    net = fit(
        bent,
        training.truth,
        seed=seed,
        label_reads=label_reads,
        definition=definition,
    )
    plain = choosing.features(definition)
    calibrate(net, plain, choosing.truth.label)
    fit_regions(net, bent, training.truth.regions, seed=seed)
    calibrate_regions(net, plain, choosing.truth.regions)
    varied = choosing.varied(seed + 1).features(definition)
    healthy = log_odds(net, varied)[choosing.truth.label == 0]
    low, threshold, high = (_sigmoid(float(np.quantile(healthy, q))) for q in (OUTER[0], SPECIFICITY, OUTER[1]))
    novelty = predict(net, varied)["novelty"]
    kind = "simulated " if simulated else ""
    subjects = len(np.unique(choosing.subjects))
    return Trained(
        net,
        round(threshold, 4),
        (round(low, 4), round(high, 4)),
        round(float(np.quantile(novelty, NOVELTY)), 3),
        f"the probability below which {SPECIFICITY:.0%} of {len(healthy)} {kind}faces without palsy lie, bent at "
        f"random beyond what they are ({subjects} {kind}subjects that the model was not trained on); "
        f"uncertain between those of {OUTER[0]:.0%} and {OUTER[1]:.0%}",
        figures(net, testing, threshold, definition, " (simulated)" if simulated else "", kind),
    )


def figures(net: GeometricNet, faces: Faces, threshold: float, definition: str, mark: str, kind: str) -> dict[str, str]:
    """Return figures in words, each with n and a 95 % bootstrap interval over subjects."""
    truth = faces.truth
    answers = predict(net, faces.features(definition))
    odds = answers["logits"][:, 1] - answers["logits"][:, 0]
    p = np.array([_sigmoid(v) for v in odds])
    y = truth.label == 1
    called = y & (p >= threshold) & (truth.severity > _SEVERE) & ~np.isnan(truth.side)
    right = (answers["side"] > 0) == (truth.side == 1)
    every = np.ones(len(p), bool)
    asked: dict[str, tuple[Callable[[NDArray[Any]], float], NDArray[np.bool_]]] = {
        "AUC": (lambda r: _auc(y[r], p[r]), every),
        "sensitivity": (lambda r: float((p[r] >= threshold).mean()), y),
        "specificity": (lambda r: float((p[r] < threshold).mean()), ~y),
        f"calibration error, {BINS} bins, at even odds": (lambda r: calibration_error(p[r], y[r]), every),
        f"side right, of palsies called so with severity above {_SEVERE}": (lambda r: float(right[r].mean()), called),
    }
    for column, region in enumerate(REGIONS):
        known = ~np.isnan(truth.regions[:, column])
        asked[f"AUC of the region {region.replace('_', ' and ')}"] = (
            lambda r, column=column: _auc(truth.regions[r, column], answers["regions"][r, column]),  # type: ignore[misc]
            known,
        )
        asked[f"calibration error of the region {region.replace('_', ' and ')}, {BINS} bins"] = (
            lambda r, column=column: calibration_error(  # type: ignore[misc]
                1 / (1 + np.exp(-answers["regions"][r, column])), truth.regions[r, column] == 1, even=False
            ),
            known,
        )
    rng = np.random.default_rng(0)
    results = {}
    for name, (figure, chosen) in asked.items():
        rows = np.flatnonzero(chosen)
        if len(rows) < 10:
            continue
        value = figure(rows)
        samples = [figure(rows[sample]) for sample in _resampled(faces.subjects[rows], rng)]
        if np.isnan(value) or np.isnan(samples).all():  # one class only: there is no such figure
            continue
        low, high = np.nanquantile(samples, (0.025, 0.975))
        results[name + mark] = (
            f"{value:.3f} (95 % interval {low:.3f} to {high:.3f}; {len(rows)} {kind}faces of "
            f"{len(np.unique(faces.subjects[rows]))} {kind}subjects kept apart)"
        )
    return results


def calibration_error(p: NDArray[np.float64], y: NDArray[np.bool_], even: bool = True) -> float:
    """Return the expected calibration error: the mean gap between probability and share over ten equal bins; both
    labels weigh the same, as at even odds, unless `even` is false."""
    weight = np.where(y, 0.5 / max(y.sum(), 1), 0.5 / max((~y).sum(), 1)) if even else np.full(len(y), 1 / len(y))
    bins = np.minimum((p * BINS).astype(int), BINS - 1)
    gap = np.bincount(bins, weight * (p - y), BINS)
    return float(np.abs(gap).sum())


def _resampled(subjects: NDArray[Any], rng: np.random.Generator, times: int = 200) -> list[NDArray[np.intp]]:
    names, index = np.unique(subjects, return_inverse=True)
    order = np.argsort(index, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(index))[:-1])
    return [np.concatenate([rows[i] for i in rng.integers(0, len(names), len(names))]) for _ in range(times)]


def _auc(truth: NDArray[Any], scores: NDArray[Any]) -> float:
    return float(roc_auc_score(truth, scores)) if len(np.unique(truth)) == 2 else float("nan")


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
