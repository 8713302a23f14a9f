"""What the person intends to do: the ten standard views and an everyday mix, as muscle efforts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.muscles import FAMILIES, MUSCLE_NAMES, SIDES, family_of, muscle_index, unknown
from facialis.errors import CohortError
from facialis.faces.fields import Array

Range = tuple[float, float]


class Movement(NamedTuple):
    """An expression, each part as (low, high).

    Attributes
    ----------
    efforts : of muscles, 0 to 1.
    closure : share of the lid gap that closes.
    jaw : opening, cm.
    chin_up : degrees of pitch that the view asks for beside the camera's own.
    """

    efforts: dict[str, Range]
    closure: Range = (0.0, 0.0)
    jaw: Range = (0.0, 0.0)
    chin_up: Range = (0.0, 0.0)


def _smile(zygomaticus: Range, risorius: Range, levator: Range, squint: Range) -> dict[str, Range]:
    return {
        **dict.fromkeys(("zygomaticus_major", "zygomaticus_minor"), zygomaticus),
        **dict.fromkeys(("risorius", "buccinator"), risorius),
        "levator_labii": levator,
        **dict.fromkeys(("orbicularis_oculi_palpebral", "orbicularis_oculi_orbital"), squint),
    }


def _both(muscle: str, effort: Range) -> dict[str, Range]:
    return {name: effort for name in MUSCLE_NAMES if name.startswith(muscle)}


STANDARD: dict[str, Movement] = {
    "rest": Movement({}),
    "small_closed_smile": Movement(_smile((0.25, 0.55), (0.0, 0.3), (0.0, 0.1), (0.0, 0.2))),
    "large_smile": Movement(
        _smile((0.6, 1.0), (0.1, 0.5), (0.2, 0.8), (0.2, 0.7)), closure=(0.05, 0.3), jaw=(0.1, 0.5)
    ),
    "brow_raise": Movement(_both("frontalis", (0.6, 1.0)), closure=(-0.2, 0.0)),
    "gentle_closure": Movement({"orbicularis_oculi_palpebral": (0.1, 0.4)}, closure=(0.85, 1.0)),
    "tight_closure": Movement(
        {**_both("orbicularis_oculi", (0.6, 1.0)), "corrugator": (0.2, 0.5), "nasalis": (0.0, 0.4)}, closure=(0.95, 1.0)
    ),
    "pucker": Movement({"orbicularis_oris": (0.6, 1.0), "mentalis": (0.1, 0.5)}),
    "lower_teeth": Movement(
        {"depressor_labii": (0.6, 1.0), "depressor_anguli_oris": (0.1, 0.5), "platysma": (0.2, 0.8)}
        | dict.fromkeys(("risorius", "buccinator"), (0.2, 0.6)),
        jaw=(0.0, 0.3),
    ),
    "nose_wrinkle": Movement(
        {
            "nasalis": (0.6, 1.0),
            "levator_labii": (0.5, 1.0),
            "corrugator": (0.1, 0.5),
            "orbicularis_oculi_orbital": (0.1, 0.5),
        },
        closure=(0.0, 0.3),
    ),
    "nasal_base": Movement({}, chin_up=(25.0, 35.0)),
}
"""The ten standard views, in their order; the last is rest seen from below."""

EVERYDAY: dict[str, tuple[float, Movement]] = {
    "rest": (0.24, Movement({})),
    "smile": (
        0.26,
        Movement(_smile((0.3, 1.0), (0.0, 0.4), (0.0, 0.7), (0.0, 0.7)), closure=(0.0, 0.3), jaw=(0.0, 0.5)),
    ),
    "brow_raise": (0.08, Movement(_both("frontalis", (0.4, 1.0)), closure=(-0.2, 0.0))),
    "eye_closure": (0.09, Movement(_both("orbicularis_oculi", (0.1, 0.8)), closure=(0.5, 1.0))),
    "teeth": (
        0.09,
        Movement(
            _smile((0.0, 0.5), (0.3, 0.9), (0.2, 0.8), (0.0, 0.0)) | {"depressor_labii": (0.3, 1.0)}, jaw=(0.0, 0.4)
        ),
    ),
    "pucker": (0.07, Movement({"orbicularis_oris": (0.4, 1.0), "mentalis": (0.0, 0.4)})),
    "jaw_open": (0.06, Movement({"depressor_labii": (0.0, 0.4)}, jaw=(0.8, 2.5))),
    "speech": (
        0.06,
        Movement(
            _smile((0.0, 0.0), (0.0, 0.4), (0.0, 0.3), (0.0, 0.0))
            | {"orbicularis_oris": (0.0, 0.6), "depressor_labii": (0.0, 0.4)},
            jaw=(0.0, 1.0),
        ),
    ),
    "frown": (
        0.05,
        Movement(
            {"corrugator": (0.3, 1.0), "depressor_anguli_oris": (0.0, 0.8), "nasalis": (0.0, 0.5)}, closure=(0.0, 0.2)
        ),
    ),
}
"""Expression: its share of everyday photos, and what it asks for. Speech among them, one moment of it."""

EMOTIONAL = ("smile",)
"""Everyday expressions that are felt rather than asked for."""
PLANS = ("mixed", "standard")

IDLE = 0.1
"""Every family of muscles idles at abs(N(0, IDLE)) of full effort."""
SIDE_RATIO = 0.2
"""Standard deviation of the logarithm of a muscle family's left-right strength ratio in healthy people."""
MOST_CLOSURE = 1.3
"""Effort beyond 1 presses lids that are closed already."""


