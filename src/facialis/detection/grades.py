"""Sunnybrook, eFACE and House-Brackmann as experimental ranges: what the photos of a set leave open, never a grade.

Each item comes of a stated formula (``docs/photo-set.md``). The numbers that go in are drawn many times about what was
measured, with their stated errors, and so is the weak side where it is in doubt; an item whose view is missing, or that
landmarks cannot tell, keeps everything that it could be. A range holds 95 % of the draws.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.grade_tables import (
    AT_REST,
    DOCTORS,
    EFACE_MOVES,
    HB_EIGHTHS,
    HEALTHY,
    MOVES,
    NEVER_SEEN,
    SEVERE_ALONG,
    SUNNYBROOK_MOVES,
    Anchor,
)
from facialis.detection.millimetres import IRIS_SPREAD, SIDES
from facialis.detection.photo_set_excursions import NO_REST

Values = NDArray[np.float64]
DRAWS = 2000
SCALES = ("sunnybrook", "eface", "house_brackmann")
ENDS = {"sunnybrook": (0, 100), "eface": (0, 100), "house_brackmann": (1, 6)}
_TAIL = 0.025


@dataclass(frozen=True, eq=False)
class Item:
    """One item of a scale.

    Attributes
    ----------
    name, part : the item as records name it, and the part of its scale.
    view : the view that tells it; None where none does.
    draws : (2, n) its lowest and highest value in each draw; alike where it was measured.
    known : whether it was measured.
    """

    name: str
    part: str
    view: str | None
    draws: Values
    known: bool

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready, with the range that holds 95 % of the draws."""
        low, high = _range(self.draws)
        return {"item": self.name, "part": self.part, "view": self.view, "range": [low, high], "known": self.known}


