"""Is one row better than another? Paired permutation tests over subjects on the same folds, with Holm's correction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import permutation_test

from facialis.studies.metrics import confusion, rates

N_PERMUTATIONS = 9999
_AT_ONCE = 1 << 24  # numbers of a batch of permutations: 128 MB


def compare(first: pd.DataFrame, second: pd.DataFrame, *, seed: int, n: int = N_PERMUTATIONS) -> tuple[float, float]:
    """Return the difference of two rows' F1 (mean over folds, first less second) and its two-sided p.

    Under the null hypothesis a subject's answers are as good from the one model as from the other: for each subject,
    all its frames at once, the two models' answers are swapped or not. With few subjects all swaps are made,
    otherwise `n` drawn ones.

    Parameters
    ----------
    first, second
        Predictions of two rows on the same folds and frames: ``fold``, ``frame_id``, ``subject_id``, ``label``,
        ``predicted``.

    Raises
    ------
    ValueError
        The two are not of the same frames in the same folds.
    """
    keys = ["fold", "frame_id"]
    first, second = (t.sort_values(keys, ignore_index=True) for t in (first, second))
    if not first[keys].equals(second[keys]):
        raise ValueError("the two rows were not tested on the same frames in the same folds")
    subjects = first["subject_id"].astype(str).to_numpy()
    labels, folds = first["label"].to_numpy(), first["fold"].to_numpy()
    counts = np.concatenate(
        [confusion(folds, subjects, labels, table["predicted"].to_numpy()) for table in (first, second)]
    )
    n_subjects = len(counts) // 2

    def difference(mine: NDArray[Any], theirs: NDArray[Any], axis: int) -> NDArray[np.float64]:
        return _mean_f1(counts, mine, axis) - _mean_f1(counts, theirs, axis)

    numbers = np.arange(2 * n_subjects)
    result = permutation_test(
        (numbers[:n_subjects], numbers[n_subjects:]),
        difference,
        permutation_type="samples",
        vectorized=True,
        n_resamples=n,
        batch=max(1, _AT_ONCE // counts[:n_subjects].size),
        rng=np.random.default_rng(seed),
    )
    return float(result.statistic), float(result.pvalue)


def _mean_f1(counts: NDArray[np.float64], numbers: NDArray[Any], axis: int) -> NDArray[np.float64]:
    """Return the mean F1 over the folds where it is defined, of the counts with these numbers along the axis."""
    chosen = np.moveaxis(numbers, axis, -1).astype(np.intp)
    f1 = rates(counts[chosen].sum(axis=-3))[..., 0]
    known = ~np.isnan(f1)
    return np.asarray(np.where(known, f1, 0.0).sum(axis=-1) / np.maximum(known.sum(axis=-1), 1))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p of several tests, in the order given.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(stepped, 1.0)
    return [float(value) for value in adjusted]
