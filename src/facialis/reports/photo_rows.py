"""The numbers of a one-photo report as rows: probability, regions, lengths, measures, each with its error and bar."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.detection.finding import Finding, Number, sigmoid
from facialis.detection.millimetres import DEVIATIONS, LENGTHS, SIDES
from facialis.modalities.asymmetry import is_signed, without_sign
from facialis.modalities.measures import MEASURES
from facialis.reports.drawing import range_bar
from facialis.words import Words
from facialis.words.known import translated

Z = 1.96
"""Half of a 95 % interval, standard deviations."""
MOST_MEASURES = 6
_DECIMALS = {"deg": 1, "slope": 3}


def log_odds(share: float) -> float:
    """Return the log odds of a share strictly between 0 and 1."""
    return math.log(share / (1 - share))


def at_prevalence(share: float, prevalence: float) -> float:
    """Return a probability at even odds as it is where palsy is as probable beforehand as `prevalence`."""
    return share if share in (0.0, 1.0) else sigmoid(log_odds(share) + log_odds(prevalence))


def share_text(share: float, say: Words) -> str:
    """Return a share in whole per cent, its ends as "< 1" and "> 99": no model is that sure."""
    if share < 0.005:
        return f"< {say.percent(0.01)}"
    return f"> {say.percent(0.99)}" if share > 0.995 else say.percent(share)


def ratio_text(ratio: float, say: Words) -> str:
    """Return a likelihood ratio with two figures that count, between 0.01 and 100."""
    if ratio < 0.01:
        return f"< {say.number(0.01, 2)}"
    if ratio > 100:
        return "> 100"
    return say.number(ratio, 2 if ratio < 1 else 1 if ratio < 10 else 0)


def probability_row(finding: Finding, bundle: Bundle, say: Words) -> dict[str, Any]:
    """Return the probability's scale: the mark, its interval, the threshold and the zone of the uncertain, per cent."""
    assert finding.probability is not None
    assert finding.logit is not None
    low, high = finding.interval or (finding.probability, finding.probability)
    prior = finding.prevalence
    threshold, *zone = (at_prevalence(p, prior) for p in (bundle.card.threshold, *bundle.card.uncertain))
    half = Z * (finding.logit_error or 0.0)
    ends = {"low": share_text(low, say), "high": share_text(high, say)}
    share = share_text(finding.probability, say)
    called = share_text(threshold, say)
    between = {"low": share_text(zone[0], say), "high": share_text(zone[1], say)}
    return {
        "at": round(100 * finding.probability, 1),
        "ends": (round(100 * low, 1), round(100 * high, 1)),
        "threshold": round(100 * threshold, 1),
        "zone": [round(100 * end, 1) for end in zone],
        "lines": [
            say("report.probability", share=share, prior=say.percent(prior), **ends),
            say(
                "report.ratio",
                ratio=ratio_text(math.exp(finding.logit), say),
                low=ratio_text(math.exp(finding.logit - half), say),
                high=ratio_text(math.exp(finding.logit + half), say),
            ),
        ],
        "uncertain": say("report.uncertain_note", **between) if finding.uncertain else "",
        "scale": say("report.scale_called", threshold=called, **between),
        "alt": say("report.alt_probability", share=share, threshold=called, **ends),
    }


def interval_of(log_odds_: float, error: float | None) -> tuple[float, float]:
    """Return the 95 % interval of a probability from its log odds and their error."""
    half = Z * (error or 0.0)
    return sigmoid(log_odds_ - half), sigmoid(log_odds_ + half)


def region_rows(finding: Finding, errors: Mapping[str, NDArray[np.float64]], say: Words) -> list[dict[str, Any]]:
    """Return a row a region: how probably palsy moves it visibly; empty where the model does not tell."""
    rows = []
    for number, (name, share) in enumerate((finding.regions or {}).items()):
        error = float(errors["regions"][number]) if "regions" in errors else None
        low, high = interval_of(log_odds(min(max(share, 1e-9), 1 - 1e-9)), error)
        texts = {"share": share_text(share, say), "low": share_text(low, say), "high": share_text(high, say)}
        region = say(f"region.{name}")
        rows.append(
            {
                "name": region,
                "share": texts["share"],
                "range": say("report.range", low=texts["low"], high=texts["high"]),
                "at": round(100 * share, 1),
                "ends": (round(100 * low, 1), round(100 * high, 1)),
                "alt": say("report.alt_region", region=region, **texts),
            }
        )
    return rows