class _Person:
    """What was measured of one person, drawn many times."""

    def __init__(self, excursions: Mapping[str, Any], side: str | None, sure: float, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.rows = {row["movement"]: row for row in excursions["views"]}
        self.rest = excursions["rest"]
        right = 0.5 if side is None else sure if side == "subject_right" else 1 - sure
        self.weak_right = self.rng.random(DRAWS) < right

    def _weak_and_other(self, numbers: Mapping[str, Any], *, by_iris: bool) -> tuple[Values, Values]:
        sides = []
        for side in SIDES:
            value, error = numbers[side]["value"], numbers[side]["error"]
            if by_iris:  # both sides and the healthy range have the same iris
                error = math.sqrt(max(error**2 - (IRIS_SPREAD * value) ** 2, 0.0))
            sides.append(self.rng.normal(value, error, DRAWS))
        right, left = sides
        return np.where(self.weak_right, right, left), np.where(self.weak_right, left, right)

    def gaps(self, items: list[Item]) -> list[str]:
        """Return the views whose photo would tell of items that are open."""
        wanted = {item.view for item in items if item.view is not None and not item.known}
        without = {view for view in wanted if view == "rest" or self.rows[view]["excursion_mm"] is None}
        noted = {self.rows[view]["note"] for view in without if view != "rest"}
        there = {view for view in without if view != "rest" and self.rows[view]["note"] == NO_REST}
        return sorted((without - there) | ({"rest"} if NO_REST in noted else set()))

    def share(self, view: str) -> Values | None:
        """Return the share (n,) of its movement that the weak side makes, 0 to 1; None where it cannot be told."""
        row = self.rows[view]
        if row["ratio"] is None or view not in MOVES:
            return None
        weak, other = self._weak_and_other(row["excursion_mm"], by_iris=True)
        ratio = np.divide(weak, other, out=np.full(DRAWS, np.inf), where=other > 0)
        return self._between(np.minimum(ratio, 10.0), MOVES[view])

    def _between(self, values: Values, anchor: Anchor) -> Values:
        share = np.clip((values - anchor.zero) / (anchor.one - anchor.zero), 0.0, 1.0)
        return np.asarray(np.clip(share + anchor.spread * self.rng.standard_normal(DRAWS), 0.0, 1.0))

    def asymmetry(self, place: str) -> Values | None:
        """Return how far the sides differ at rest (n,): 0 as in healthy people, 1 as in a complete palsy."""
        number = self.rest.get(place)
        if number is None:
            return None
        return self._between(np.abs(self.rng.normal(number["value"], number["error"], DRAWS)), AT_REST[place])

    def moved_along(self, view: str) -> Values | None:
        """Return how much more moves along on the weak side (n,): 0 within the healthy range, 1 as in severe
        synkinesis.
        """
        row = self.rows[view]
        limit = row["moved_along_limit"]
        if limit is None:
            return None
        name = "eye_narrowing" if row["eye_narrowing"] else "commissure_shift_mm"
        weak, other = self._weak_and_other(row[name], by_iris=False)
        extra = (weak - other - limit) / max(SEVERE_ALONG[name] - limit, 1e-6)
        return np.asarray(np.clip(extra, 0.0, 1.0))


def grade_ranges(
    excursions: Mapping[str, Any], side: str | None = None, side_probability: float | None = None, *, seed: int = 0
) -> dict[str, Any]:
    """Return the three scales as ranges, JSON-ready.

    Parameters
    ----------
    excursions : as `facialis.detection.photo_set_excursions.set_excursions` gives them.
    side, side_probability : the weak side as the set's finding has it; without one either side is taken as often.
    seed : of the draws.

    Returns
    -------
    By name of the scale: ``range`` of the whole, ``parts`` with a range each, ``items`` (`Item.as_dict`), ``ends`` of
    the scale, ``doctors`` (half the width of their disagreement, and its source), ``healthy`` people, ``open_views``
    that would narrow it, and ``experimental``.
    """
    person = _Person(excursions, side, 0.5 if side_probability is None else side_probability, seed)
    made = {
        "sunnybrook": _sunnybrook(person),
        "eface": _eface(person),
        "house_brackmann": _house_brackmann(person),
    }
    return {name: _as_dict(name, *scale) | {"open_views": person.gaps(scale[0])} for name, scale in made.items()}


Scale = tuple[list[Item], dict[str, Values], Values]


def _as_dict(name: str, items: list[Item], parts: Mapping[str, Values], whole: Values) -> dict[str, Any]:
    low, high, source = HEALTHY[name]
    ends = list(_range(whole))
    if name == "house_brackmann" and ends[0] == ends[1]:  # one grade is a grade alone: half of the doctors give another
        ends = [max(ends[0] - 1, ENDS[name][0]), min(ends[1] + 1, ENDS[name][1])]
    return {
        "experimental": True,
        "ends": list(ENDS[name]),
        "range": ends,
        "parts": {part: list(_range(draws)) for part, draws in parts.items()},
        "items": [item.as_dict() for item in items],
        "doctors": {"half_width": round(DOCTORS[name].half_width, 1), "source": DOCTORS[name].source},
        "healthy": {"range": [low, high], "source": source},
    }


def _item(name: str, part: str, view: str | None, ends: tuple[int, int], drawn: Values | None) -> Item:
    low, high = ends
    unknown = np.stack([np.full(DRAWS, float(low)), np.full(DRAWS, float(high))])
    return Item(name, part, view, unknown if drawn is None else np.stack([drawn, drawn]), drawn is not None)


def _range(draws: Values) -> tuple[float, float]:
    low = float(np.quantile(draws[0], _TAIL, method="lower"))
    return round(low, 1), round(float(np.quantile(draws[1], 1 - _TAIL, method="higher")), 1)


def _sum(items: list[Item], part: str) -> Values:
    return np.asarray(sum(item.draws for item in items if item.part == part))


def _mean(items: list[Item], part: str) -> Values:
    return _sum(items, part) / sum(item.part == part for item in items)


def _sunnybrook(person: _Person) -> Scale:
    """4 x movement - 5 x rest - synkinesis, between 0 and 100 (Ross 1996)."""
    items = []
    for place, name in (("eye", "rest_eye"), ("mouth", "rest_mouth")):
        off = person.asymmetry(place)
        items.append(_item(name, "rest", "rest", (0, 1), None if off is None else (off > 0.5).astype(float)))
    items.append(_item("rest_cheek", "rest", None, (0, 2), None))
    for name, view in SUNNYBROOK_MOVES.items():
        share = person.share(view)
        points = None if share is None else 1 + np.floor(4 * share + 0.5)
        items.append(_item(f"{name}_symmetry", "movement", view if view in MOVES else None, (1, 5), points))
    for name, view in SUNNYBROOK_MOVES.items():
        along = person.moved_along(view)
        items.append(
            _item(f"{name}_synkinesis", "synkinesis", view, (0, 3), None if along is None else np.ceil(3 * along))
        )
    rest, movement, synkinesis = 5 * _sum(items, "rest"), 4 * _sum(items, "movement"), _sum(items, "synkinesis")
    whole = np.clip(movement - rest[::-1] - synkinesis[::-1], 0, 100)
    return items, {"rest": rest, "movement": movement, "synkinesis": synkinesis}, whole


def _eface(person: _Person) -> Scale:
    """(static + 2 x dynamic + synkinesis) / 4, each the mean of its items between 0 and 100 (Banks 2015)."""

    def hundred(lost: Values | None) -> Values | None:
        return None if lost is None else 100 * (1 - lost)

    items = [
        _item(name, "static", "rest", (0, 100), hundred(person.asymmetry(place)))
        for name, place in (("rest_brow", "brow"), ("rest_palpebral", "eye"), ("rest_oral", "mouth"))
    ]
    for name, view in EFACE_MOVES.items():
        share = person.share(view)
        items.append(_item(name, "dynamic", view, (0, 100), None if share is None else 100 * share))
    for name, views in (
        ("ocular", ("large_smile", "pucker", "nose_wrinkle", "lower_teeth")),
        ("midfacial", ("brow_raise", "gentle_closure", "tight_closure")),
    ):
        seen = [along for view in views if (along := person.moved_along(view)) is not None]
        worst = None if not seen else np.max(seen, axis=0)
        item = _item(name, "synkinesis", views[0], (0, 100), hundred(worst))
        if len(seen) < len(views):  # what a missing view would show can only make it worse
            item = Item(item.name, item.part, item.view, item.draws * [[0.0], [1.0]], bool(seen))
        items.append(item)
    parts = ("static",) * 2 + ("dynamic",) * 2 + ("synkinesis",) * 2
    never = [name for name in NEVER_SEEN if name != "rest_cheek"]
    items += [_item(name, part, None, (0, 100), None) for name, part in zip(never, parts, strict=True)]
    means = {part: _mean(items, part) for part in ("static", "dynamic", "synkinesis")}
    return items, means, (means["static"] + 2 * means["dynamic"] + means["synkinesis"]) / 4


def _house_brackmann(person: _Person) -> Scale:
    """Brow's and mouth corner's movement in eighths, by House and Brackmann's table; an eye that closes less than half
    of the way makes it IV or worse.
    """
    grades = np.array(HB_EIGHTHS, dtype=np.float64)
    brow = _item("brow", "movement", "brow_raise", (0, 4), _quarters(person.share("brow_raise")))
    mouth = _item("mouth", "movement", "large_smile", (0, 4), _quarters(person.share("large_smile")))
    share = person.share("tight_closure")
    eye = _item("eye", "closure", "tight_closure", (0, 1), None if share is None else (share >= 0.5).astype(float))
    eighths = np.floor(brow.draws + mouth.draws + 0.5).astype(int)
    grade = grades[eighths]
    grade = np.where(eye.draws < 1, np.maximum(grade, 4), grade)
    return [brow, mouth, eye], {}, grade[::-1]


def _quarters(share: Values | None) -> Values | None:
    return None if share is None else 4 * share
