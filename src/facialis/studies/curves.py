"""ROC, precision against recall, and net benefit, each with a band by bootstrap over subjects."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.studies.metrics import Floats, draw_subjects

GRID = np.linspace(0.0, 1.0, 51)
DECISIONS = np.linspace(0.02, 0.98, 49)
_MOST_THRESHOLDS = 400


def curves(
    subjects: ArrayLike,
    patients: ArrayLike,
    labels: ArrayLike,
    probability: ArrayLike,
    *,
    seed: int,
    n_bootstrap: int = 500,
    level: float = 0.95,
) -> dict[str, Any]:
    """Return the curves of a row's predictions, all folds' together, one entry a predicted frame.

    Parameters
    ----------
    subjects, patients, labels, probability
        The frame's subject, whether that is a patient, 1 palsy or 0 none, and the probability of palsy.
    seed, n_bootstrap, level
        Of the bands: patients and healthy subjects drawn with replacement, each group by itself.

    Returns
    -------
    dict
        ``roc`` (``x`` false positive rate, ``y`` true positive rate), ``pr`` (``x`` recall, ``y`` precision) and
        ``decision`` (``x`` threshold probability, ``y`` net benefit a frame, ``treat_all``), each with ``low`` and
        ``high``; ``auc`` and ``average_precision`` with ``*_interval``. None where only one label is there.

    Notes
    -----
    Net benefit at threshold p is TP/n - FP/n p/(1 - p) (Vickers and Elkin 2006). Where there are more than 400
    different probabilities, curves and areas are drawn through 400 of their quantiles.
    """
    y, p = np.asarray(labels, dtype=np.int64), np.asarray(probability, dtype=np.float64)
    names, subject = np.unique(np.asarray(subjects), return_inverse=True)
    of_patient = np.isin(names, np.unique(np.asarray(subjects)[np.asarray(patients, dtype=bool)]))
    drawn = draw_subjects(of_patient, seed=seed, n_bootstrap=n_bootstrap) if n_bootstrap else np.zeros((0, len(names)))
    weights = np.vstack([np.ones(len(names)), drawn])
    if len(set(y.tolist())) < 2:
        return dict.fromkeys(("roc", "pr", "decision", "auc", "average_precision"))
    called = _called(subject, y, p, _thresholds(p))
    true, false = (np.tensordot(weights, part, 1) for part in called)
    with np.errstate(invalid="ignore", divide="ignore"):
        tpr, fpr = true / true[:, -1:], false / false[:, -1:]
        precision = true / (true + false)
    roc = np.stack([np.interp(GRID, f, t) for f, t in zip(fpr, tpr, strict=True)])
    pr = np.stack([_precision_at(r, q) for r, q in zip(tpr, precision, strict=True)])
    auc = np.trapezoid(tpr, fpr, axis=1)
    average = np.nansum(np.diff(tpr, axis=1) * precision[:, 1:], axis=1)
    average[np.isnan(tpr).any(axis=1)] = np.nan
    true, false = (np.tensordot(weights, part, 1) for part in _called(subject, y, p, DECISIONS))
    positives, negatives = (weights @ np.bincount(subject, weights=y == k, minlength=len(names)) for k in (1, 0))
    n = (positives + negatives)[:, None]
    odds = DECISIONS / (1 - DECISIONS)
    benefit = (true - false * odds) / n
    everyone = (positives[:, None] - negatives[:, None] * odds) / n
    return {
        "roc": _band(GRID, roc, level),
        "pr": _band(GRID[1:], pr, level),
        "decision": {**_band(DECISIONS, benefit, level), "treat_all": _rounded(everyone[0])},
        "auc": round(float(auc[0]), 4),
        "auc_interval": _interval(auc[1:], level),
        "average_precision": round(float(average[0]), 4),
        "average_precision_interval": _interval(average[1:], level),
    }


def _thresholds(p: Floats) -> Floats:
    """Return the thresholds from above all probabilities down to the lowest."""
    values = np.unique(p)
    if len(values) > _MOST_THRESHOLDS:
        values = np.unique(np.quantile(p, np.linspace(0, 1, _MOST_THRESHOLDS), method="nearest"))
    return np.concatenate([[np.inf], values[::-1]])


def _called(subject: NDArray[np.intp], y: NDArray[np.int64], p: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    """Return each subject's true and false positives at each threshold, (subjects, thresholds)."""
    n_subjects = int(subject.max()) + 1
    found = []
    for label in (1, 0):
        rows = [np.sort(p[(subject == s) & (y == label)]) for s in range(n_subjects)]
        found.append(np.stack([len(r) - np.searchsorted(r, thresholds, side="left") for r in rows]).astype(np.float64))
    return found[0], found[1]


def _precision_at(recall: Floats, precision: Floats) -> Floats:
    """Return the precision where each recall of the grid (above 0) is first reached: steps, for lines would flatter."""
    known = ~np.isnan(precision) & ~np.isnan(recall)
    if not known.any():
        return np.full(len(GRID) - 1, np.nan)
    r, q = recall[known], precision[known]
    return np.asarray(q[np.minimum(np.searchsorted(r, GRID[1:] - 1e-12), len(q) - 1)])


def _band(x: Floats, draws: Floats, level: float) -> dict[str, list[float | None]]:
    tail = (1 - level) / 2
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a point that no draw defines is None
        low, high = (
            np.nanquantile(draws[1:], (tail, 1 - tail), axis=0) if len(draws) > 1 else np.full((2, len(x)), np.nan)
        )
    return {"x": _rounded(x), "y": _rounded(draws[0]), "low": _rounded(low), "high": _rounded(high)}


def _interval(draws: Floats, level: float) -> list[float | None]:
    known = draws[~np.isnan(draws)]
    tail = (1 - level) / 2
    return _rounded(np.quantile(known, (tail, 1 - tail))) if len(known) else [None, None]


def _rounded(values: Floats) -> list[float | None]:
    return [None if np.isnan(v) else round(float(v), 4) for v in values]