def length_rows(finding: Finding, say: Words) -> list[dict[str, Any]]:
    """Return the lengths in mm: both sides, right less left, the healthy range and a bar with right on image left."""
    table = (finding.numbers or {}).get("millimetres", {})
    rows = []
    for name in (*LENGTHS, *DEVIATIONS) if table else ():
        number = table[name] if name in table else table[f"{name}_difference"]
        called = say(f"report.length_name.{name}")
        value, error = say.number(number.value, 1), say.number(number.error, 1)
        row: dict[str, Any] = {
            "name": called,
            "sides": [_with_error(table.get(f"{name}_{side}"), say) for side in SIDES],
            "difference": _signed(number, say),
            "limit": "",
            "bar": None,
            "alt": say("report.alt_length_open", name=called, value=value, error=error),
        }
        if number.reference is not None:
            limit = number.reference[1]
            # right is drawn to image left, as it lies in the picture
            bar = range_bar(-number.value, number.error, -limit, limit)
            reading = say(f"report.{bar.reading}")
            text = say.number(limit, 1)
            alt = say("report.alt_length", name=called, value=value, error=error, limit=text, reading=reading)
            row |= {"limit": f"± {text}", "bar": bar, "reading": reading, "alt": alt}
        rows.append(row)
    return rows


def outside_names(rows: list[dict[str, Any]]) -> list[str]:
    """Return the names of the lengths that lie outside their healthy range by more than their error."""
    return [row["name"] for row in rows if row["bar"] is not None and row["bar"].reading == "outside"]


def measure_rows(finding: Finding, bundle: Bundle, say: Words, most: int | None = None) -> list[dict[str, Any]]:
    """Return the 29 measures, those that move the finding most first where that is known."""
    numbers = (finding.numbers or {}).get("measures")
    if finding.measures is None or numbers is None:
        return []
    definition = bundle.card.input["definition"]
    sizes, signed = without_sign(finding.measures, definition), is_signed(definition)
    pulls = finding.effects
    order = range(len(MEASURES)) if pulls is None else np.argsort(-np.abs(pulls), kind="stable").tolist()
    strongest = 1.0 if pulls is None else max(float(np.abs(pulls).max()), 1e-9)
    rows = []
    for i in list(order)[:most]:
        entry, number = MEASURES[i], numbers[MEASURES[i].name]
        decimals, unit = _DECIMALS.get(entry.unit, 2), "°" if entry.unit == "deg" else ""
        called = say(f"report.measure_name.{entry.name}")
        value = say.number(float(sizes[i]), decimals) + unit
        error = say.number(number.error, decimals) + unit
        row: dict[str, Any] = {
            "number": i,
            "name": called,
            "region": say("report.whole_face" if entry.region == "whole_face" else f"region.{entry.region}"),
            "here": f"{value} ± {error}",
            "healthy": "",
            "bar": None,
            "alt": called,
            "pull": None if pulls is None else pull_bar(called, float(pulls[i]), strongest, say),
        }
        if number.reference is not None:
            low, high = number.reference
            # of a measure with a sign the reference knows the size: its range begins at none
            bar = range_bar(float(sizes[i]), number.error, -high if signed[i] else low, high)
            ends = {"low": say.number(low, decimals) + unit, "high": say.number(high, decimals) + unit}
            reading = say(f"report.{bar.reading}")
            alt = say("report.alt_measure", name=called, value=value, error=error, reading=reading, **ends)
            row |= {"healthy": say("report.range", **ends), "bar": bar, "reading": reading, "alt": alt}
        rows.append(row)
    return rows


def pull_bar(name: str, value: float, strongest: float, say: Words) -> dict[str, Any]:
    """Return a bar about zero, -50 to 50, in units of the strongest of its kind."""
    text = ("+" if value > 0 else "") + say.number(value, 2)
    return {"name": name, "to": round(48 * value / strongest, 1), "text": text,
            "alt": say("report.alt_pull", name=name, value=text)}  # fmt: skip


def reference_words(bundle: Bundle, say: Words) -> dict[str, Any]:
    """Return how many healthy faces the ranges are of, and what faces: simulated where they are."""
    return {"n": bundle.card.reference["n"], "of": translated(str(bundle.card.reference["of"]), say)}


def _with_error(number: Number | None, say: Words) -> str:
    return "" if number is None else f"{say.number(number.value, 1)} ± {say.number(number.error, 1)}"


def _signed(number: Number, say: Words) -> str:
    value = say.number(number.value, 1)
    return (
        f"{'+' if number.value > 0 and float(value.replace(',', '.')) else ''}{value} ± {say.number(number.error, 1)}"
    )
