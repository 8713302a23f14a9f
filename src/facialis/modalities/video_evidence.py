"""What a video's movements say of a palsy: how far the sides differ at the apex of each, taken together.

Of each movement the changes from rest at its apex, the subject's right less the left, are put in relation to how far
the face moved at all, and weighed to one score, positive where the subject's right is the weak side. The scores of the
movements that are there are taken for normally distributed, about zero without a palsy and, with one, about means of
either sign; a movement that is not there is left out of the sum, and of what is expected of it. A mirrored face has the
same log odds of palsy, and the opposite ones of the side.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.modalities.movements import AT_APEX, CLEAR, MEASURED, PAIRED, Event, displacement, way_error
from facialis.modalities.regions import REGIONS
from facialis.modalities.views import TOLD

Values = NDArray[np.float64]

FLOOR = 0.03
"""Way, in interocular distances, below which a movement counts less and less."""
FEWEST = 3
"""Frames with a face that a movement needs."""
NEAR = 0.05
"""Seconds to either side over which a side's way is steadied before its apex is looked for."""


class Difference(NamedTuple):
    """One movement's sides held against each other.

    Attributes
    ----------
    movement : a name of `MEASURED`.
    sides : (11,) by how much the subject's right changes more than the left, each channel, over `size`.
    size : the way of the side that moves more, interocular distances, with `FLOOR` in quadrature.
    """

    movement: str
    sides: Values
    size: float


def differences(
    values: ArrayLike, times: ArrayLike, rest: Values, noise: Values, events: Sequence[Event]
) -> list[Difference]:
    """Hold the sides against each other at the apex of each movement.

    A movement that was found, not prompted, and does not go beyond the noise is left out; so is one in which the face
    is not seen. Mirroring the face turns the signs.

    Parameters
    ----------
    values, times : (n, 23) channels, NaN where a frame has no face; (n,) s, increasing.
    rest, noise : (23,) the face at rest, and the standard deviation of a channel by the landmarker's noise.
    """
    table, at = np.asarray(values, dtype=np.float64), np.asarray(times, dtype=np.float64)
    seen = np.isfinite(table).all(axis=1) & bool(np.isfinite(rest).all())
    found = []
    for event in events:
        rows = np.flatnonzero((at >= event.start) & (at <= event.end) & seen)
        if len(rows) < FEWEST or event.movement not in MEASURED:
            continue
        change = table[rows] - rest
        way = _steadied(displacement(change, event.movement).max(axis=1), at[rows])
        top = max(float(way.max()), 0.0)
        if event.by == "found" and top < CLEAR * way_error(noise, event.movement):
            continue
        apex = np.median(change[way >= AT_APEX * top] if top > 0 else change, axis=0)
        size = math.hypot(top, FLOOR)
        found.append(Difference(event.movement, sides_of(apex) / size, size))
    return found


def sides_of(change: Values) -> Values:
    """Return of changes from rest (..., 23) the subject's right less the left (..., 11)."""
    sides = change[..., : 2 * PAIRED].reshape(*change.shape[:-1], 2, PAIRED)
    return np.asarray(sides[..., 0, :] - sides[..., 1, :])


def _steadied(values: Values, at: Values) -> Values:
    first, last = np.searchsorted(at, at - NEAR - 1e-6), np.searchsorted(at, at + NEAR + 1e-6, side="right")
    return np.array([np.median(values[a:b]) for a, b in zip(first, last, strict=True)])


