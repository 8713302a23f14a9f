"""What is put into a face and what each measure gets back, through the real landmarker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from facialis.cohorts.simulated.framing import Frame, level
from facialis.cohorts.simulated.response import Answer
from facialis.faces.fields import Array
from facialis.modalities.measures import MEASURES, measure
from facialis.modalities.signed import SIGNED_MEASURES, signed_measures

IOD_MM = 63.0
"""Millimetres taken for the interocular distance; people differ by about 6 % (standard deviation)."""
LEAST = 0.05
"""A warp counts for a measure if it changes it by this share of the largest change among all warps."""
TELLS = 2.0
"""No gain is told where the largest change put in is below this many times the scatter."""


class Recovery(NamedTuple):
    """One measure: what was put in and got back over many warps.

    Attributes
    ----------
    name, unit, region : of the measure; lengths in mm.
    n : warps and settings in which the measure changes; portraits : on how many portraits.
    put_in, got_back : (n,) changes of the measure.
    gain : slope of `got_back` on `put_in` through 0, NaN where too little was put in to tell; scatter : standard
        deviation about it.
    """

    name: str
    unit: str
    region: str
    n: int
    portraits: int
    put_in: Array
    got_back: Array
    gain: float
    scatter: float


def recoveries(found: Sequence[Answer], frames: Sequence[Frame]) -> list[Recovery]:
    """Return one row a measure (the 29, definition oo-2025, pixel; then the signed ones)."""
    base = {frame.name: level(frame, frame.face.landmarks[:, :2].astype(np.float64)) for frame in frames}
    middle = np.array([3.0, 3.0])

    def values(shifts: Array | None) -> Array:
        places = np.stack([base[answer.portrait] for answer in found])
        if shifts is not None:
            places = places + shifts
        points = (places - places[:, [468, 473]].mean(axis=1, keepdims=True)) * [1.0, -1.0] + middle
        return np.concatenate([measure(points, origin="face"), signed_measures(points)], axis=1)

    before = values(None)
    change = values(np.stack([answer.true for answer in found])) - before
    seen = values(np.stack([answer.got for answer in found])) - before
    rows = []
    entries = [(f"f{e.number} {e.name}", e.unit, e.region) for e in MEASURES]
    entries += [(e.name, e.unit, e.region) for e in SIGNED_MEASURES]
    for column, (name, unit, region) in enumerate(entries):
        scale, shown = {"IOD": (IOD_MM, "mm"), "IOD^2": (IOD_MM**2, "mm^2")}.get(unit, (1.0, unit))
        true, got = change[:, column] * scale, seen[:, column] * scale
        counts = np.abs(true) > LEAST * np.abs(true).max()
        true, got = true[counts], got[counts]
        gain = float((true * got).sum() / (true**2).sum())
        names = {answer.portrait for answer, kept in zip(found, counts, strict=True) if kept}
        scatter = float(np.sqrt(np.mean((got - gain * true) ** 2)))
        if np.abs(true).max() < TELLS * scatter:
            gain = float("nan")
        rows.append(Recovery(name, shown, region, len(true), len(names), true, got, gain, scatter))
    return rows
