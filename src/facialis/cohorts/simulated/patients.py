"""Who has which palsy: kinds, extents, severities and grades, a clinic's mix of them, and recovery over days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.simulated.muscles import BRANCHES, SIDES, unknown
from facialis.cohorts.simulated.palsy import KINDS, Palsy
from facialis.errors import CohortError
from facialis.faces.fields import Array

GRADES: tuple[tuple[str, float, float], ...] = (
    ("near_normal", 0.10, 0.20),
    ("mild", 0.30, 0.40),
    ("moderate", 0.50, 0.60),
    ("severe", 0.75, 0.875),
    ("complete", 1.00, 1.00),
)
"""Grade, its typical severity, and the severity up to which it reaches; 0 is "normal"."""

EXTENTS: dict[str, tuple[float, ...]] = {
    "whole": (1.0, 1.0, 1.0, 1.0, 1.0),
    "upper": (1.0, 0.6, 0.0, 0.0, 0.0),
    "lower": (0.0, 0.8, 1.0, 1.0, 1.0),
    **{name: tuple(float(name == other) for other in BRANCHES) for name in BRANCHES},
}
"""Which of `BRANCHES` a palsy weakens, as factors of its severity: the whole nerve, a half, a single branch."""
CENTRAL = (0.05, 0.3, 1.0, 1.0, 0.7)
"""The same for a palsy of central origin: the forehead is driven from both halves of the brain, the eye mostly."""

BRANCH_SPREAD = (0.35, 0.35, 0.25, 0.25, 0.25)
"""Standard deviation of the logarithm of each branch's weakness about its severity."""
SYNKINETIC = (1.4, 0.65, 1.0, 1.0, 1.0)
"""What the branches lose in a synkinetic palsy, as factors of its severity: the eye closes again before the mouth
moves well, and the forehead comes back last."""


@dataclass(frozen=True)
class Clinic:
    """Which patients come, and how they are photographed.

    Attributes
    ----------
    kinds : share of each of `KINDS`.
    extents : share of each of `EXTENTS`, but for central palsies.
    even_grades : the five grades alike, instead of severities Beta(1.6, 1.2) of which 12 % have recovered to a quarter.
    frontal : heads straight before the camera, as in a photo set, instead of everyday photos.
    """

    kinds: tuple[float, float, float] = (0.56, 0.38, 0.06)
    extents: tuple[float, ...] = (0.62, 0.03, 0.27, 0.01, 0.01, 0.02, 0.03, 0.01)
    even_grades: bool = False
    frontal: bool = False


EVERYDAY = Clinic()
PHOTO_SETS = Clinic(
    kinds=(0.5, 0.5, 0.0), extents=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), even_grades=True, frontal=True
)
"""As in a standard set of photos: flaccid and synkinetic palsies of the whole nerve, each grade as often."""


def grade_of(severity: float) -> str:
    """Return the grade of a severity from 0 to 1, as `GRADES` maps them.

    Examples
    --------
    >>> [grade_of(s) for s in (0.0, 0.1, 0.3, 0.55, 0.8, 1.0)]
    ['normal', 'near_normal', 'mild', 'moderate', 'severe', 'complete']
    """
    check_severity(severity)
    if severity == 0.0:
        return "normal"
    return next(name for name, _, upper in GRADES if severity <= upper)


def severity_of(grade: str) -> float:
    """Return the typical severity of a grade; `CohortError` naming the nearest if there is none of that name."""
    table = {"normal": 0.0, **{name: typical for name, typical, _ in GRADES}}
    if grade not in table:
        raise CohortError(unknown("grade", grade, tuple(table)))
    return table[grade]


def check_severity(severity: float) -> None:
    """Raise `CohortError` unless the severity is a number from 0 to 1."""
    if not 0.0 <= severity <= 1.0:
        raise CohortError(f"severity is {severity!r}; expected a number from 0 (none) to 1 (complete)")


def make_palsy(side: str, severity: float | str, *, kind: str = "flaccid", extent: str = "whole", n: int = 1) -> Palsy:
    """Return the typical palsy of `n` faces: no chance in it.

    Parameters
    ----------
    side : "subject_right" or "subject_left".
    severity : 0 to 1, or a grade.
    kind : one of `KINDS`.
    extent : one of `EXTENTS`; a central palsy has its own.

    Raises
    ------
    CohortError
        A name is unknown (the message names the nearest), or `severity` is out of range.

    Examples
    --------
    >>> make_palsy("subject_left", "severe", extent="buccal").branches
    array([[0.  , 0.  , 0.75, 0.  , 0.  ]])
    """
    for what, name, names in (
        ("side", side, SIDES),
        ("kind of palsy", kind, KINDS),
        ("extent", extent, tuple(EXTENTS)),
    ):
        if name not in names:
            raise CohortError(unknown(what, name, names))
    value = severity_of(severity) if isinstance(severity, str) else float(severity)
    check_severity(value)
    sides = np.full(n, SIDES.index(side), dtype=np.intp)
    middle = np.full((n, 4), 0.5)
    return _palsy(
        sides, np.full(n, KINDS.index(kind)), np.full(n, extent), np.full(n, value), np.ones((n, 5)), middle, 0.0
    )


