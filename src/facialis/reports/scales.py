"""What a clinician's grading scales leave open after a set of views, drawn as ranges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from facialis.detection.grade_tables import ROMAN
from facialis.words import Words


def scale_parts(name: str, scale: Mapping[str, Any], record: Mapping[str, Any] | None, say: Words) -> dict[str, Any]:
    """Return a scale's bar and its items.

    Parameters
    ----------
    scale : what `facialis.detection.grades` says of it.
    record : a clinician's, None where there is none.
    """
    roman = name == "house_brackmann"
    first, last = scale["ends"]

    def at(value: float) -> float:
        return float(round(100 * (min(max(value, first), last) - first) / (last - first), 2))

    def said(value: float) -> str:
        return ROMAN[round(value) - 1] if roman else say.number(value, 0)

    low, high = scale["range"]
    half = scale["doctors"]["half_width"]
    score = None if record is None else record["score"]
    lines = [say("sheet.best_worst", best=said(first if roman else last), worst=said(last if roman else first))]
    if record is not None:
        lines.append(say("sheet.doctor_open") if score is None else say("sheet.doctor_score", score=said(score)))
    if scale["open_views"]:
        lines.append(say("sheet.open_views", views=", ".join(say(f"view.{view}") for view in scale["open_views"])))
    source = scale["doctors"]["source"]
    lines.append(
        say("sheet.doctors_grade", source=source + ".")
        if roman
        else say("sheet.doctors", half=say.number(half, 0), source=source + ".")
    )
    if scale["healthy"]["source"]:
        lines.append(say("sheet.healthy_people", source=scale["healthy"]["source"]))
    centre = score if score is not None else first + half
    return {
        "name": say(f"sheet.{name}"),
        "range": say("sheet.range", low=said(low), high=said(high)),
        "bar": (at(low), at(high)),
        "ticks": [(at(v), said(v)) for v in (range(first, last + 1) if roman else range(first, last + 1, 20))],
        "healthy": None if roman else tuple(at(end) for end in scale["healthy"]["range"]),
        "doctors": (at(centre - half), at(centre + half)),
        "score": None if score is None else at(score),
        "alt": say(
            "sheet.alt_scale",
            scale=say(f"sheet.{name}"),
            low=said(low),
            high=said(high),
            first=said(first),
            last=said(last),
        ),
        "lines": lines,
        "items": [_item(item, record, say) for item in scale["items"]],
        "items_title": say("sheet.items_of", scale=say(f"sheet.{name}")),
        "recorded": record is not None,
    }


def _item(item: Mapping[str, Any], record: Mapping[str, Any] | None, say: Words) -> dict[str, str]:
    low, high = item["range"]
    scored = None if record is None else record["items"].get(item["item"])
    gap = say("sheet.not_seen" if item["view"] is None else "sheet.in_gap")
    return {
        "name": say(f"sheet.item_name.{item['item']}"),
        "range": say.number(low, 0)
        if low == high
        else say("sheet.range", low=say.number(low, 0), high=say.number(high, 0)),
        "from": say(f"view.{item['view']}") if item["known"] else gap,
        "doctor": "" if scored is None else say.number(scored, 0),
    }
