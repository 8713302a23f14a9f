"""The pooled area under the ROC curve, exact, with its bootstrap over subjects; memory flat in the frames."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from facialis.studies.metrics import Floats, draw_subjects

AUC = "AUC, pooled"


def area_and_draws(
    scores: ArrayLike, labels: ArrayLike, subjects: ArrayLike, patients: ArrayLike, *, seed: int, n_bootstrap: int
) -> tuple[float, Floats]:
    """Return the area under the ROC curve of frames and its bootstrap draws (n_bootstrap,), NaN where undefined.

    Parameters
    ----------
    scores, labels, subjects, patients
        Of each frame (n,): the larger the more probable is palsy; 1 or 0; its subject; whether that is a patient.
        Patients and healthy subjects are drawn with replacement, each group by itself.
    """
    score, label = np.asarray(scores, dtype=np.float64), np.asarray(labels)
    names, subject = np.unique(np.asarray(subjects), return_inverse=True)
    wins, pairs = _wins(score, label, subject, len(names))
    if not pairs.any():
        return float("nan"), np.full(n_bootstrap, np.nan)
    value = float(wins.sum() / pairs.sum())
    if not n_bootstrap:
        return value, np.zeros(0)
    of_patient = np.isin(names, np.asarray(subjects)[np.asarray(patients, dtype=bool)])
    weights = draw_subjects(of_patient, seed=seed, n_bootstrap=n_bootstrap)
    won, all_ = (((weights @ table) * weights).sum(axis=1) for table in (wins, pairs))
    with np.errstate(invalid="ignore"):
        return value, np.asarray(won / all_)


def table_area(table: pd.DataFrame, *, seed: int, n_bootstrap: int) -> tuple[float, Floats]:
    """Return the same of predictions: ``logit_palsy`` less ``logit_no_palsy`` ranks them."""
    return area_and_draws(
        table["logit_palsy"].to_numpy(np.float64) - table["logit_no_palsy"].to_numpy(np.float64), table["label"],
        table["subject_id"].astype(str), table["group"] == "patient", seed=seed, n_bootstrap=n_bootstrap,
    )  # fmt: skip


def limits(draws: Floats) -> tuple[float | None, float | None]:
    """Return the 95 % interval of draws, those that are undefined left out."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return None, None
    low, high = np.quantile(known, (0.025, 0.975))
    return float(low), float(high)


def p_value(draws: Floats, null: float) -> float:
    """Return the two-sided p of the draws against a value, never 0."""
    known = draws[~np.isnan(draws)]
    if not len(known):
        return 1.0
    beyond = min(int((known <= null).sum()), int((known >= null).sum()))
    return min(1.0, 2.0 * (beyond + 1) / (len(known) + 1))


def _wins(score: Floats, label: NDArray[np.generic], subject: NDArray[np.intp], n: int) -> tuple[Floats, Floats]:
    """Return (n, n): over the frames with palsy of one subject and without of another, pairs won and all pairs."""
    ill = label == 1
    n_ill, n_well = (np.bincount(subject[rows], minlength=n).astype(np.float64) for rows in (ill, ~ill))
    wins = np.zeros((n, n))
    for other in np.flatnonzero(n_well):
        theirs = np.sort(score[~ill & (subject == other)])
        below = np.searchsorted(theirs, score[ill], "left") + np.searchsorted(theirs, score[ill], "right")
        wins[:, other] = np.bincount(subject[ill], weights=below / 2.0, minlength=n)
    return wins, np.outer(n_ill, n_well)
