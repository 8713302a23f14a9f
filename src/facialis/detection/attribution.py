"""How a number that depends on who takes part is shared out among those who do: Shapley values and simpler ways.

A coalition is a row (n,) of booleans: true where a player takes part as found, false where the reference stands in.
Every way first gives the coalitions that it wants valued (`..._coalitions`), so that all of them can be valued in one
batch, and then turns their values into shares.

Sources: Shapley, "A value for n-person games", 1953; Castro, Gómez, Tejada, "Polynomial calculation of the Shapley
value based on sampling", 2009; antithetic orders: Mitchell, Cooper, Frank, Holmes, "Sampling permutations for
Shapley value estimation", JMLR 2022.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Coalitions = NDArray[np.bool_]


def exact_coalitions(groups: Sequence[Sequence[int]], n: int) -> Coalitions:
    """Return (2^k, n) coalitions: every subset of k groups of players, in the order of `itertools.product`."""
    rows = np.zeros((2 ** len(groups), n), dtype=bool)
    for row, chosen in enumerate(itertools.product((False, True), repeat=len(groups))):
        for taken, group in zip(chosen, groups, strict=True):
            rows[row, list(group)] = taken
    return rows


def exact_shares(values: Values) -> Values:
    """Return the Shapley values (..., k) of k groups from the values (..., 2^k) of `exact_coalitions`.

    They add up to the value of all less that of nobody.

    Examples
    --------
    >>> exact_shares(np.array([0.0, 1.0, 2.0, 5.0]))  # nobody, the second, the first, both
    array([3., 2.])
    """
    values = np.asarray(values, dtype=np.float64)
    k = int(math.log2(values.shape[-1]))
    subsets = np.array(list(itertools.product((False, True), repeat=k)), dtype=bool).reshape(2**k, k)
    size = subsets.sum(axis=1)
    shares = []
    for player in range(k):
        without = np.flatnonzero(~subsets[:, player])
        joined = without + 2 ** (k - 1 - player)
        weights = [1 / (k * math.comb(k - 1, int(s))) for s in size[without]]
        shares.append((values[..., joined] - values[..., without]) @ np.array(weights))
    return np.stack(shares, axis=-1)


@cache
def orders(n: int, pairs: int, seed: int) -> NDArray[np.intp]:
    """Return (2 pairs, n) orders in which n players join: drawn at random, each followed by its reverse."""
    rng = np.random.default_rng(seed)
    drawn = np.stack([rng.permutation(n) for _ in range(pairs)])
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(2 * pairs, n)


def order_coalitions(order: NDArray[np.intp]) -> Coalitions:
    """Return (m (n - 1), n) coalitions: who has joined after 1 .. n - 1 steps of each of m orders (m, n).

    Nobody and everybody are left out: they are the same in every order.
    """
    rank = np.argsort(order, axis=1)
    steps = np.arange(1, order.shape[1])
    return (rank[:, None, :] < steps[None, :, None]).reshape(-1, order.shape[1])


def order_shares(values: Values, nobody: Values, everybody: Values, order: NDArray[np.intp]) -> tuple[Values, Values]:
    """Return shares (..., n) and their standard errors of sampling (..., n): what each player brings when it joins.

    Parameters
    ----------
    values : (..., m (n - 1)) of `order_coalitions`.
    nobody, everybody : (...) values of those coalitions; the shares add up to their difference, whatever the orders.
    order : (m, n), each order followed by its reverse.
    """
    m, n = order.shape
    between = np.asarray(values, dtype=np.float64).reshape(*np.shape(nobody), m, n - 1)
    ends = [np.broadcast_to(np.asarray(end)[..., None, None], (*between.shape[:-1], 1)) for end in (nobody, everybody)]
    brought = np.diff(np.concatenate([ends[0], between, ends[1]], axis=-1), axis=-1)
    by_player = np.take_along_axis(brought, np.broadcast_to(np.argsort(order, axis=1), brought.shape), axis=-1)
    pairs = by_player.reshape(*by_player.shape[:-2], m // 2, 2, n).mean(axis=-2)
    error = pairs.std(axis=-2, ddof=1) / math.sqrt(m // 2) if m > 2 else np.full((*pairs.shape[:-2], n), np.nan)
    return pairs.mean(axis=-2), np.asarray(error)


def one_out_coalitions(n: int) -> Coalitions:
    """Return (n, n) coalitions: everybody but one player."""
    return ~np.eye(n, dtype=bool)
