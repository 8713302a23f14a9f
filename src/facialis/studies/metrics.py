"""F1, precision and recall of folds, their mean, the pooled figure, and intervals by bootstrap over subjects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import precision_recall_fscore_support

Floats = NDArray[np.float64]
METRICS = ("f1", "precision", "recall")


@dataclass(frozen=True)
class Score:
    """F1, precision and recall, 0 to 1; NaN where undefined (no frame called palsy, or none with palsy)."""

    f1: float
    precision: float
    recall: float


@dataclass(frozen=True)
class Summary:
    """A row's figures.

    Attributes
    ----------
    folds
        Score of each fold.
    mean
        The paper's: mean over the folds where a figure is defined.
    undefined
        For each metric, the numbers of the folds where it is not.
    pooled
        Score of all folds' predictions together.
    intervals, pooled_intervals
        For each metric (low, high) of the mean and of the pooled figure.
    """

    folds: tuple[Score, ...]
    mean: Score
    undefined: dict[str, tuple[int, ...]]
    pooled: Score
    intervals: dict[str, tuple[float, float]]
    pooled_intervals: dict[str, tuple[float, float]]


def score(labels: ArrayLike, predicted: ArrayLike) -> Score:
    """Return F1, precision and recall of frames; palsy (1) is the positive label.

    Examples
    --------
    >>> score([1, 1, 0, 0], [1, 0, 1, 0])
    Score(f1=0.5, precision=0.5, recall=0.5)
    >>> score([1, 1], [0, 0])
    Score(f1=0.0, precision=nan, recall=0.0)
    """
    precision, recall, f1, _ = precision_recall_fscore_support(
        np.asarray(labels), np.asarray(predicted), labels=[1], average=None, zero_division=np.nan
    )
    return Score(float(f1[0]), float(precision[0]), float(recall[0]))


def summarise(
    folds: ArrayLike,
    subjects: ArrayLike,
    patients: ArrayLike,
    labels: ArrayLike,
    predicted: ArrayLike,
    *,
    seed: int,
    n_bootstrap: int = 2000,
    level: float = 0.95,
) -> Summary:
    """Score a row's predictions, one entry a predicted frame.

    Parameters
    ----------
    folds
        Number of the fold, 0 to n - 1.
    subjects
        The frame's subject.
    patients
        Whether that subject is a patient.
    labels, predicted
        1 palsy, 0 none.
    seed, n_bootstrap, level
        Of the interval: percentile bootstrap, patients and healthy subjects drawn with replacement, each group by
        itself. The only patient (or only subject) of a fold stands for the fold; any other subject drawn twice counts
        twice in its folds.

    Notes
    -----
    A healthy subject that is tested in several folds (where they are fewer than the patients) counts in each of them,
    in the pooled figure too. The training side of a fold is not drawn again: the interval is that of the tested
    subjects, given the trained models.
    """
    folds_, subjects_ = np.asarray(folds), np.asarray(subjects)
    labels_, predicted_, patients_ = np.asarray(labels), np.asarray(predicted), np.asarray(patients, dtype=bool)
    n_folds = int(folds_.max()) + 1
    scores = tuple(score(labels_[folds_ == k], predicted_[folds_ == k]) for k in range(n_folds))
    table = np.array([[getattr(s, m) for m in METRICS] for s in scores])
    tables = confusion(folds_, subjects_, labels_, predicted_)
    of_patient = np.isin(np.unique(subjects_), np.unique(subjects_[patients_]))
    drawn = bootstrap(tables, of_patient, seed=seed, n_bootstrap=n_bootstrap)
    return Summary(
        folds=scores,
        mean=Score(*nanmean(table)),
        undefined={m: tuple(np.flatnonzero(np.isnan(table[:, i])).tolist()) for i, m in enumerate(METRICS)},
        pooled=score(labels_, predicted_),
        intervals=_intervals(drawn[0], level),
        pooled_intervals=_intervals(drawn[1], level),
    )


def confusion(
    folds: NDArray[np.generic],
    subjects: NDArray[np.generic],
    labels: NDArray[np.generic],
    predicted: NDArray[np.generic],
) -> Floats:
    """Return counts (subjects in sorted order, folds, 4): true and false positives, false and true negatives."""
    names, subject = np.unique(subjects, return_inverse=True)
    counts = np.zeros((len(names), int(np.max(folds)) + 1, 4))
    positive, called = labels == 1, predicted == 1
    for i, which in enumerate((positive & called, ~positive & called, positive & ~called, ~positive & ~called)):
        np.add.at(counts, (subject[which], folds[which], i), 1)
    return counts


def rates(counts: Floats) -> Floats:
    """Return F1, precision, recall (..., 3) of counts (..., 4); NaN where undefined."""
    true, false, missed, _ = np.moveaxis(counts, -1, 0)
    with np.errstate(invalid="ignore"):
        return np.stack(
            [2 * true / (2 * true + false + missed), true / (true + false), true / (true + missed)], axis=-1
        )


def bootstrap(counts: Floats, of_patient: NDArray[np.bool_], *, seed: int, n_bootstrap: int) -> tuple[Floats, Floats]:
    """Draw subjects with replacement, by group; return the mean over folds and the pooled figures, each (draws, 3).

    Parameters
    ----------
    counts
        From `confusion`: (subjects, folds, 4).
    of_patient
        (subjects,), whether the subject is a patient.

    Notes
    -----
    A fold that tests a single patient, or a single subject, counts as often as that one is drawn, and its figure is
    the fold's with each other subject as often as drawn. A fold of several patients counts once, however often each
    of them is.
    """
    weights = draw_subjects(of_patient, seed=seed, n_bootstrap=n_bootstrap)
    tested = counts.any(axis=2)
    patients = tested & of_patient[:, None]
    anchors = np.where(patients.any(axis=0), patients, tested)
    anchors &= anchors.sum(axis=0) == 1
    free = np.where(anchors[:, :, None], 0.0, counts)
    per_fold = rates((counts - free).sum(axis=0) + np.tensordot(weights, free, 1))
    times = np.where(anchors.any(axis=0), weights @ anchors, 1)
    defined = ~np.isnan(per_fold)
    weight = times[:, :, None] * defined
    with np.errstate(invalid="ignore"):
        mean = np.sum(np.where(defined, per_fold, 0) * weight, axis=1) / weight.sum(axis=1)
    pooled = rates(weights @ counts.sum(axis=1))
    return mean, pooled


def draw_subjects(of_patient: NDArray[np.bool_], *, seed: int, n_bootstrap: int) -> Floats:
    """Return how often each subject is drawn, (draws, subjects): each group with replacement, by itself."""
    rng = np.random.default_rng(seed)
    weights = np.zeros((n_bootstrap, len(of_patient)))
    for group in (of_patient, ~of_patient):
        n = int(group.sum())
        if n:
            weights[:, group] = rng.multinomial(n, np.full(n, 1 / n), size=n_bootstrap)
    return weights


def nanmean(table: Floats) -> list[float]:
    """Return each column's mean over its defined entries, NaN for a column without any; no warning."""
    return [float(np.mean(c[~np.isnan(c)])) if (~np.isnan(c)).any() else float("nan") for c in table.T]


