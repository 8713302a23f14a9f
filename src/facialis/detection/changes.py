"""Curves over dates and their changes: real, or within the error of measurement.

A change between two visits is called real beyond SDC95 = q sqrt(error_1^2 + error_2^2), else it is within error; for
single takes this is the smallest detectable change q sqrt(2) SEM. q is 1.96, or where the error is from repeats the
quantile of Student's t with their degrees of freedom: of few repeats the error itself is hardly known. Of many changes
some are called by chance, one in twenty: those that hold as well when all quantities of a visit are asked together
(Holm, Scand J Stat 1979;6:65, at 0.05) are marked firm.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from facialis.detection.takes import Quantity

FAMILY = 0.05
"""Chance that any of a visit's quantities is called firm where nothing has changed."""
Called = Literal["real", "within error", "unknown"]


class Change(NamedTuple):
    """From an earlier visit to this one.

    Attributes
    ----------
    since : date of the earlier visit.
    by : later less earlier.
    sdc95 : what it would have to exceed; None where no error is known.
    called : ``unknown`` without an error.
    firm : whether it holds among all quantities of this visit too.
    """

    since: datetime.date
    by: float
    sdc95: float | None
    called: Called
    firm: bool = False


@dataclass(frozen=True)
class Point:
    """A quantity at a visit: mean of its takes, its error (one standard deviation) and what that is from, its changes.

    `error_from` is ``repeats``, ``landmarks``, or ``takes`` (landmarks and what differs from take to take in simulated
    people); "" where no error is known.
    """

    date: datetime.date
    value: float
    takes: int
    error: float | None
    error_from: str
    first: Change | None = None
    before: Change | None = None


@dataclass(frozen=True)
class Curve:
    """A quantity over the visits.

    Attributes
    ----------
    points : where it could be measured, by date.
    gaps : dates of the other visits.
    healthy : healthy people's range.
    sem, df, sem_interval : by takes of one visit; None and 0 where no visit has two.
    noise : root mean square of the stated errors of single takes.
    """

    quantity: Quantity
    points: tuple[Point, ...]
    gaps: tuple[datetime.date, ...]
    healthy: tuple[float, float] | None
    sem: float | None
    df: int
    sem_interval: tuple[float, float] | None
    noise: float | None

    @property
    def sdc95(self) -> float | None:
        """Smallest detectable change between two single takes, by the errors that were used."""
        used = [point.error * math.sqrt(point.takes) for point in self.points if point.error is not None]
        if not used:
            return None
        q = quantile(self.df if any(point.error_from == "repeats" for point in self.points) else math.inf)
        return q * math.sqrt(2) * float(np.sqrt(np.mean(np.square(used))))


def judge_changes(curves: Sequence[Curve], dates: Sequence[datetime.date]) -> list[Curve]:
    """Return the curves with their changes called, each visit's quantities together for what is firm."""
    made: dict[Quantity, list[Point]] = {curve.quantity: list(curve.points) for curve in curves}
    known = {curve.quantity: curve.df for curve in curves}
    for date in dates[1:]:
        for whence in ("first", "before"):
            changes: dict[Quantity, tuple[Change, float]] = {}
            for quantity, points in made.items():
                at = next((n for n, point in enumerate(points) if point.date == date), 0)
                if at > 0:
                    changes[quantity] = _change(points[0 if whence == "first" else at - 1], points[at], known[quantity])
            firm = holm([p for _, p in changes.values()])
            for (quantity, (change, _)), holds in zip(changes.items(), firm, strict=True):
                points = made[quantity]
                at = next(n for n, point in enumerate(points) if point.date == date)
                told = change._replace(firm=bool(holds) and change.called == "real")
                points[at] = _with(points[at], whence, told)
    return [
        Curve(c.quantity, tuple(made[c.quantity]), c.gaps, c.healthy, c.sem, c.df, c.sem_interval, c.noise)
        for c in curves
    ]


def _with(point: Point, whence: str, change: Change) -> Point:
    first, before = (change, point.before) if whence == "first" else (point.first, change)
    return Point(point.date, point.value, point.takes, point.error, point.error_from, first, before)


def _change(earlier: Point, later: Point, df: int) -> tuple[Change, float]:
    """Return a change, and the chance of one as large where there is none; `df` of the repeats.

    Where one of the two errors is from repeats, the degrees of freedom are Satterthwaite's.
    """
    from scipy.stats import norm, t

    by = later.value - earlier.value
    if earlier.error is None or later.error is None:
        return Change(earlier.date, by, None, "unknown"), 1.0
    error = math.hypot(earlier.error, later.error)
    if error == 0:
        return Change(earlier.date, by, 0.0, "real" if by else "within error"), float(by == 0)
    repeated = math.hypot(*(p.error or 0.0 for p in (earlier, later) if p.error_from == "repeats"))
    freedom = df * (error / repeated) ** 4 if repeated > 0 else math.inf
    z = abs(by) / error
    chance = 2 * float(t.sf(z, freedom) if math.isfinite(freedom) else norm.sf(z))
    sdc = quantile(freedom) * error
    return Change(earlier.date, by, sdc, "real" if abs(by) > sdc else "within error"), chance


def quantile(df: float) -> float:
    """Return how many standard errors a change has to exceed, with an error known with `df` degrees of freedom.

    Examples
    --------
    >>> round(quantile(float("inf")), 2), round(quantile(8), 2)
    (1.96, 2.31)
    """
    from scipy.stats import norm, t

    return float(t.ppf(0.975, df) if math.isfinite(df) else norm.ppf(0.975))


def holm(chances: Sequence[float], family: float = FAMILY) -> list[bool]:
    """Return which of several tests hold together (Holm's step-down).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    [True, False, False]
    """
    order = sorted(range(len(chances)), key=lambda n: chances[n])
    holds = [False] * len(chances)
    for rank, n in enumerate(order):
        if chances[n] > family / (len(chances) - rank):
            break
        holds[n] = True
    return holds
