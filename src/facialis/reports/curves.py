"""A quantity over dates as a small drawing: points with error bars, healthy band, and marks of real change.

Everything is said by shape and line, nothing by colour alone: it prints in black and white.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from typing import Any

from facialis.detection.changes import Curve, Point

WIDTH, HEIGHT = 340, 176
LEFT, RIGHT, TOP, BOTTOM = 40, 330, 14, 148
"""Edges of the plot within the drawing, px."""
_MARK = 4.0
_TEXT = 64.0
"""Width of a date with the space about it, px."""


class _Axes:
    def __init__(self, dates: Sequence[datetime.date], low: float, high: float) -> None:
        self.first, self.days = dates[0], max((dates[-1] - dates[0]).days, 1)
        self.alone = len(dates) == 1
        self.ticks = _nice(low, high)
        self.low, self.high = min(low, self.ticks[0]), max(high, self.ticks[-1])

    def x(self, date: datetime.date) -> float:
        share = 0.5 if self.alone else (date - self.first).days / self.days
        return round(LEFT + 8 + (RIGHT - LEFT - 16) * share, 1)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return round(BOTTOM - (BOTTOM - TOP) * min(max(share, 0.0), 1.0), 1)


def drawing(curves: Sequence[Curve], dates: Sequence[datetime.date]) -> dict[str, Any]:
    """Return the parts of a drawing of one curve, or of both sides' two, over the same dates.

    Returns
    -------
    ``band`` (y, height) or None, ``zero`` y of 0 or None, ``ticks`` (y, text of the number), ``dates`` (x, date), and
    ``series``: of each curve ``dashed``, and paths ``line``, ``bars``, ``points``, ``real`` and ``firm``.
    """
    ends = [end for curve in curves for point in curve.points for end in _ends(point)]
    healthy = next((curve.healthy for curve in curves if curve.healthy is not None), None)
    low, high = min(ends), max(ends)
    if healthy is not None:  # as much of the band as leaves the curve half of the height
        reach = max(high - low, 1e-6)
        low, high = min(low, max(healthy[0], low - reach)), max(high, min(healthy[1], high + reach))
    pad = 0.12 * (high - low) or 0.5
    axes = _Axes(dates, low - pad, high + pad)
    band = None
    if healthy is not None:
        top, bottom = axes.y(healthy[1]), axes.y(healthy[0])
        band = (top, round(bottom - top, 1))
    return {
        "band": band,
        "zero": axes.y(0.0) if axes.low < 0 < axes.high else None,
        "ticks": [(axes.y(tick), tick) for tick in axes.ticks],
        "decimals": max(0, -math.floor(math.log10(axes.ticks[1] - axes.ticks[0]) + 1e-9)),
        "dates": _dates(axes, dates),
        "series": [  # of two, so that their bars at one date stay apart
            _series(axes, curve, dates, second=n == 1, shift=(len(curves) - 1) * (5.0 * n - 2.5))
            for n, curve in enumerate(curves)
        ],
    }


def _ends(point: Point) -> tuple[float, float]:
    reach = 1.96 * (point.error or 0.0)
    return point.value - reach, point.value + reach


def _series(axes: _Axes, curve: Curve, dates: Sequence[datetime.date], *, second: bool, shift: float) -> dict[str, Any]:
    at = {point.date: (round(axes.x(point.date) + shift, 1), axes.y(point.value)) for point in curve.points}
    line, joined = "", False
    for date in dates:
        if date in at:
            line += f"{'L' if joined else 'M'}{at[date][0]} {at[date][1]}"
        joined = date in at
    bars, points, real, firm = "", "", "", ""
    for point in curve.points:
        x, y = at[point.date]
        low, high = (axes.y(end) for end in _ends(point))
        if point.error:
            bars += f"M{x} {low}V{high}M{x - 2.5} {low}h5M{x - 2.5} {high}h5"
        points += _square(x, y) if second else _circle(x, y)
        if point.first is not None and point.first.called == "real":
            mark = _triangle(x, high - 3 if point.first.by > 0 else low + 3, up=point.first.by > 0)
            real, firm = (real, firm + mark) if point.first.firm else (real + mark, firm)
    return {"dashed": second, "line": line, "bars": bars, "points": points, "real": real, "firm": firm}


def _circle(x: float, y: float) -> str:
    r = _MARK - 0.8
    return f"M{round(x - r, 1)} {y}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0"


def _square(x: float, y: float) -> str:
    half = _MARK - 1
    return f"M{round(x - half, 1)} {round(y - half, 1)}h{2 * half}v{2 * half}h{-2 * half}z"


def _triangle(x: float, y: float, *, up: bool) -> str:
    """Return a triangle whose near side is at y, its tip away from the point."""
    return f"M{round(x - _MARK, 1)} {y}h{2 * _MARK}l{-_MARK} {-7 if up else 7}z"


def _dates(axes: _Axes, dates: Sequence[datetime.date]) -> list[tuple[float, str]]:
    """Return as many of the dates as have room: the first (its text begins there), the last (its text ends there), and
    others between them (in the middle of their text).
    """
    x0, last = axes.x(dates[0]), axes.x(dates[-1])
    if len(dates) == 1 or last - x0 < 2 * _TEXT:
        return [(last, dates[-1].isoformat())]
    shown = [(x0, dates[0].isoformat())]
    free = x0 + _TEXT
    for date in dates[1:-1]:
        x = axes.x(date)
        if x - _TEXT / 2 >= free and x + _TEXT / 2 <= last - _TEXT:
            shown.append((x, date.isoformat()))
            free = x + _TEXT / 2
    return [*shown, (last, dates[-1].isoformat())]


def _nice(low: float, high: float) -> list[float]:
    """Return three to six round numbers within a range.

    Examples
    --------
    >>> _nice(-1.2, 6.4)
    [0.0, 2.0, 4.0, 6.0]
    """
    raw = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= raw)
    first = math.ceil(low / step - 1e-9)
    ticks = [round(n * step, 10) + 0.0 for n in range(first, math.floor(high / step + 1e-9) + 1)]
    return ticks if len(ticks) > 1 else [round((first - 1) * step, 10), *ticks]
