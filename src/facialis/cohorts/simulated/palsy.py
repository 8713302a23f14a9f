"""One-sided facial palsy: who has how much of it where, and what it does to the face.

The weak side's muscles lose effort by severity; the mouth's muscles of the healthy side gain a little; at rest the
brow droops, the lower lid sags, the eye is wider, cheek and mouth corner hang, and mouth, philtrum, nose tip and chin
lie towards the healthy side, the mouth more so in movement. With contracture (late palsy) the rest changes turn round.
Sizes are physical, in cm at severity 1; what a landmarker sees of them is `facialis.faces.instrument`'s business.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.movements import Intended
from facialis.cohorts.simulated.muscles import (
    MUSCLE_NAMES,
    MUSCLES,
    REGIONS,
    SIDES,
    Bump,
    close_lids,
    field,
    mask,
    muscle_displacement,
)
from facialis.faces.fields import Array, bump_at, exact_product, mirror_field

KINDS = ("flaccid", "contracture")

REST: dict[str, tuple[str, tuple[Bump, ...]]] = {
    "brow_droop": (
        "brow",
        ((105, 1.5, (0, -0.5, 0)), (70, 1.2, (0, -0.2, 0)), (104, 1.8, (0, -0.18, 0))),
    ),
    "lower_lid_sag": ("eye", ((145, 0.8, (0, -0.19, 0)), (23, 0.8, (0, -0.11, 0)))),
    "cheek_fold_ala": (
        "mouth",
        (
            (205, 1.5, (0, -0.25, -0.1)),
            (187, 1.5, (0, -0.2, -0.05)),
            (206, 1.0, (0.12, -0.12, 0.1)),
            (216, 0.8, (0.1, -0.1, 0.05)),
            (64, 0.7, (0.05, -0.15, 0)),
            (48, 0.6, (0.03, -0.1, 0)),
        ),
    ),
    "corner_drop": (
        "mouth",
        (
            (61, 1.1, (0.22, -0.52, 0)),
            (91, 0.8, (0.1, -0.25, 0)),
            (40, 0.8, (0.1, -0.25, 0)),
            (212, 1.0, (0.05, -0.2, 0)),
        ),
    ),
}
"""Rest change at severity 1: region and bumps on the subject's right."""

SHIFT: tuple[tuple[float, tuple[float, float, float], float], ...] = (
    (0.9, (0.0, -4.3, 5.0), 1.4),
    (0.25, (0.0, -1.8, 6.0), 1.2),
    (0.2, (0.0, -7.5, 5.0), 1.6),
)
"""Shift to the healthy side at severity 1: cm, centre (cm), radius (cm) of mouth and philtrum, nose tip, chin."""
SHIFT_AT_REST = 1.0
SHIFT_IN_MOVEMENT = 2.2
SHIFT_MUSCLES = {
    "zygomaticus": 0.5,
    "risorius": 0.7,
    "levator_labii": 0.25,
    "depressor_labii": 0.35,
    "orbicularis_oris": -0.25,
}
"""Pull of the healthy side's mouth, per difference of effort between the sides."""

LIFT_OF_HEALTHY_SIDE = 0.25
"""The healthy side's mouth muscles gain this at severity 1."""


ALL = Ingredients()


class Palsy(NamedTuple):
    """The palsy of `n` faces.

    Attributes
    ----------
    side : (n,) int, index into `SIDES`: the weak side.
    severity : (n,) 0 to 1.
    weakness : (n, 3) 0 to 1, of brow, eye and mouth.
    rest : (n, 3) factor of the rest change of brow, eye and mouth (negative with contracture).
    eye_opening : (n,) share of the lid gap by which the weak eye is wider (negative: narrower) at rest.
    contracture : (n,) bool.
    """

    side: NDArray[np.intp]
    severity: Array
    weakness: Array
    rest: Array
    eye_opening: Array
    contracture: NDArray[np.bool_]

    def take(self, rows: NDArray[Any]) -> Palsy:
        """Return the palsies of these rows."""
        return Palsy(
            self.side[rows],
            self.severity[rows],
            self.weakness[rows],
            self.rest[rows],
            self.eye_opening[rows],
            self.contracture[rows],
        )

    def scaled(self, factor: float) -> Palsy:
        """Return the same palsies with everything that they do multiplied by `factor` (0: none)."""
        return self._replace(
            severity=self.severity * factor,
            weakness=self.weakness * factor,
            rest=self.rest * factor,
            eye_opening=self.eye_opening * factor,
        )


