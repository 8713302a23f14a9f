"""One-sided facial palsy: what it is, and what it does to a face.

The weak side's muscles lose effort by the weakness of the nerve's branches that drive them; the mouth's muscles of the
healthy side gain a little. At rest a flaccid palsy lets brow, lower lid, cheek and mouth corner hang, the eye is wider,
the fold flat, and mouth, philtrum, nose tip and chin lie towards the healthy side, the mouth more so in movement. A
synkinetic (late) palsy draws the weak side up, narrows its eye, and movements drag others along. A central palsy spares
the forehead, and most of the eye's closure and of felt smiles. Sizes are physical; what a landmarker sees of them is
`facialis.faces.instrument`'s business.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.ingredients import Ingredients
from facialis.cohorts.simulated.movements import EMOTIONAL, MOST_CLOSURE, Intended
from facialis.cohorts.simulated.muscles import (
    BRANCHES,
    CLOSURE,
    MOUTH,
    MUSCLES,
    SIDES,
    Bump,
    branch_weights,
    close_lids,
    field,
    mask,
    muscle_displacement,
    muscle_index,
)
from facialis.faces.fields import Array, bump_at, exact_product, mirror_field

KINDS = ("flaccid", "synkinetic", "central")
TONES = ("brow", "eye", "mouth")
ALL = Ingredients()


class RestChange(NamedTuple):
    """What hangs at rest: whose tone is lost, through which branches, and bumps (mm, subject's right) when complete."""

    tone: str
    branches: dict[str, float]
    bumps: tuple[Bump, ...]
    mask: str = "all"


REST: dict[str, RestChange] = {
    "brow_droop": RestChange(
        "brow",
        {"temporal": 1.0},
        ((105, 15, (0, -5.5, 0)), (70, 12, (0, -2.5, 0)), (104, 18, (0, -1.8, 0))),
        "above_eyes",
    ),
    "lower_lid_sag": RestChange(
        "eye", {"temporal": 0.3, "zygomatic": 0.7}, ((145, 8, (0, -1.9, 0)), (23, 8, (0, -1.1, 0)))
    ),
    "cheek_fold_ala": RestChange(
        "mouth",
        {"zygomatic": 0.4, "buccal": 0.6},
        (
            (205, 15, (0, -2.5, -1)),
            (187, 15, (0, -2, -0.5)),
            (206, 10, (1.2, -1.2, 1)),
            (216, 8, (1, -1, 0.5)),
            (64, 7, (0.5, -1.5, 0)),
            (48, 6, (0.3, -1, 0)),
        ),
    ),
    "corner_drop": RestChange(
        "mouth",
        {"zygomatic": 0.3, "buccal": 0.6, "marginal_mandibular": 0.1},
        ((61, 11, (0, -6, 0)), (91, 8, (0, -1.8, 0)), (40, 8, (0, -1.8, 0)), (212, 10, (0, -2, 0))),
    ),
}

SHIFT: tuple[tuple[float, tuple[float, float, float], float], ...] = (
    (10.0, (0.0, -4.3, 5.0), 1.6),
    (2.5, (0.0, -1.8, 6.0), 1.2),
    (2.0, (0.0, -7.5, 5.0), 1.6),
)
"""Shift to the healthy side when complete: mm, centre (cm), radius (cm) of mouth and philtrum, nose tip, chin. With the
shares below it is set by the medians of a real photo set's lip ratios (`benchmarks/standard_set.py`): at rest the lip's
middle moves by 5 mm in a complete palsy, in a large smile by 12 mm."""
SHIFT_BRANCHES = {"zygomatic": 0.3, "buccal": 0.5, "marginal_mandibular": 0.2}
SHIFT_AT_REST = 0.65
SHIFT_IN_MOVEMENT = 2.0
MOST_SHIFT = 1.7
"""However strong the pull, skin and teeth hold the mouth back: the shift saturates at this."""
HELD_BACK = 0.7
"""Share of the shift in movement that a weak side hardened by full synkinesis holds back."""
SHIFT_MUSCLES = {
    "zygomaticus_major": 0.5,
    "risorius": 0.7,
    "levator_labii": 0.25,
    "depressor_labii": 0.35,
    "orbicularis_oris": -0.5,
}
"""Pull of the healthy side's mouth, per difference of effort between the sides."""
LIFT_OF_HEALTHY_SIDE = 0.25
"""The healthy side's muscles of mouth and forehead gain this when the palsy is complete."""
SQUINT = 0.2
"""Share of the lid gap that closes as the palpebral part of orbicularis oculi is at full effort, as in a smile."""

LIDS = "lids"
LID_TRAVEL = CLOSURE[2][1] - CLOSURE[0][1]
"""Share of the lid gap that is gone at closure 1."""
DRAGGED: tuple[tuple[str, str, float, float], ...] = (
    ("orbicularis_oris", LIDS, 0.30, 0.22),
    ("zygomaticus_major", LIDS, 0.40, 0.0),
    ("depressor_labii", LIDS, 0.35, 0.0),
    ("frontalis_medial", LIDS, 0.20, 0.0),
    ("orbicularis_oris", "orbicularis_oculi_orbital", 0.3, 0.1),
    ("zygomaticus_major", "platysma", 0.4, 0.0),
    ("zygomaticus_major", "mentalis", 0.3, 0.0),
    (LIDS, "zygomaticus_major", 0.7, 0.0),
    (LIDS, "platysma", 0.3, 0.0),
    ("frontalis_medial", "zygomaticus_major", 0.3, 0.0),
)
"""Synkinesis of strength 1: the movement meant, what it drags along, by how much on the weak side and on the other:
efforts, or for the lids the share of their gap. The pucker's 30 % and 22 % are measured on patients; what closing eyes
and a raised brow do to the mouth is set by the medians of a real photo set; the rest is assumed."""
PUCKER_NARROWS = 0.02
"""Share of the lid gap that a full pucker closes in healthy people."""
FELT_SHARE = 0.35
"""Share of the mouth's weakness that a central palsy keeps in a felt smile."""


class Palsy(NamedTuple):
    """The palsy of `n` faces.

    Attributes
    ----------
    side : (n,) int, index into `SIDES`: the weak side.
    kind : (n,) one of `KINDS`, "" for none.
    severity : (n,) 0 to 1.
    branches : (n, 5) weakness, 0 to 1, of each of `BRANCHES`.
    tone : (n, 3) what a complete loss does to brow, eye and mouth at rest: 1 they hang, negative they are drawn up.
    eye_opening : (n,) share of the lid gap by which the weak eye is wider (negative: narrower) at rest.
    synkinesis : (n,) strength, 1 as `DRAGGED` says.
    """

    side: NDArray[np.intp]
    kind: NDArray[np.str_]
    severity: Array
    branches: Array
    tone: Array
    eye_opening: Array
    synkinesis: Array

    def take(self, rows: NDArray[Any]) -> Palsy:
        """Return the palsies of these rows."""
        return Palsy(*(part[rows] for part in self))

    def scaled(self, factor: float) -> Palsy:
        """Return the same palsies with everything that they do multiplied by `factor` (0: none)."""
        return self._replace(
            severity=self.severity * factor,
            branches=self.branches * factor,
            eye_opening=self.eye_opening * factor,
            synkinesis=self.synkinesis * factor,
        )


class Acted(NamedTuple):
    """What the muscles of `n` faces do in fact: efforts (n, muscles, 2), closure (n, 2), jaw (n,) cm."""

    efforts: Array
    closure: Array
    jaw: Array


def no_palsy(n: int) -> Palsy:
    """Return the palsy of `n` healthy faces: none."""
    return Palsy(
        side=np.zeros(n, dtype=np.intp),
        kind=np.full(n, "", dtype="<U10"),
        severity=np.zeros(n),
        branches=np.zeros((n, len(BRANCHES))),
        tone=np.zeros((n, len(TONES))),
        eye_opening=np.zeros(n),
        synkinesis=np.zeros(n),
    )


def _weighted(palsy: Palsy, weights: dict[str, float]) -> Array:
    """Return (n,): the weakness of what is driven through branches of these weights."""
    return np.asarray(sum(share * palsy.branches[:, BRANCHES.index(name)] for name, share in weights.items()))


def weakness(palsy: Palsy, names: NDArray[np.str_]) -> Array:
    """Return (n, muscles), 0 to 1: the weakness of the weak side's muscles in movements of these `names` (n,)."""
    lost = (palsy.branches[:, None, :] * branch_weights()).sum(axis=-1)
    felt = (palsy.kind == "central") & np.isin(names, EMOTIONAL)
    mouth = np.array([muscle.family in MOUTH for muscle in MUSCLES])
    return np.asarray(lost * np.where(felt[:, None] & mouth, FELT_SHARE, 1.0))


def act(intended: Intended, palsy: Palsy, ingredients: Ingredients = ALL) -> Acted:
    """Return what the muscles do when faces intend a movement and have a palsy."""
    rows = np.arange(len(palsy.side))
    weak, other = palsy.side, 1 - palsy.side
    lost = weakness(palsy, intended.names)
    efforts = intended.efforts.copy()
    efforts[rows, :, weak] *= 1.0 - lost
    if ingredients.contralateral_pull:
        lost_there = [_weighted(palsy, SHIFT_BRANCHES), _weighted(palsy, {"temporal": 1.0}), np.zeros(len(rows))]
        which = [0 if muscle.family in MOUTH else 1 if muscle.family == "frontalis" else 2 for muscle in MUSCLES]
        efforts[rows, :, other] *= 1.0 + LIFT_OF_HEALTHY_SIDE * np.stack(lost_there, axis=1)[:, which]

    meant = np.maximum(intended.closure, 0.0)
    closure = intended.closure.copy()
    closure[rows, weak] -= meant[rows, weak] * lost[:, muscle_index("orbicularis_oculi_palpebral")]
    pucker = intended.efforts[:, muscle_index("orbicularis_oris")]
    strength = palsy.synkinesis * ingredients.synkinesis
    narrowing = PUCKER_NARROWS * pucker * (1.0 - np.minimum(strength, 1.0))[:, None]
    for driver, dragged, on_weak, on_other in DRAGGED:
        source = meant if driver == LIDS else intended.efforts[:, muscle_index(driver)]
        for side, share in ((weak, on_weak), (other, on_other)):
            amount = strength * share * source[rows, side]
            if dragged == LIDS:
                narrowing[rows, side] += amount
            else:
                efforts[rows, muscle_index(dragged), side] += amount
    closure += (narrowing + SQUINT * efforts[:, muscle_index("orbicularis_oculi_palpebral")]) / LID_TRAVEL
    if ingredients.rest_droop:
        closure[rows, weak] -= palsy.eye_opening
    return Acted(efforts, np.clip(closure, -0.5, MOST_CLOSURE), intended.jaw)


@cache
def rest_fields() -> Array:
    """Return (2 sides, changes, 478, 3), cm when complete: what hangs at rest, by weak side, in the order of `REST`."""
    right = np.stack([field(change.bumps, change.mask) for change in REST.values()])
    return np.stack([right, mirror_field(right)])


@cache
def shift_field() -> Array:
    """Return (478, 3), cm when complete: the shift of mouth, nose tip and chin to the subject's left (x > 0)."""
    total = np.stack([amount / 10.0 * bump_at(centre, radius) for amount, centre, radius in SHIFT]).sum(axis=0)
    return np.asarray((total * mask("all"))[:, None] * np.array([1.0, 0.0, 0.0]))


def moved(faces: Array, intended: Intended, palsy: Palsy, ingredients: Ingredients = ALL) -> Array:
    """Return `faces` (n, 478, 3), cm, as they look when they intend a movement and have a palsy.

    With `no_palsy` this is the healthy face in movement.
    """
    acted = act(intended, palsy, ingredients)
    n, rows = len(faces), np.arange(len(faces))
    hangs = np.zeros((n, len(SIDES), len(REST)))
    if ingredients.rest_droop:
        hangs[rows, palsy.side] = np.stack(
            [palsy.tone[:, TONES.index(change.tone)] * _weighted(palsy, change.branches) for change in REST.values()],
            axis=1,
        )
    shift = np.zeros(n)
    if ingredients.contralateral_pull:
        pull = np.zeros(n)  # more than the natural difference between the sides, which pulls nothing
        for name, share in SHIFT_MUSCLES.items():
            gained = (acted.efforts - intended.efforts)[:, muscle_index(name)]
            pull += share * (gained[rows, 1 - palsy.side] - gained[rows, palsy.side])
        at_rest = palsy.tone[:, TONES.index("mouth")] * _weighted(palsy, SHIFT_BRANCHES)
        away = np.where(palsy.side == 0, 1.0, -1.0)  # from the weak side
        held = 1.0 - HELD_BACK * np.minimum(palsy.synkinesis * ingredients.synkinesis, 1.0)
        total = SHIFT_AT_REST * at_rest + SHIFT_IN_MOVEMENT * held * pull
        shift = away * MOST_SHIFT * np.tanh(total / MOST_SHIFT)
    weights = np.concatenate([hangs.reshape(n, -1), shift[:, None]], axis=1)
    fields = np.concatenate([rest_fields().reshape(-1, *shift_field().shape), shift_field()[None]])
    result = faces + muscle_displacement(acted.efforts, acted.jaw) + exact_product(weights, fields)
    return close_lids(result, acted.closure)
