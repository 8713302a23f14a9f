"""The numbers of a one-photo report as rows: probability, regions, lengths, measures, each with its error and bar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.detection.finding import Finding
from facialis.detection.millimetres import DEVIATIONS, LENGTHS, SIDES
from facialis.detection.number import Number
from facialis.detection.odds import sigmoid
from facialis.modalities.asymmetry import is_signed, without_sign
from facialis.modalities.measures import MEASURES, Measure
from facialis.modalities.regions import REGIONS
from facialis.reports.drawing import range_bar
from facialis.words import Words
from facialis.words.known import translated

if TYPE_CHECKING:
    from facialis.detection.explain import Explanation

Z = 1.96
"""Half of a 95 % interval, standard deviations."""
_PLUS_MINUS = "±\N{NO-BREAK SPACE}"
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


def with_range(texts: Iterable[str], say: Words, key: str = "report.with_range") -> str:
    """Return a number with the ends of its interval, the three `texts`; alone where they read the same."""
    value, low, high = texts
    return value if value == low == high else say(key, value=value, low=low, high=high)


def probability_row(finding: Finding, bundle: Bundle, say: Words) -> dict[str, Any]:
    """Return the probability's scale: the mark, its interval, the threshold and the zone of the uncertain, per cent."""
    assert finding.probability is not None
    assert finding.logit is not None
    low, high = finding.interval or (finding.probability, finding.probability)
    prior = finding.prevalence
    threshold, *zone = (at_prevalence(p, prior) for p in (bundle.card.threshold, *bundle.card.uncertain))
    half = Z * (finding.logit_error or 0.0)
    share = with_range((share_text(p, say) for p in (finding.probability, low, high)), say)
    ratio = with_range((ratio_text(math.exp(finding.logit + step), say) for step in (0.0, -half, half)), say)
    called = share_text(threshold, say)
    between = {"low": share_text(zone[0], say), "high": share_text(zone[1], say)}
    return {
        "at": round(100 * finding.probability, 1),
        "ends": (round(100 * low, 1), round(100 * high, 1)),
        "threshold": round(100 * threshold, 1),
        "zone": [round(100 * end, 1) for end in zone],
        "lines": [
            say("report.probability", share=share, prior=say.percent(prior)),
            say("report.ratio", ratio=ratio),
        ],
        "uncertain": say("report.uncertain_note", **between) if finding.uncertain else "",
        "scale": say("report.scale_called", threshold=called, **between),
        "alt": say("report.alt_probability", share=share, threshold=called),
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
        text, region = with_range((share_text(p, say) for p in (share, low, high)), say), say(f"region.{name}")
        rows.append(
            {
                "name": region,
                "text": text,
                "at": round(100 * share, 1),
                "ends": (round(100 * low, 1), round(100 * high, 1)),
                "alt": say("report.alt_region", region=region, share=text),
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
            row |= {"limit": _PLUS_MINUS + text, "bar": bar, "reading": reading, "alt": alt}
        rows.append(row)
    return rows


def measure_rows(finding: Finding, bundle: Bundle, explanation: Explanation | None, say: Words) -> list[dict[str, Any]]:
    """Return the 29 measures, those first that move the finding most where that is known."""
    numbers = (finding.numbers or {}).get("measures")
    if finding.measures is None or numbers is None:
        return []
    definition = bundle.card.input["definition"]
    sizes, signed = without_sign(finding.measures, definition), is_signed(definition)
    pulls = {} if explanation is None else pull_rows(explanation, "measures", _measure_names(say), say)
    order = sorted(MEASURES, key=lambda entry: -abs(pulls[entry.name]["to"]) if pulls else entry.number)
    rows = []
    for entry in order:
        number, size = numbers[entry.name], float(sizes[entry.number])
        decimals, unit = _DECIMALS.get(entry.unit, 2), "°" if entry.unit == "deg" else ""
        called = say(f"report.measure_name.{entry.name}")
        value, error = say.number(size, decimals) + unit, say.number(number.error, decimals) + unit
        row: dict[str, Any] = {
            "name": called,
            "region": say("report.whole_face" if entry.region == "whole_face" else f"region.{entry.region}"),
            "here": f"{value} {_PLUS_MINUS}{error}",
            "healthy": "",
            "bar": None,
            "pull": pulls.get(entry.name),
        }
        if number.reference is not None:
            low, high = number.reference
            bar = range_bar(size, number.error, *_about_symmetry(low, high, signed[entry.number], entry, definition))
            ends = {"low": say.number(low, decimals) + unit, "high": say.number(high, decimals) + unit}
            reading = say(f"report.{bar.reading}")
            alt = say("report.alt_measure", name=called, value=value, error=error, reading=reading, **ends)
            row |= {"healthy": say("report.range", **ends), "bar": bar, "alt": alt}
        rows.append(row)
    return rows


def _about_symmetry(low: float, high: float, signed: bool, entry: Measure, definition: str) -> tuple[float, float]:
    """Return a measure's healthy range laid about its value on a symmetric face: nobody is too symmetric."""
    middle = 0.0 if signed else entry.symmetric[definition]
    if middle is None:
        return low, high
    half = max(abs(low - middle), abs(high - middle))
    return middle - half, middle + half


def _measure_names(say: Words) -> dict[str, str]:
    return {entry.name: say(f"report.measure_name.{entry.name}") for entry in MEASURES}


def region_names(say: Words) -> dict[str, str]:
    """Return what regions, and branches that stand among them, are called."""
    names = {name: say(f"region.{name}") for name in REGIONS}
    return names | {name: say(f"explain.{name}") for name in ("whole_face", "pairs", "picture")}


def pull_rows(explanation: Explanation, kind: str, names: Mapping[str, str], say: Words) -> dict[str, dict[str, Any]]:
    """Return a bar about zero for each share of a kind, -50 to 50, in units of the largest."""
    shares = explanation.shares[kind]
    errors = None if explanation.errors is None else explanation.errors[kind]
    noise = explanation.within_noise(kind)
    largest = max(max(abs(share) for share in shares.values()), 1e-9)
    rows = {}
    for name, share in shares.items():
        called = names.get(name, say(f"explain.{name}") if name in ("pairs", "picture") else name)
        text = ("+" if share > 0 else "") + say.number(share, 2)
        text += "" if errors is None else f" {_PLUS_MINUS}{say.number(errors[name], 2)}"
        text = f"({text})" if name in noise else text
        rows[name] = {
            "name": called,
            "to": round(48 * share / largest, 1),
            "text": text,
            "alt": say("report.alt_pull", name=called, value=text),
        }
    return rows


def reference_words(bundle: Bundle, say: Words) -> dict[str, Any]:
    """Return how many healthy faces the ranges are of, and what faces: simulated where they are."""
    return {"n": bundle.card.reference["n"], "of": translated(str(bundle.card.reference["of"]), say)}


def _with_error(number: Number | None, say: Words) -> str:
    return "" if number is None else f"{say.number(number.value, 1)} {_PLUS_MINUS}{say.number(number.error, 1)}"


def _signed(number: Number, say: Words) -> str:
    value = say.number(number.value, 1)
    return (
        f"{'+' if number.value > 0 and float(value.replace(',', '.')) else ''}{value} ± {say.number(number.error, 1)}"
    )