@dataclass(frozen=True, eq=False)
class VideoModel:
    """What is known of videos with movement in them.

    Attributes
    ----------
    weights : (8, 11) of each movement's differences, in the order of `MEASURED`, to its score; scores have a standard
        deviation of about 1 in simulated healthy people.
    mean, covariance : (8,) and (8, 8) of the scores in simulated palsies of the subject's right.
    palsy : what the log odds are made of: a constant, the share of `strength`, that of the frames' mean log odds.
    side : the same for the subject's right as the weak side, without a constant: of the weighed sum of the scores, of
        the frames' mean.
    regions : of each region a constant, and the share of how far its movements' scores go to the weak side.
    severity : a constant, and the share of `strength`.
    threshold, uncertain : probabilities at even odds, as those of a bundle's card.
    frames_threshold : the threshold of the bundle for single faces when this was fitted. Where that was set anew on
        local people, the frames' log odds are moved by as much.
    basis : how the thresholds were chosen, on what, with n.
    facts : figures in words.
    """

    weights: Values
    mean: Values
    covariance: Values
    palsy: tuple[float, float, float]
    side: tuple[float, float]
    regions: tuple[tuple[float, float], ...]
    severity: tuple[float, float]
    threshold: float
    uncertain: tuple[float, float]
    frames_threshold: float
    basis: str
    facts: Mapping[str, str]

    def scores(self, found: Sequence[Difference]) -> Values:
        """Return each movement's score (8,), the mean where it is made more than once, NaN where it is not made."""
        every: dict[str, list[float]] = {}
        for one in found:
            every.setdefault(one.movement, []).append(float(self.weights[_ROW[one.movement]] @ one.sides))
        return np.array([np.mean(every[name]) if name in every else np.nan for name in MEASURED])

    def weighed(self, scores: Values) -> tuple[float, float]:
        """Return the weighed sum of the scores that are there, positive for the subject's right, and `strength`: its
        size in standard deviations of people without a palsy.

        Raises
        ------
        ValueError
            No movement is there.
        """
        known = np.isfinite(scores)
        if not known.any():
            raise ValueError("no movement's score is known")
        weights = np.linalg.solve(self.covariance[np.ix_(known, known)], self.mean[known])
        total = float(weights @ scores[known])
        return total, abs(total) / math.sqrt(float(weights @ self.mean[known]))

    def log_odds(self, scores: Values, frames: float) -> float:
        """Return the log odds of palsy at even odds, of the movements' scores (8,) and the frames' mean log odds."""
        constant, of_movements, of_frames = self.palsy
        return constant + of_movements * self.weighed(scores)[1] + of_frames * frames

    def side_log_odds(self, scores: Values, frames: float) -> float:
        """Return the log odds, given a palsy, that the subject's right is the weak side."""
        return self.side[0] * self.weighed(scores)[0] + self.side[1] * frames

    def region_scores(self, scores: Values) -> Values:
        """Return of each region (4,) the mean score of the movements that tell it, towards the side that is weak by all
        of them; NaN where none is there."""
        towards = 1.0 if self.weighed(scores)[0] > 0 else -1.0
        own = [scores[rows][np.isfinite(scores[rows])] for rows in _OF_REGION]
        return np.array([towards * part.mean() if len(part) else np.nan for part in own])

    def region_log_odds(self, scores: Values) -> Values:
        """Return the log odds (4,) that palsy moves a region by 1 mm or more; NaN where no movement tells it."""
        constants, shares = np.array(self.regions).T
        return np.asarray(constants + shares * self.region_scores(scores))

    def severity_of(self, scores: Values) -> float:
        """Return the mean severity, 0 to 1, of simulated people who moved as unevenly."""
        return min(1.0, max(0.0, self.severity[0] + self.severity[1] * self.weighed(scores)[1]))

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        arrays = {name: np.round(getattr(self, name), 6).tolist() for name in ("weights", "mean", "covariance")}
        rest = {name: list(getattr(self, name)) for name in ("palsy", "side", "severity", "uncertain")}
        rest["regions"] = [list(pair) for pair in self.regions]
        plain = {name: getattr(self, name) for name in ("threshold", "frames_threshold", "basis")}
        return arrays | rest | plain | {"facts": dict(self.facts)}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave.

        Raises
        ------
        KeyError, TypeError, ValueError
            An entry is missing or of another shape.
        """
        n = len(MEASURED)
        shapes = {"weights": (n, PAIRED), "mean": (n,), "covariance": (n, n)}
        arrays = {name: np.array(table[name], dtype=np.float64) for name in shapes}
        palsy, side, uncertain = (tuple(map(float, table[name])) for name in ("palsy", "side", "uncertain"))
        regions = tuple((float(a), float(b)) for a, b in table["regions"])
        severity = tuple(map(float, table["severity"]))
        threshold, frames = float(table["threshold"]), float(table["frames_threshold"])
        if any(array.shape != shapes[name] or not np.isfinite(array).all() for name, array in arrays.items()):
            raise ValueError(f"its numbers must be of the shapes {shapes}")
        if (len(palsy), len(side), len(uncertain), len(regions), len(severity)) != (3, 2, 2, len(REGIONS), 2):
            raise ValueError("palsy has three numbers, side, uncertain and severity two, regions four pairs")
        if not np.isfinite([*palsy, *side, *severity, *np.ravel(regions)]).all():
            raise ValueError("a number is not finite")
        if not (0 <= uncertain[0] <= threshold <= uncertain[1] <= 1 and 0 < threshold < 1 and 0 < frames < 1):
            raise ValueError("the thresholds must be probabilities in order")
        if np.linalg.eigvalsh(arrays["covariance"]).min() <= 0:
            raise ValueError("covariance is none")
        return cls(
            arrays["weights"], arrays["mean"], arrays["covariance"], palsy, side, regions, severity,  # type: ignore[arg-type]
            threshold, uncertain, frames, str(table["basis"]), dict(table["facts"]),  # type: ignore[arg-type]
        )  # fmt: skip


_OF_REGION = [[row for row, name in enumerate(MEASURED) if region in TOLD[name]] for region in REGIONS]
_ROW = {name: row for row, name in enumerate(MEASURED)}
