"""Plain words from measured numbers: which difference between the sides lies outside the healthy range, by how much.

No cause and no diagnosis: a sentence says what was measured, how sure that is, and what healthy faces measure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from facialis.detection.millimetres import DEVIATIONS, IRIS_SPREAD, LENGTHS, iris_scale
from facialis.faces.geometry import undo_pose
from facialis.modalities.coordinates import in_iris_frame
from facialis.words import Words

if TYPE_CHECKING:
    from facialis.detection.finding import Finding
    from facialis.detection.reference import Reference

LEVEL = 0.975
"""Share of healthy faces that differ by less than the limit beyond which a difference is told: the upper end of the
range that a finding gives. The difference must lie beyond it by more than its own error (one standard deviation)."""
BY_EYE_DISTANCE = ("ala_height", "cheek_height")
"""Signed differences that have no length of their own: their share of the distance between the eyes is turned into mm
by the iris."""


class Difference(NamedTuple):
    """A difference between the sides: the subject's right less the left, or towards the subject's right, mm."""

    name: str
    value: float
    error: float
    limit: float


def differences(finding: Finding) -> list[Difference]:
    """Return every difference that has a healthy range, in mm."""
    tables = finding.numbers or {}
    lengths, signed = tables.get("millimetres", {}), tables.get("differences", {})
    found = []
    for name in (*LENGTHS, *DEVIATIONS):
        number = lengths.get(name if name in DEVIATIONS else f"{name}_difference")
        if number is not None and number.reference is not None:
            found.append(Difference(name, number.value, number.error, number.reference[1]))
    if finding.face is None:
        return found
    points = finding.face.landmarks.astype(np.float64)
    scale = float(iris_scale(in_iris_frame(undo_pose(points, finding.face.transform))))
    for name in BY_EYE_DISTANCE:
        number = signed.get(name)
        if number is not None and number.reference is not None:
            value = scale * number.value
            error = float(np.hypot(scale * number.error, IRIS_SPREAD * value))
            found.append(Difference(name, value, error, scale * number.reference[1]))
    return found


def kind_of(reference: Reference) -> str:
    """Return which faces the reference is of, as the texts tell them apart: simulated, local or real."""
    return next((kind for kind in ("simulated", "local") if kind in reference.of_whom), "real")


def sentences(finding: Finding, reference: Reference, words: Words) -> tuple[str, ...]:
    """Return a sentence for each difference beyond the healthy range and its error, the most unusual first.

    How unusual: the difference over the limit of its range. Without any such difference one sentence says so.
    """
    every = differences(finding)
    if not every:
        return (words("explain.no_ranges"),)
    told = [one for one in every if abs(one.value) > one.limit + one.error]
    told.sort(key=lambda one: -abs(one.value) / max(one.limit, 1e-9))
    if not told:
        return (words("explain.nothing_measured"),)
    healthy = words(f"explain.healthy_{kind_of(reference)}", share=words.percent(LEVEL, 1), n=reference.n)
    return tuple(_sentence(one, healthy, words) for one in told)


def _sentence(one: Difference, healthy: str, words: Words) -> str:
    towards_right = one.value > 0
    shared = {
        "what": words(f"explain.what.{one.name}"),
        "value": words.number(abs(one.value), 1),
        "error": words.number(one.error, 1),
        "limit": words.number(one.limit, 1),
        "healthy": healthy,
    }
    if one.name in DEVIATIONS:
        side = "subject_right" if towards_right else "subject_left"
        return words("explain.off", side=words(f"side.{side}"), **shared)
    side = "subject_left" if towards_right else "subject_right"  # the side that has less of it
    return words("explain.less", side=words(f"side.{side}"), how=words(f"explain.how.{one.name}"), **shared)
