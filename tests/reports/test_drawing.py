"""Bars and contours of the pages."""

from __future__ import annotations

import numpy as np
import pytest

from facialis.faces.mesh import CONTOURS
from facialis.reports.drawing import contours, range_bar


@pytest.mark.parametrize(
    ("value", "error", "reading"),
    [(0.5, 0.1, "within"), (0.95, 0.1, "borderline"), (-1.05, 0.1, "borderline"), (1.3, 0.1, "outside"),
     (-1.3, 0.1, "outside")],
)  # fmt: skip
def test_a_reading_heeds_the_error(value, error, reading):
    assert range_bar(value, error, -1.0, 1.0).reading == reading


def test_bars_lie_in_place_and_never_beyond_their_ends():
    assert range_bar(1.0, 0.0, -1.0, 1.0).at == pytest.approx(66.7)
    for value in (-50.0, -2.95, 2.95, 50.0):
        bar = range_bar(value, 1.0, -1.0, 1.0)
        assert 2 <= bar.at <= 98
        assert 0 <= bar.error[0] <= bar.error[1] <= 100
        assert bar.beyond == np.sign(value)
    assert range_bar(2.0, 0.1, -1.0, 1.0).beyond == 0
    assert range_bar(3.0, 0.1, 3.0, 3.0).reading in ("within", "borderline")  # a range of no width


def test_contours_of_some_landmarks_only():
    points = np.arange(956.0).reshape(478, 2)
    assert contours(points).count("M") == sum(map(len, CONTOURS.values()))
    only = np.zeros(478, bool)
    only[61] = True
    assert contours(points, only).count("M") == sum(61 in edge for part in CONTOURS.values() for edge in part) > 0
    assert "M122 123" in contours(points, only) or "L122 123" in contours(points, only)