class Intended(NamedTuple):
    """What `n` frames intend: names (n,), efforts (n, muscles, 2 sides), closure (n, 2), jaw (n,) cm."""

    names: NDArray[np.str_]
    efforts: Array
    closure: Array
    jaw: Array

    def take(self, rows: NDArray[Any]) -> Intended:
        """Return the movements of these rows."""
        return Intended(self.names[rows], self.efforts[rows], self.closure[rows], self.jaw[rows])


def views(plan: str) -> tuple[str, ...]:
    """Return the views, in order, that a subject of `plan` shows: of "standard" all ten, else those named, by commas.

    Raises
    ------
    CohortError
        A view is unknown; the message names the nearest.

    Examples
    --------
    >>> views("rest,pucker")
    ('rest', 'pucker')
    """
    names = tuple(STANDARD) if plan == "standard" else tuple(name.strip() for name in plan.split(","))
    for name in names:
        if name not in STANDARD:
            raise CohortError(unknown("view", name, (*STANDARD, *PLANS)))
    return names


def intend(efforts: Mapping[str, float], *, closure: float = 0.0, jaw: float = 0.0, name: str = "") -> Intended:
    """Return one frame that intends these `efforts` (muscle: 0 to 1) on both sides alike.

    Raises
    ------
    CohortError
        A muscle is unknown (the message names the nearest), or an effort is out of range.

    Examples
    --------
    >>> intend({"zygomaticus_major": 0.5}).efforts.sum()
    np.float64(1.0)
    """
    table = np.zeros((1, len(MUSCLE_NAMES), len(SIDES)))
    for muscle, effort in efforts.items():
        row = muscle_index(muscle)
        if not 0.0 <= effort <= 1.0:
            raise CohortError(f"effort of {muscle} is {effort!r}; expected a number from 0 to 1")
        table[0, row] = effort
    return Intended(np.array([name]), table, np.full((1, 2), float(closure)), np.array([float(jaw)]))


def typical(name: str, vigour: float = 0.7) -> Intended:
    """Return one frame of the standard view `name`: each muscle at `vigour` between its lowest and highest effort."""
    movement = STANDARD[views(name)[0]]
    efforts = {muscle: low + vigour * (high - low) for muscle, (low, high) in movement.efforts.items()}
    middle = [low + vigour * (high - low) for low, high in (movement.closure, movement.jaw)]
    return intend(efforts, closure=middle[0], jaw=middle[1], name=name)


def draw_side_ratios(rng: np.random.Generator, n: int) -> Array:
    """Draw (n, families + 1, 2): healthy subjects' strength of each family (and of lid closure) a side."""
    half = 0.5 * SIDE_RATIO * rng.standard_normal((n, len(FAMILIES) + 1))
    return np.exp(np.stack([half, -half], axis=-1))


def draw_movements(
    rng: np.random.Generator, frame: NDArray[np.intp], ratios: Array, plan: str = "mixed"
) -> tuple[Intended, Array]:
    """Draw the movements of frames.

    Parameters
    ----------
    frame : (n,) number of each frame within its subject; a plan of views goes through them in order.
    ratios : (n, families + 1, 2) the subjects' side ratios.
    plan : "mixed", "standard", or views by commas.

    Returns
    -------
    What is intended, and (n,) degrees by which the view has the chin up.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> draw_movements(rng, np.arange(3), draw_side_ratios(rng, 3), "standard")[0].names.tolist()
    ['rest', 'small_closed_smile', 'large_smile']
    """
    n, families = len(frame), family_of()
    if plan == "mixed":
        names = list(EVERYDAY)
        asked = [movement for _, movement in EVERYDAY.values()]
        shares = np.array([share for share, _ in EVERYDAY.values()])
        which = np.searchsorted(np.cumsum(shares / shares.sum())[:-1], rng.random(n), side="right")
    else:
        names = list(views(plan))
        asked = [STANDARD[name] for name in names]
        which = frame % len(names)
    table = np.zeros((len(names), len(MUSCLE_NAMES) + 3, 2))  # muscles, closure, jaw, chin up: low and high
    for row, movement in enumerate(asked):
        for muscle, bounds in movement.efforts.items():
            table[row, muscle_index(muscle)] = bounds
        table[row, -3:] = movement.closure, movement.jaw, movement.chin_up
    low, high = np.moveaxis(table[which], -1, 0)
    vigour = rng.random((n, 1))  # one effort for the frame, half shared by all its muscles
    columns = np.concatenate([families, len(FAMILIES) + np.arange(3)])
    share = 0.5 * vigour + 0.5 * rng.random((n, len(FAMILIES) + 3))[:, columns]
    wanted = low + share * (high - low)
    idle = np.abs(IDLE * rng.standard_normal((n, len(FAMILIES))))[:, families]
    efforts = (wanted[:, :-3] + idle)[..., None] * ratios[:, families]
    blink = IDLE * rng.standard_normal(n)
    closure = (wanted[:, -3] + blink)[:, None] * ratios[:, -1]
    intended = Intended(
        names=np.array(names)[which], efforts=efforts, closure=np.clip(closure, -0.4, MOST_CLOSURE), jaw=wanted[:, -2]
    )
    return intended, wanted[:, -1]