def _intervals(draws: Floats, level: float) -> dict[str, tuple[float, float]]:
    tail = (1 - level) / 2
    intervals = {}
    for i, metric in enumerate(METRICS):
        known = draws[:, i][~np.isnan(draws[:, i])]
        low, high = np.quantile(known, (tail, 1 - tail)) if len(known) else (np.nan, np.nan)
        intervals[metric] = (float(low), float(high))
    return intervals


def best_threshold(labels: ArrayLike, probability: ArrayLike) -> float:
    """Return the threshold on the probability with the best F1, the nearest to 0.5 among equals.

    Candidates lie halfway between neighbouring probabilities; a frame is called palsy at or above it.

    Examples
    --------
    >>> best_threshold([0, 0, 1, 1], [0.1, 0.2, 0.4, 0.9])
    0.3
    """
    y, p = np.asarray(labels), np.asarray(probability, dtype=np.float64)
    values = np.unique(p)
    candidates = np.unique(np.concatenate([[0.5], (values[1:] + values[:-1]) / 2]))
    order = np.sort(p)
    hits = np.sort(p[y == 1])
    called = len(p) - np.searchsorted(order, candidates, side="left")
    true = len(hits) - np.searchsorted(hits, candidates, side="left")
    f1 = 2 * true / np.maximum(called + len(hits), 1)
    best = candidates[f1 >= f1.max() - 1e-12]
    return float(np.round(best[np.argmin(np.abs(best - 0.5))], 12))
