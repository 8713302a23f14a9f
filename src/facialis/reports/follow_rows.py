"""One person's course as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from facialis.detection.follow import Course

COLUMNS = (
    "date", "view", "quantity", "side", "value", "error", "unit", "n_repeats", "reference_low", "reference_high",
    "change_from_first", "sdc95", "called", "firm", "change_from_before", "sdc95_before", "called_before",
    "error_from",
)  # fmt: skip
"""Of the CSV file. ``error`` is one standard deviation of the visit's mean, ``sdc95`` what a change since the first
visit has to exceed, ``reference_...`` the middle 95 % of healthy people."""


def course_rows(course: Course) -> Iterator[dict[str, Any]]:
    """Yield a row a visit and quantity, columns `COLUMNS`; where it could not be measured, without a value."""
    for curve in course.curves:
        quantity, healthy = curve.quantity, curve.healthy or (None, None)
        points = {point.date: point for point in curve.points}
        for visit in course.visits:
            point = points.get(visit.date)
            row: dict[str, Any] = {
                "date": visit.date.isoformat(), "view": quantity.view, "quantity": quantity.name,
                "side": quantity.side, "unit": quantity.unit, "n_repeats": 0 if point is None else point.takes,
                "reference_low": _rounded(healthy[0]), "reference_high": _rounded(healthy[1]),
            }  # fmt: skip
            if point is not None:
                row |= {"value": _rounded(point.value), "error": _rounded(point.error), "error_from": point.error_from}
                if (first := point.first) is not None:
                    row |= {"change_from_first": _rounded(first.by), "sdc95": _rounded(first.sdc95),
                            "called": first.called, "firm": "yes" if first.firm else "no"}  # fmt: skip
                if (before := point.before) is not None:
                    row |= {"change_from_before": _rounded(before.by), "sdc95_before": _rounded(before.sdc95),
                            "called_before": before.called}  # fmt: skip
            yield row


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