def draw_palsies(rng: np.random.Generator, n: int, clinic: Clinic = EVERYDAY) -> tuple[Palsy, NDArray[np.str_]]:
    """Draw the palsies of `n` subjects of a clinic, and their extents (n,).

    Examples
    --------
    >>> palsy, _ = draw_palsies(np.random.default_rng(0), 1000)
    >>> bool(0.4 < palsy.severity.mean() < 0.6)
    True
    """
    side = rng.integers(0, 2, n).astype(np.intp)
    kind = _choose(rng, clinic.kinds, n)
    extent = np.array(list(EXTENTS))[_choose(rng, clinic.extents, n)]
    extent = np.where(kind == KINDS.index("central"), "lower", extent)
    if clinic.even_grades:
        typical = np.array([middle for _, middle, _ in GRADES])
        severity = np.clip(typical[rng.integers(0, len(GRADES), n)] + rng.normal(0.0, 0.03, n), 0.02, 1.0)
    else:
        severity = rng.beta(1.6, 1.2, n) * np.where(rng.random(n) < 0.12, 0.25, 1.0)
    spread = np.exp(np.array(BRANCH_SPREAD) * rng.standard_normal((n, len(BRANCHES))))
    return _palsy(side, kind, extent, severity, spread, rng.random((n, 4)), rng.standard_normal(n)), extent


def _choose(rng: np.random.Generator, shares: tuple[float, ...], n: int) -> NDArray[np.intp]:
    total = np.cumsum(np.array(shares) / sum(shares))
    return np.searchsorted(total[:-1], rng.random(n), side="right")


def _palsy(
    side: NDArray[np.intp],
    kind: NDArray[np.intp],
    extent: NDArray[np.str_],
    severity: Array,
    spread: Array,
    uniform: Array,
    normal: Array | float,
) -> Palsy:
    synkinetic, central = kind == KINDS.index("synkinetic"), kind == KINDS.index("central")
    factors = np.where(central[:, None], np.array(CENTRAL), np.array([EXTENTS[name] for name in extent]))
    factors = factors * np.where(synkinetic[:, None], np.array(SYNKINETIC), 1.0)
    branches = np.clip(severity[:, None] * factors * spread, 0.0, 1.0)
    eye = 0.4 * branches[:, 0] + 0.6 * branches[:, 1]
    drawn_up = np.stack([-1.0 + 2.0 * uniform[:, 0], np.full(len(side), -0.35), -1.1 + 1.3 * uniform[:, 3]], axis=1)
    tone = np.where(synkinetic[:, None], drawn_up, np.where(central, 0.7, 1.0)[:, None])
    wider, narrower = 0.10 + 0.12 * np.asarray(normal), -(0.1 + 0.4 * uniform[:, 1])
    return Palsy(
        side=side,
        kind=np.array(KINDS)[kind],
        severity=severity,
        branches=branches,
        tone=tone,
        eye_opening=np.where(synkinetic, narrower, wider) * eye,
        synkinesis=np.where(synkinetic, np.minimum(2.0 * severity * (0.7 + 0.6 * uniform[:, 2]), 1.6), 0.0),
    )


def recovery(days: Array, first: float, final: float = 0.0, half_days: float = 30.0) -> Array:
    """Return the severity (n,) at `days` (n,) after the onset of a palsy of severity `first`.

    ``final + (first - final) / (1 + (days / half_days)**2)``: half of what will come back is back after `half_days`,
    nine tenths after three times as long. Most people with Bell's palsy recover within one to three months.

    Raises
    ------
    CohortError
        A severity is not within 0 to 1, `half_days` is not positive, or a day lies before the onset.

    Examples
    --------
    >>> recovery(np.array([0.0, 30.0, 90.0]), first=0.8).round(2).tolist()
    [0.8, 0.4, 0.08]
    """
    check_severity(first)
    check_severity(final)
    days = np.asarray(days, dtype=np.float64)
    if half_days <= 0 or (days < 0).any():
        raise CohortError("recovery is asked for a day before the onset, or within no time; expected days from 0 on")
    return np.asarray(final + (first - final) / (1.0 + (days / half_days) ** 2))
