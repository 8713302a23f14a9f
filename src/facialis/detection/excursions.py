"""What each side of the face does in one movement: how far, how fast, how late, what moves along; all with errors.

Lengths are in mm by the iris. The error (one standard deviation) of a change from rest holds the landmarker's noise at
this face's size and pose twice, once for rest and once for the apex (frames close in time err together, so their number
takes nothing off), and for lengths the iris's spread among people.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.millimetres import IRIS_SPREAD, SIDES
from facialis.detection.number import Number
from facialis.modalities.movements import (
    AT_APEX,
    CLEAR,
    WITH_THE_MOUTH,
    Event,
    commissure_shift,
    displacement,
    eye_narrowing,
    ratio_of,
    way_error,
)
from facialis.modalities.trajectories import CHANNELS

Values = NDArray[np.float64]

MEASUREMENTS = (
    "apex", "frame", "excursion_mm", "healthy_excursion_mm", "ratio", "moves_less", "top_speed_mm_s", "lag_s",
    "eye_narrowing", "commissure_shift_mm", "eye_opening_mm", "synkinesis_sign", "note",
)  # fmt: skip
"""What a movement's row says beside its name and time; None where it cannot be told or does not apply."""
SLOWEST_RATE = 12.0
"""Frames a second below which neither speed nor lag is told."""
BEFORE = 0.4
"""Seconds before a movement that was found in which its onset is looked for."""
_SMOOTH = 0.1
"""Seconds to either side over which speed is smoothed."""


@dataclass(frozen=True, eq=False)
class Motion:
    """One person's face through a sequence.

    Attributes
    ----------
    times : (n,) s, increasing.
    values : (n, 23) channels, interocular distances; NaN where the face was not found.
    frames : (n,) numbers of the frames in the file.
    rest : (23,) the face at rest.
    noise : (23,) standard deviation of a channel by the landmarker's noise.
    scale : mm in an interocular distance, by the iris.
    deviations : (copies, 23) by how much the channels might have been found otherwise, see
        `facialis.detection.number_errors.noisy_copies`; None where that is not known.
    """

    times: Values
    values: Values
    frames: NDArray[np.int64]
    rest: Values
    noise: Values
    scale: float
    deviations: Values | None = None

    def moved(self, movement: str, rows: NDArray[np.intp] | slice) -> Values:
        """Return by how many mm each side moves (k, 2) in some frames the way that a movement goes."""
        return displacement(self.values[rows] - self.rest, movement) * self.scale

    def error(self, movement: str) -> float:
        """Return the standard deviation of such a way, mm, the iris apart."""
        return way_error(self.noise, movement) * self.scale


