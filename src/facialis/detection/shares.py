"""The shares of regions, branches and measures in what moved a bundle's log odds, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from facialis.attribution import (
    exact_coalitions,
    exact_shares,
    order_coalitions,
    order_shares,
    orders,
)
from facialis.detection.coalitions import N_MEASURES, Played
from facialis.detection.number_errors import spread
from facialis.detection.reading import WIDENED
from facialis.modalities.measures import MEASURES, REGIONS

PAIRS = 32
"""Pairs of an order of the measures and its reverse: 64 orders, about 1,800 rows a face."""
SEED = 0


@dataclass(frozen=True, eq=False)
class Counted:
    """Shares as `Explanation` has them, and the log odds of all players and of none."""

    all: float
    none: float
    shares: dict[str, dict[str, float]]
    errors: dict[str, dict[str, float]] | None
    sampling_error: float


def count_shares(games: list[Played], pairs: int = PAIRS, seed: int = SEED) -> Counted:
    """Return the shares of one or two looks' games: their mean, as the finding is the looks' mean.

    Regions and branches are counted exactly, measures over random orders; all coalitions are valued in one batch. The
    errors are of the noisy copies that the games hold, widened as the error of the log odds is.
    """
    other = "" if not games[0].found else ("pairs" if "landmarks" in games[0].found else "picture")
    n = games[0].n
    regions = {name: [e.number for e in MEASURES if e.region == name] for name in REGIONS}
    branches: dict[str, list[int]] = {"measures": list(range(N_MEASURES))}
    names = [entry.name for entry in MEASURES]
    if other:
        regions[other] = branches[other] = [N_MEASURES]
        names.append(other)
    order = orders(n, pairs, seed)
    parts = [
        exact_coalitions(list(regions.values()), n),
        exact_coalitions(list(branches.values()), n),
        order_coalitions(order),
    ]
    odds = np.mean([game.odds(np.concatenate(parts)) for game in games], axis=0)
    by_regions, by_branches, by_orders = np.split(odds, np.cumsum([len(part) for part in parts])[:-1], axis=1)
    none, whole = by_regions[:, 0], by_regions[:, -1]
    measures, sampling = order_shares(by_orders, none, whole, order)
    tables = {
        "regions": (list(regions), exact_shares(by_regions)),
        "branches": (list(branches), exact_shares(by_branches)),
        "measures": (names, measures),
    }
    shares = {kind: dict(zip(of, values[0].tolist(), strict=True)) for kind, (of, values) in tables.items()}
    errors = None
    if len(odds) > 1:
        errors = {
            kind: dict(zip(of, (WIDENED * spread(values)).tolist(), strict=True))
            for kind, (of, values) in tables.items()
        }
    return Counted(float(whole[0]), float(none[0]), shares, errors, float(sampling[0].max()))
