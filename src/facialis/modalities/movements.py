"""Movements of a face in a sequence: which standard view is made when, and how far each side goes.

Everything is told from the channels of `facialis.modalities.trajectories`, as differences from the same face at rest,
so that a face's own shape falls out. A movement's time comes from a prompt where there is one: in severe palsy little
or nothing moves. Where there is none it is found: what lies clearly off rest, named by the nearest of the movements
known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facialis.modalities.trajectories import CHANNELS, SIDES
from facialis.modalities.views import TOLD

Values = NDArray[np.float64]

_MOUTH = ("commissure_distance", "commissure_height")
MEASURED: dict[str, tuple[str, ...]] = {
    "small_closed_smile": _MOUTH,
    "large_smile": _MOUTH,
    "brow_raise": ("brow_middle_height",),
    "gentle_closure": ("palpebral_fissure_height",),
    "tight_closure": ("palpebral_fissure_height",),
    "pucker": ("commissure_distance",),
    "lower_teeth": ("lower_lip_height",),
    "nose_wrinkle": ("ala_height",),
}
"""The channels of each side that a movement is measured by; two are the axes of a plane."""
SIGNS = {"gentle_closure": -1.0, "tight_closure": -1.0, "pucker": -1.0, "lower_teeth": -1.0}
"""Movements that make their channel smaller: the lids and the commissures come together, the lower lip goes down."""
WITH_THE_MOUTH = ("small_closed_smile", "large_smile", "pucker", "lower_teeth", "nose_wrinkle")
"""Movements in which an eye that narrows is a sign of synkinesis (with the nose and a large smile healthy eyes narrow
too, on both sides)."""

PAIRED = len(CHANNELS) // 2
SHORTEST = 0.3
"""Seconds off rest that make a movement; a blink is shorter."""
BRIDGED = 0.15
"""Seconds at rest, or without a face, that do not end a movement."""
QUIETEST = 0.2
"""Share of the frames, those that look most like rest, whose median is taken for the face at rest."""
AT_APEX = 0.8
"""Share of the largest excursion from which a frame counts as the apex."""
CLEAR = 3.0
"""Standard deviations from which a side is said to move."""
_FLOOR = 0.004


class Event(NamedTuple):
    """A movement in time.

    Attributes
    ----------
    movement : a name of `MEASURED`.
    start, end : seconds.
    by : whether its time came from a prompt or was found.
    probability : of its name, among the movements known; 1 with a prompt.
    """

    movement: str
    start: float
    end: float
    by: Literal["prompt", "found"] = "prompt"
    probability: float = 1.0


@dataclass(frozen=True, eq=False)
class MovementModel:
    """What simulated people's movements look like.

    Attributes
    ----------
    looks : means (views, 23) and one covariance (23, 23) of `look`, in the order of `TOLD`.
    moves : means (movements, 12) and one covariance (12, 12) of `move`, in the order of `MEASURED`.
    reference : of each movement what 95 % of healthy simulated people stay within: ``excursion`` (low, high; of the
        side that moves more, interocular distances), ``ratio`` (from), ``moved_along`` (to; by how much more one side's
        eye narrows with the mouth, as a share of the fissure at rest, or mouth corner shifts with brow and eye,
        interocular distances).
    facts : how it was made and how well it names movements, in words.
    """

    looks: tuple[Values, Values]
    moves: tuple[Values, Values]
    reference: Mapping[str, Mapping[str, Any]]
    facts: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        parts = {name: [np.round(part, 7).tolist() for part in getattr(self, name)] for name in ("looks", "moves")}
        return parts | {"reference": dict(self.reference), "facts": dict(self.facts)}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> MovementModel:
        """Read what `as_dict` gave."""
        looks, moves = (
            (np.array(table[name][0], np.float64), np.array(table[name][1], np.float64)) for name in ("looks", "moves")
        )
        return cls(looks, moves, table["reference"], table["facts"])


def look(values: ArrayLike) -> Values:
    """Return channels (..., 23) with the sides as larger, smaller: the same for a face and its mirror image."""
    sides, middle = _sides(values)
    return np.concatenate([sides.max(axis=-2), sides.min(axis=-2), middle], axis=-1)


def move(change: ArrayLike) -> Values:
    """Return of changes from rest (..., 23) those of the side that moves more, channel by channel (..., 12)."""
    sides, middle = _sides(change)
    more = np.argmax(np.abs(np.nan_to_num(sides)), axis=-2)[..., None, :]
    return np.concatenate([np.take_along_axis(sides, more, axis=-2)[..., 0, :], middle], axis=-1)


def _sides(values: ArrayLike) -> tuple[Values, Values]:
    array = np.asarray(values, dtype=np.float64)
    return array[..., : 2 * PAIRED].reshape(*array.shape[:-1], 2, PAIRED), array[..., 2 * PAIRED :]


def log_likelihood(x: Values, model: tuple[Values, Values]) -> Values:
    """Return log likelihoods (n, classes), up to a constant, of x (n, d) in normal classes of one covariance."""
    means, covariance = model
    away = x[:, None] - means
    return np.asarray(-0.5 * np.einsum("nci,ij,ncj->nc", away, np.linalg.inv(covariance), away))


def recognise(values: ArrayLike, model: MovementModel, rest: int | None = None) -> Values:
    """Return the log likelihoods (n, views) of `TOLD`'s views for photos of one person, each up to its own constant.

    Parameters
    ----------
    values : (n, 23) channels.
    rest : the photo known to show rest; None: the one that looks most like it, where one does so more than like any
        other view. From then on the others are told by how they differ from it; without one, by their looks alone.
    """
    table = np.asarray(values, dtype=np.float64)
    looks = log_likelihood(look(table), model.looks)
    still = list(TOLD).index("rest")
    if rest is None and len(table) > 1:
        likeness = looks[:, still] - np.delete(looks, still, axis=1).max(axis=1)
        best = int(np.argmax(likeness))
        rest = best if likeness[best] > 0 else None
    if rest is None:
        return looks
    moves = np.full_like(looks, -1e3)
    moves[:, [k for k in range(len(TOLD)) if k != still]] = log_likelihood(move(table - table[rest]), model.moves)
    moves[rest] = -1e3
    moves[rest, still] = 0.0
    return moves


def rest_of(values: ArrayLike, model: MovementModel) -> Values:
    """Return the channels (23,) of a sequence's face at rest: the median of the frames that look most like rest.

    Parameters
    ----------
    values : (n, 23), as `facialis.modalities.trajectories.channels` gives them; NaN where a frame has no face.

    Returns
    -------
    (23,), NaN if no frame has a face. A sequence in which the face never rests gives the nearest to it that there is.
    """
    table = np.asarray(values, dtype=np.float64)
    table = table[np.isfinite(table).all(axis=1)]
    if not len(table):
        return np.full(len(CHANNELS), np.nan)
    logs = log_likelihood(look(table), model.looks)
    rest = list(TOLD).index("rest")
    likeness = logs[:, rest] - np.delete(logs, rest, axis=1).max(axis=1)
    quiet = np.argsort(-likeness)[: max(5, round(QUIETEST * len(table)))]
    return np.asarray(np.median(table[quiet], axis=0))


def noise_at_rest(values: Values, rest: Values) -> Values:
    """Return the standard deviation (23,) of the channels from frame to frame, from the fifth nearest to `rest`."""
    seen = values[np.isfinite(values).all(axis=1)]
    off = np.linalg.norm(seen - rest, axis=1)
    near = seen[off <= np.quantile(off, QUIETEST)] if len(seen) else seen
    if len(near) < 3:
        return np.full(len(CHANNELS), np.nan)
    return np.asarray(1.4826 * np.median(np.abs(near - np.median(near, axis=0)), axis=0))


def find_events(values: ArrayLike, times: ArrayLike, rest: Values, model: MovementModel) -> list[Event]:
    """Find the movements of a sequence that nobody prompted.

    A frame is off rest where its change, in standard deviations of what moves from frame to frame at rest, is above a
    quarter of the sequence's largest changes and above 5. Stretches of such frames of at least `SHORTEST` are
    movements, parted where the change falls to half between two peaks.

    Parameters
    ----------
    values, times : (n, 23), NaN where a frame has no face; (n,) s, increasing.
    rest : (23,), as `rest_of` gives it.
    """
    table, at = np.asarray(values, dtype=np.float64), np.asarray(times, dtype=np.float64)
    seen = np.isfinite(table).all(axis=1)
    if seen.sum() < 5 or not np.isfinite(rest).all():
        return []
    table, at = table[seen], at[seen]
    scale = np.maximum(noise_at_rest(table, rest), _FLOOR)
    change = move(table - rest)
    sizes = np.abs(change) / np.concatenate([_sides(scale)[0].max(axis=0), scale[2 * PAIRED :]])
    off = _smoothed(np.sort(sizes, axis=1)[:, -4:].mean(axis=1), at)
    edge = max(5.0, 0.25 * float(np.quantile(off, 0.95)))
    events = []
    for rows in _stretches(off > edge, at):
        for part in _parted(rows, off):
            if at[part[-1]] - at[part[0]] < SHORTEST:
                continue
            top = part[off[part] >= AT_APEX * off[part].max()]
            logs = log_likelihood(change[top], model.moves).mean(axis=0)
            shares = np.exp(logs - logs.max())
            best = int(np.argmax(shares))
            share = float(shares[best] / shares.sum())
            events.append(Event(list(MEASURED)[best], float(at[part[0]]), float(at[part[-1]]), "found", share))
    return events


def _smoothed(values: Values, at: Values) -> Values:
    """Return the running median over a tenth of a second to either side."""
    first, last = np.searchsorted(at, at - 0.1), np.searchsorted(at, at + 0.1, side="right")
    return np.array([np.median(values[a:b]) for a, b in zip(first, last, strict=True)])


def _stretches(off: NDArray[np.bool_], at: Values) -> list[NDArray[np.intp]]:
    rows = np.flatnonzero(off)
    if not len(rows):
        return []
    step = float(np.median(np.diff(at)))
    return np.split(rows, np.flatnonzero(np.diff(at[rows]) > BRIDGED + step) + 1)


def _parted(rows: NDArray[np.intp], off: Values) -> list[NDArray[np.intp]]:
    """Part a stretch at its deepest valley where that is below half of the lower peak beside it; and so on."""
    height = off[rows]
    before, after = np.maximum.accumulate(height), np.maximum.accumulate(height[::-1])[::-1]
    depth = height / np.minimum(before, after)
    valley = int(np.argmin(depth))
    if depth[valley] >= 0.5 or valley in (0, len(rows) - 1):
        return [rows]
    return [*_parted(rows[:valley], off), *_parted(rows[valley + 1 :], off)]


def displacement(change: ArrayLike, movement: str) -> Values:
    """Return by how much each side moves the way that a movement goes (..., 2): subject's right, subject's left.

    Parameters
    ----------
    change : (..., 23) from rest, of one frame or of frames of one event.

    Returns
    -------
    In the units of `change`, negative where a side goes the other way. A smile goes the way that the commissure of
    the side that moves more goes, in the plane: the other side is measured along the same way, mirrored.
    """
    sides, _ = _sides(change)
    columns = [CHANNELS.index(f"{name}_subject_right") for name in MEASURED[movement]]
    moved = sides[..., columns]
    if len(columns) == 1:
        return np.asarray(moved[..., 0] * SIGNS.get(movement, 1.0))
    flat = moved.reshape(-1, 2)
    longest = flat[np.argmax(np.nan_to_num(np.hypot(flat[:, 0], flat[:, 1])))]
    length = float(np.hypot(*longest))
    return np.asarray(moved @ (longest / length if length > 0 else np.array([1.0, 0.0])))


def way_error(noise: Values, movement: str) -> float:
    """Return the standard deviation of a side's way in a movement, of the channels' own (23,), in their units.

    It holds the landmarker's noise twice, once for rest and once for the apex.
    """
    columns = [CHANNELS.index(f"{name}_{side}") for name in MEASURED[movement] for side in SIDES]
    return math.sqrt(2 * float(np.mean(np.asarray(noise)[columns] ** 2)))


def eye_narrowing(change: ArrayLike, rest: Values) -> Values:
    """Return by what share of its height at rest each eye narrows (..., 2): subject's right, subject's left."""
    sides, _ = _sides(change)
    still, _ = _sides(rest)
    column = CHANNELS.index("palpebral_fissure_height_subject_right")
    return np.asarray(-sides[..., column] / np.maximum(still[..., column], 0.02))


def commissure_shift(change: ArrayLike) -> Values:
    """Return how far each mouth corner goes from its place (..., 2), in the units of `change` (..., 23), either way."""
    sides, _ = _sides(change)
    columns = [CHANNELS.index(f"{name}_subject_right") for name in _MOUTH]
    return np.asarray(np.hypot(sides[..., columns[0]], sides[..., columns[1]]))


def ratio_of(excursions: Sequence[float] | Values) -> float:
    """Return the smaller over the larger of two sides' excursions, at least 0; NaN where neither moves that way."""
    low, high = np.sort(np.asarray(excursions, dtype=np.float64))
    return float(max(low, 0.0) / high) if high > 0 else float("nan")