def measure_event(motion: Motion, event: Event, reference: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return an event's row, JSON-ready.

    Parameters
    ----------
    reference : what healthy people stay within in this movement, as `MovementModel.reference` has it.
    """
    row: dict[str, Any] = {
        "movement": event.movement, "by": event.by, "name_probability": round(event.probability, 3),
        "start": round(event.start, 3), "end": round(event.end, 3), "seen": 0.0,
    } | dict.fromkeys(MEASUREMENTS)  # fmt: skip
    window = np.flatnonzero((motion.times >= event.start) & (motion.times <= event.end))
    seen = window[np.isfinite(motion.values[window]).all(axis=1)]
    row["seen"] = round(len(seen) / max(len(window), 1), 3)
    if len(seen) < 3 or not np.isfinite(motion.rest).all():
        return row | {"note": "the face was not found in it"}
    moved, error = motion.moved(event.movement, seen), motion.error(event.movement)
    stronger = _steadied(moved.max(axis=1), motion.times[seen])
    top = float(stronger.max())
    still = top < CLEAR * error
    # Where nothing moves, the middle of the time that was asked for stands for the apex.
    at = stronger >= AT_APEX * top if not still else _middle_half(motion.times[seen])
    apex = seen[at]
    best = apex[np.argmin(np.abs(moved[at].max(axis=1) - np.median(moved[at].max(axis=1))))]
    ways = np.median(moved[at], axis=0)
    change = np.median(motion.values[apex], axis=0) - motion.rest
    row |= {"apex": round(float(motion.times[best]), 3), "frame": int(motion.frames[best])}
    row |= compare_sides(motion, event.movement, ways, change, reference, still=still)
    if still:
        return row
    if event.by == "found":  # it is found once it is under way: what came before tells when it began
        before = (motion.times >= event.start - BEFORE) & (motion.times <= event.end)
        seen = np.flatnonzero(before & np.isfinite(motion.values).all(axis=1))
    return row | _timing(motion, event.movement, seen, ways, error)


def compare_sides(
    motion: Motion,
    movement: str,
    ways: Values,
    change: Values,
    reference: Mapping[str, Any] | None,
    *,
    still: bool | None = None,
    iris: float = IRIS_SPREAD,
) -> dict[str, Any]:
    """Return what both sides do from rest to the apex of a movement, JSON-ready: excursions, ratio, what moves along.

    Parameters
    ----------
    ways : (2,) mm that the subject's right and left go the way of the movement.
    change : (23,) of the channels from rest, interocular distances.
    reference : what healthy people stay within in this movement, as `MovementModel.reference` has it.
    still : whether nothing moves; None: neither side goes `CLEAR` standard deviations.
    iris : relative error of lengths by the iris; 0 where lengths of one person are compared with each other.
    """
    error = motion.error(movement)
    row: dict[str, Any] = {
        "healthy_excursion_mm": reference and [round(end * motion.scale, 2) for end in reference["excursion"]],
        "excursion_mm": {
            side: _number(way, math.hypot(error, iris * way), "mm") for side, way in zip(SIDES, ways, strict=True)
        },
        **_moved_along(motion, movement, change, reference),
    }
    if movement.endswith("closure"):
        columns = [CHANNELS.index(f"palpebral_fissure_height_{side}") for side in SIDES]
        left_open = (motion.rest + change)[columns] * motion.scale
        row["eye_opening_mm"] = {
            side: _number(gap, math.hypot(error / math.sqrt(2), iris * gap), "mm")
            for side, gap in zip(SIDES, left_open, strict=True)
        }
    low, high = np.sort(ways)
    if high < CLEAR * error if still is None else still:
        return row | {"note": "no side moves more than the landmarks' noise"}
    ratio = ratio_of(ways)
    row["ratio"] = Number(
        ratio, error / high * math.hypot(1, ratio), "1", None if reference is None else (reference["ratio"], 1.0)
    ).as_dict()
    if high - low > 1.96 * math.sqrt(2) * error:
        row["moves_less"] = SIDES[int(np.argmin(ways))]
    return row


def _moved_along(motion: Motion, movement: str, change: Values, reference: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what moves along on each side, the eye with the mouth or the mouth with brow and eye, and whether one side
    does so by more than the other, beyond healthy people's range and the noise: a sign of synkinesis.
    """
    if movement in WITH_THE_MOUTH:
        name, shares = "eye_narrowing", eye_narrowing(change, motion.rest)
        columns = [CHANNELS.index(f"palpebral_fissure_height_{side}") for side in SIDES]
        errors = math.sqrt(2) * motion.noise[columns] / np.maximum(motion.rest[columns], 0.02)
        unit, scale = "1", 1.0
    else:
        name, shares = "commissure_shift_mm", commissure_shift(change) * motion.scale
        errors = np.full(2, motion.error("large_smile"))
        unit, scale = "mm", motion.scale
    told = {side: _number(share, error, unit) for side, share, error in zip(SIDES, shares, errors, strict=True)}
    if reference is None:
        return {name: told}
    limit = reference["moved_along"] * scale + 1.96 * float(np.hypot(*errors))
    return {name: told, "synkinesis_sign": bool(abs(float(shares[0] - shares[1])) > limit)}


def _timing(motion: Motion, movement: str, seen: NDArray[np.intp], ways: Values, error: float) -> dict[str, Any]:
    """Return each side's top speed, and by how many seconds the subject's right follows the left at half of its way."""
    times = motion.times[seen]
    if len(times) < 5 or 1 / float(np.median(np.diff(times))) < SLOWEST_RATE:
        return {"note": f"below {SLOWEST_RATE:.0f} frames a second neither speed nor lag is told"}
    moved = np.stack([_steadied(side, times) for side in motion.moved(movement, seen).T], axis=1)
    grid = np.arange(times[0], times[-1], 1 / 30)
    even = np.stack([np.interp(grid, times, side) for side in moved.T], axis=1)
    k = max(1, round(_SMOOTH * 30))
    if len(grid) <= 2 * k:
        return {}
    speeds = np.abs(even[2 * k :] - even[: -2 * k]).max(axis=0) / (2 * k / 30)
    noise = error / (2 * k / 30)  # of a difference; `error` holds the noise of two frames
    told: dict[str, Any] = {
        "top_speed_mm_s": {
            side: _number(speed, math.hypot(noise, IRIS_SPREAD * speed), "mm/s")
            for side, speed in zip(SIDES, speeds, strict=True)
        }
    }
    if (ways < CLEAR * error).any():
        return told | {"note": "the side that moves less hardly moves: no lag can be told"}
    halves = [_rises_to(side, times, way / 2) for side, way in zip(moved.T, ways, strict=True)]
    if None in halves:
        return told
    lag = float(halves[0] - halves[1])  # type: ignore[operator]
    spread = math.sqrt(float(np.sum((error / math.sqrt(2) / np.maximum(speeds, 1e-6)) ** 2)))
    return told | {
        "lag_s": Number(lag, math.hypot(spread, float(np.median(np.diff(times))) / math.sqrt(6)), "s").as_dict()
    }


def _rises_to(side: Values, times: Values, height: float) -> float | None:
    """Return when a course first rises to a height, between frames; None if it starts above it."""
    above = np.flatnonzero(side >= height)
    if not len(above) or above[0] == 0:
        return None
    k = int(above[0])
    share = (height - side[k - 1]) / (side[k] - side[k - 1])
    return float(times[k - 1] + share * (times[k] - times[k - 1]))


def _steadied(values: Values, times: Values) -> Values:
    """Return the median of each value and its neighbours within 50 ms: one wild frame makes no apex."""
    near = np.abs(times[:, None] - times[None]) <= 0.05 + 1e-6 if len(times) <= 600 else None
    if near is None:
        return values
    return np.array([np.median(values[row]) for row in near])


def _middle_half(times: Values) -> NDArray[np.bool_]:
    share = (times - times[0]) / max(float(times[-1] - times[0]), 1e-9)
    return np.asarray((share >= 0.25) & (share <= 0.75))


def _number(value: float, error: float, unit: str) -> dict[str, Any]:
    return Number(float(value), float(error), unit).as_dict()
