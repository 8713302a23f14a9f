"""How well a number repeats: standard error of measurement, smallest detectable change, intraclass correlation.

Of values in groups that belong together (one subject in one view, measured again), one-way random effects: a value is
its group's own plus an error of measurement. From the analysis of variance of g groups with N values,

- SEM = sqrt(mean square within), with N - g degrees of freedom; its interval is that of chi-square;
- SDC95 = 1.96 sqrt(2) SEM, the smallest change between two values that is no error of measurement in 95 of 100;
- ICC(1,1) = (MSB - MSW) / (MSB + (n0 - 1) MSW) with n0 = (N - sum n_i^2 / N) / (g - 1), its interval by F.

The repeats of a group have no order and no rater of their own, so ICC(1,1) is meant, and no ICC(2,1).

Sources: Bland and Altman, BMJ 1996;313:744 (SEM from the mean variance within subjects); Weir, J Strength Cond Res
2005;19:231 (SEM, minimal difference); Shrout and Fleiss, Psychol Bull 1979;86:420 (ICC and its interval); n0 for groups
of unlike size: Snedecor and Cochran, Statistical Methods, 1980. With unlike sizes the ICC's interval holds nearly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.errors import FacialisError

Values = NDArray[np.float64]
SDC = 1.96 * math.sqrt(2)
"""Smallest detectable change in units of the standard error of measurement."""


class Repeatability(NamedTuple):
    """How well `k` numbers repeat; NaN where it cannot be told.

    Attributes
    ----------
    groups, n : groups with two values or more, and their values.
    df : degrees of freedom within groups.
    mean, sem, sdc95, icc : (k,); sem_interval, icc_interval : (k, 2), 95 %.
    """

    groups: int
    n: int
    df: int
    mean: Values
    sem: Values
    sem_interval: Values
    sdc95: Values
    icc: Values
    icc_interval: Values


def repeatability(values: ArrayLike, groups: ArrayLike) -> Repeatability:
    """Say how well numbers repeat.

    Parameters
    ----------
    values : (n, k), in their units.
    groups : (n,) which group each row belongs to; groups of one value tell nothing of repeats and are left out.

    Raises
    ------
    FacialisError
        No group has two values.

    Examples
    --------
    >>> found = repeatability([[1.0], [3.0], [5.0], [7.0]], ["a", "a", "b", "b"])
    >>> found.sem.round(3).tolist(), found.sdc95.round(3).tolist(), found.icc.round(3).tolist()
    ([1.414], [3.92], [0.778])
    """
    table = np.asarray(values, dtype=np.float64)
    _, which = np.unique(np.asarray(groups), return_inverse=True)
    kept = np.bincount(which)[which] > 1
    if not kept.any():
        raise FacialisError(
            "nothing was measured twice: no two frames belong together; take a view twice, or group by fewer columns "
            "(--by)"
        )
    table = table[kept]
    _, which, counts = np.unique(which[kept], return_inverse=True, return_counts=True)
    n, g = len(table), len(counts)
    sums = np.zeros((g, table.shape[1]))
    np.add.at(sums, which, table)
    means = sums / counts[:, None]
    within = ((table - means[which]) ** 2).sum(axis=0)
    mean = table.mean(axis=0)
    between = (counts[:, None] * (means - mean) ** 2).sum(axis=0)
    df = n - g
    sem = np.sqrt(within / df)
    icc, ends = _icc(between, within, counts)
    return Repeatability(g, n, df, mean, sem, sem_interval(sem, df), SDC * sem, icc, ends)


def sem_interval(sem: ArrayLike, df: int) -> Values:
    """Return the 95 % interval (..., 2) of standard errors of measurement by chi-square."""
    from scipy.stats import chi2

    factors = np.sqrt(df / chi2.ppf([0.975, 0.025], df))
    return np.asarray(np.asarray(sem, np.float64)[..., None] * factors)


def _icc(between: Values, within: Values, counts: NDArray[np.intp]) -> tuple[Values, Values]:
    from scipy.stats import f

    n, g = int(counts.sum()), len(counts)
    k = len(between)
    if g < 2:
        return np.full(k, np.nan), np.full((k, 2), np.nan)
    n0 = (n - float((counts**2).sum()) / n) / (g - 1)
    msb, msw = between / (g - 1), within / (n - g)
    total = msb + (n0 - 1) * msw
    icc = np.divide(msb - msw, total, out=np.full(k, np.nan), where=total > 0)
    ratio = np.divide(msb, msw, out=np.full(k, np.inf), where=msw > 0)
    limits = ratio[:, None] / f.ppf([0.975, 0.025], g - 1, n - g)
    ends = 1 - n0 / (limits + n0 - 1)  # of no error within (an infinite limit) 1
    return icc, np.where(np.isfinite(icc)[:, None], ends, np.nan)


def labels_of(columns: Iterable[ArrayLike]) -> NDArray[np.intp]:
    """Return (n,) the number of each row's group, where rows belong together that are alike in every column (n,)."""
    which: NDArray[np.intp] | None = None
    for column in columns:
        _, codes = np.unique(np.asarray(column).astype(str), return_inverse=True)
        which = codes if which is None else np.unique(which * (codes.max() + 1) + codes, return_inverse=True)[1]
    if which is None:
        raise FacialisError("no column says which frames belong together")
    return np.asarray(which, dtype=np.intp)
