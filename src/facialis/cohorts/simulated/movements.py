"""What the person intends to do: an everyday mix of expressions as muscle efforts, the same in both groups."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.muscles import MUSCLE_NAMES
from facialis.faces.fields import Array


class Movement(NamedTuple):
    """An expression: its share of the mix, muscle efforts, lid closure (0-1) and jaw opening (cm) as (low, high)."""

    share: float
    efforts: dict[str, tuple[float, float]]
    closure: tuple[float, float] = (0.0, 0.0)
    jaw: tuple[float, float] = (0.0, 0.0)


MOVEMENTS: dict[str, Movement] = {
    "rest": Movement(0.24, {}),
    "smile": Movement(
        0.26,
        {
            "zygomaticus": (0.3, 1.0),
            "risorius": (0.0, 0.4),
            "levator_labii": (0.0, 0.4),
            "orbicularis_oculi": (0.0, 0.7),
        },
        closure=(0.0, 0.3),
        jaw=(0.0, 0.5),
    ),
    "brow_raise": Movement(0.08, {"frontalis": (0.4, 1.0)}, closure=(-0.2, 0.0)),
    "eye_closure": Movement(0.09, {"orbicularis_oculi": (0.1, 0.8)}, closure=(0.5, 1.0)),
    "teeth": Movement(
        0.09,
        {
            "risorius": (0.3, 0.9),
            "levator_labii": (0.2, 0.8),
            "depressor_labii": (0.3, 1.0),
            "zygomaticus": (0.0, 0.5),
        },
        jaw=(0.0, 0.4),
    ),
    "pucker": Movement(0.07, {"orbicularis_oris": (0.4, 1.0), "mentalis": (0.0, 0.4)}),
    "jaw_open": Movement(0.06, {"depressor_labii": (0.0, 0.4)}, jaw=(0.8, 2.5)),
    "speech": Movement(
        0.06,
        {
            "orbicularis_oris": (0.0, 0.6),
            "risorius": (0.0, 0.4),
            "depressor_labii": (0.0, 0.4),
            "levator_labii": (0.0, 0.3),
        },
        jaw=(0.0, 1.0),
    ),
    "frown": Movement(
        0.05,
        {"corrugator": (0.3, 1.0), "depressor_anguli_oris": (0.0, 0.8), "nasalis": (0.0, 0.5)},
        closure=(0.0, 0.2),
    ),
}

IDLE = 0.1
"""Every muscle idles at abs(N(0, IDLE)) of full effort."""
SIDE_RATIO = 0.2
"""Standard deviation of the logarithm of a muscle's left-right strength ratio in healthy people."""


class Intended(NamedTuple):
    """What `n` frames intend: names (n,), efforts (n, muscles, 2 sides), closure (n, 2), jaw (n,) cm."""

    names: NDArray[np.str_]
    efforts: Array
    closure: Array
    jaw: Array

    def take(self, rows: NDArray[Any]) -> Intended:
        """Return the movements of these rows."""
        return Intended(self.names[rows], self.efforts[rows], self.closure[rows], self.jaw[rows])


def draw_side_ratios(rng: np.random.Generator, n: int) -> Array:
    """Draw (n, muscles + 1, 2): healthy subjects' strength of each muscle (and lid closure) on either side."""
    half = 0.5 * SIDE_RATIO * rng.standard_normal((n, len(MUSCLE_NAMES) + 1))
    return np.exp(np.stack([half, -half], axis=-1))


def draw_movements(rng: np.random.Generator, n: int, ratios: Array) -> Intended:
    """Draw the movements of `n` frames; `ratios` (n, muscles + 1, 2) are the subjects' side ratios.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> draw_movements(rng, 3, draw_side_ratios(rng, 3)).efforts.shape
    (3, 11, 2)
    """
    names = list(MOVEMENTS)
    shares = np.array([MOVEMENTS[name].share for name in names])
    which = np.searchsorted(np.cumsum(shares / shares.sum())[:-1], rng.random(n), side="right")
    table = np.zeros((len(names), len(MUSCLE_NAMES) + 2, 2))  # muscles, closure, jaw: low and high
    for row, movement in enumerate(MOVEMENTS.values()):
        for muscle, bounds in movement.efforts.items():
            table[row, MUSCLE_NAMES.index(muscle)] = bounds
        table[row, -2:] = movement.closure, movement.jaw
    bounds_ = table[which]
    vigour = rng.random((n, 1))  # one effort for the frame, half shared by all its muscles
    share = 0.5 * vigour + 0.5 * rng.random((n, len(MUSCLE_NAMES) + 2))
    wanted = bounds_[..., 0] + share * (bounds_[..., 1] - bounds_[..., 0])
    idle = np.abs(IDLE * rng.standard_normal((n, len(MUSCLE_NAMES))))
    efforts = (wanted[:, :-2] + idle)[..., None] * ratios[:, :-1]
    blink = IDLE * rng.standard_normal(n)
    closure = (wanted[:, -2] + blink)[:, None] * ratios[:, -1]
    return Intended(
        names=np.array(names)[which],
        efforts=efforts,
        closure=np.clip(closure, -0.4, 1.0),
        jaw=wanted[:, -1],
    )
