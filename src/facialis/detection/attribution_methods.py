"""Ways of saying how much each measure moved a bundle's log odds: those that can be shown, and two controls.

All take `Played` (k faces) and return shares (k, 29). The controls explain no model: ``distance`` looks at the face
alone, ``random`` at nothing; a check that they pass tests nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from facialis.attribution import (
    exact_coalitions,
    exact_shares,
    one_out_coalitions,
    order_coalitions,
    order_shares,
    orders,
)
from facialis.detection.coalitions import N_MEASURES, Played
from facialis.modalities.measures import MEASURES
from facialis.modalities.regions import REGIONS

Values = NDArray[np.float64]

STEP = 0.02
"""Of the way to the reference, by which the gradient is told: float32 rounds away what is much smaller."""
FACES_AT_ONCE = 64


def shapley(game: Played, *, pairs: int = 32, seed: int = 0) -> Values:
    """Return Shapley values over random orders of the measures and their reverses."""
    order = orders(game.n, pairs, seed)
    rows = np.concatenate([_ends(game.n), order_coalitions(order)])
    found = []
    for some in _slices(game):
        odds = some.odds(rows)
        found.append(order_shares(odds[:, 2:], odds[:, 0], odds[:, 1], order)[0])
    return np.concatenate(found)[:, :N_MEASURES]


def one_at_a_time(game: Played) -> Values:
    """Return by how much the log odds fall when one measure alone is put to its reference."""
    odds = game.odds(np.concatenate([_ends(game.n)[1:], one_out_coalitions(game.n)]))
    return np.asarray(odds[:, :1] - odds[:, 1:])[:, :N_MEASURES]


def gradient(game: Played) -> Values:
    """Return gradient times distance from the reference, the gradient by differences over `STEP` of the way."""
    near = Played(game.bundle, game.measures, game.measures + STEP * (game.healthy - game.measures), game.found, ())
    odds = near.odds(np.concatenate([_ends(game.n)[1:], one_out_coalitions(game.n)]))
    return np.asarray((odds[:, :1] - odds[:, 1:]) / STEP)[:, :N_MEASURES]


def distance(game: Played) -> Values:
    """Return how far each measure lies from its reference, in spreads of the healthy range: no model in it."""
    table = game.bundle.card.reference["quantiles"]
    spread = np.asarray(table["0.75"][:N_MEASURES]) - np.asarray(table["0.25"][:N_MEASURES])
    return np.asarray(np.abs(game.measures - game.healthy) / np.maximum(spread, 1e-6))


def at_random(game: Played) -> Values:
    """Return numbers drawn at random."""
    return np.random.default_rng(0).standard_normal(game.measures.shape)


METHODS: dict[str, Callable[[Played], Values]] = {
    "shapley": shapley,
    "one at a time": one_at_a_time,
    "gradient": gradient,
    "distance": distance,
    "random": at_random,
}
CONTROLS = ("distance", "random")
"""Of the methods, those that explain no model."""


def region_shares(game: Played, method: str, measures: Values) -> Values:
    """Return shares (k, 4) of `REGIONS`: exact Shapley values beside ``shapley``, else the sums of the measures'."""
    groups = [[entry.number for entry in MEASURES if entry.region == region] for region in REGIONS]
    if method != "shapley":
        return np.stack([measures[:, group].sum(axis=1) for group in groups], axis=1)
    rest = [number for number in range(game.n) if not any(number in group for group in groups)]
    return exact_shares(game.odds(exact_coalitions([*groups, rest], game.n)))[:, : len(REGIONS)]


def _ends(n: int) -> NDArray[np.bool_]:
    return np.array([[False] * n, [True] * n])


def _slices(game: Played) -> list[Played]:
    starts = range(0, len(game.measures), FACES_AT_ONCE)
    parts = [slice(start, start + FACES_AT_ONCE) for start in starts]
    return [Played(game.bundle, game.measures[p], game.healthy[p], game.found, game.standing_in) for p in parts]