def draw_palsies(rng: np.random.Generator, n: int) -> Palsy:
    """Draw the palsies of `n` subjects.

    Severity is Beta(1.6, 1.2), and a quarter of that in 12 % (nearly recovered); regions vary by a lognormal factor;
    the forehead is spared in 35 %; 40 % have contracture.

    Examples
    --------
    >>> palsy = draw_palsies(np.random.default_rng(0), 1000)
    >>> bool(0.4 < palsy.severity.mean() < 0.6)
    True
    """
    side = rng.integers(0, 2, n)
    severity = rng.beta(1.6, 1.2, n) * np.where(rng.random(n) < 0.12, 0.25, 1.0)
    factors = np.exp(np.array([0.35, 0.35, 0.25]) * rng.standard_normal((n, 3)))
    weakness = np.clip(severity[:, None] * factors, 0.0, 1.0)
    spared = rng.random(n) < 0.35
    weakness[:, 0] = np.where(spared, 0.0, weakness[:, 0])
    contracture = rng.random(n) < 0.4
    brow = rng.uniform(-0.6, 0.8, n)
    rest = np.where(contracture[:, None], np.stack([brow, *[np.full(n, -0.35)] * 2], axis=1), 1.0) * weakness
    wider = rng.normal(0.06, 0.12, n)
    narrower = -rng.uniform(0.1, 0.5, n)
    eye_opening = np.where(contracture, narrower, wider) * weakness[:, 1]
    return Palsy(side.astype(np.intp), severity, weakness, rest, eye_opening, contracture)


def no_palsy(n: int) -> Palsy:
    """Return the palsy of `n` healthy faces: none."""
    return Palsy(
        np.zeros(n, dtype=np.intp),
        np.zeros(n),
        np.zeros((n, 3)),
        np.zeros((n, 3)),
        np.zeros(n),
        np.zeros(n, dtype=bool),
    )


@cache
def rest_fields() -> Array:
    """Return (2 sides, regions, 478, 3), cm at severity 1: what hangs at rest, by weak side and region."""
    right = np.zeros((len(REGIONS), *mask("all").shape, 3))
    for region, bumps in REST.values():
        right[REGIONS.index(region)] += field(bumps, "above_eyes" if region == "brow" else "all")
    return np.stack([right, mirror_field(right)])


@cache
def shift_field() -> Array:
    """Return (478, 3), cm at severity 1: the shift of mouth, nose tip and chin to the subject's left (x > 0)."""
    total = np.stack([amount * bump_at(centre, radius) for amount, centre, radius in SHIFT]).sum(axis=0)
    return np.asarray((total * mask("all"))[:, None] * np.array([1.0, 0.0, 0.0]))


def moved(faces: Array, intended: Intended, palsy: Palsy, ingredients: Ingredients = ALL) -> Array:
    """Return `faces` (n, 478, 3), cm, as they look when they intend a movement and have a palsy.

    With `no_palsy` this is the healthy face in movement.
    """
    n = len(faces)
    rows = np.arange(n)
    if not ingredients.rest_droop:
        palsy = palsy._replace(rest=0.0 * palsy.rest, eye_opening=0.0 * palsy.eye_opening)
    regions = np.array([REGIONS.index(muscle.region) for muscle in MUSCLES])
    weak = np.arange(2) == palsy.side[:, None]  # (n, 2)
    efforts = intended.efforts * np.where(weak[:, None, :], 1.0 - palsy.weakness[:, regions, None], 1.0)
    lift = 1.0 + LIFT_OF_HEALTHY_SIDE * ingredients.contralateral_pull * palsy.weakness[:, 2]
    stronger = (regions == REGIONS.index("mouth"))[None, :, None] & ~weak[:, None, :]
    efforts = np.where(stronger, efforts * lift[:, None, None], efforts)

    pull = np.zeros(n)  # more than the natural difference between the sides, which pulls nothing
    for name, share in SHIFT_MUSCLES.items():
        gained = (efforts - intended.efforts)[:, MUSCLE_NAMES.index(name)]
        pull += share * (gained[rows, 1 - palsy.side] - gained[rows, palsy.side])
    shift = ingredients.contralateral_pull * (SHIFT_AT_REST * palsy.rest[:, 2] + SHIFT_IN_MOVEMENT * pull)
    direction = np.where(palsy.side == 0, 1.0, -1.0)  # away from the weak side

    rest_weights = np.zeros((n, len(SIDES), len(REGIONS)))
    rest_weights[rows, palsy.side] = palsy.rest
    weights = np.concatenate([rest_weights.reshape(n, -1), (direction * shift)[:, None]], axis=1)
    fields = np.concatenate([rest_fields().reshape(-1, *shift_field().shape), shift_field()[None]])
    result = faces + muscle_displacement(efforts, intended.jaw) + exact_product(weights, fields)

    closure = intended.closure.copy()
    weak_closure = closure[rows, palsy.side]
    weak_closure = weak_closure * (1.0 - palsy.weakness[:, 1]) - palsy.eye_opening
    closure[rows, palsy.side] = weak_closure
    return close_lids(result, np.clip(closure, -0.5, 1.0))
