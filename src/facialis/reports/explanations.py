"""An explanation as words and bars for the terminal, and as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from facialis.detection.explain import Explanation
from facialis.detection.finding import Finding
from facialis.faces.sources import display_name
from facialis.words import Words, words

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

STRONGEST = 8
"""Measures that are shown."""
_HALF = 12
"""Signs of a bar on either side of its middle."""


def explanation_row(finding: Finding, explanation: Explanation | None, reason: str = "") -> dict[str, Any]:
    """Return a finding's explanation as one JSON-ready object, or why there is none."""
    about = {
        "source": finding.source,
        "face": finding.face_number,
        "status": finding.status,
        "label": finding.label,
        "probability": None if finding.probability is None else round(finding.probability, 6),
        "model": finding.model,
        "explained": explanation is not None,
        "reason": reason or None,
    }
    return about | ({} if explanation is None else explanation.as_dict())


def explanation_line(finding: Finding, explanation: Explanation | None, reason: str = "") -> str:
    """Return `explanation_row` as one line of JSON in ASCII."""
    return json.dumps(explanation_row(finding, explanation, reason), ensure_ascii=True, allow_nan=False)


def region_name(name: str, text: Words) -> str:
    """Return what a region, or what stands beside the regions as one share, is called."""
    return text(f"region.{name}") if f"region.{name}" in text.texts else text(f"explain.{name}")


def measure_name(name: str, text: Words) -> str:
    """Return what a measure, or what stands beside the measures as one share, is called."""
    key = f"report.measure_name.{name}"
    return text(key) if key in text.texts else text(f"explain.{name}")


def counterfactual_words(explanation: Explanation, text: Words) -> str | None:
    """Return the smallest correction in a sentence; None where there is none."""
    found = explanation.counterfactual
    if found is None:
        return None
    return text(
        "explain.counterfactual",
        regions=", ".join(text(f"region.{region}") for region in found.regions),
        share=text.percent(found.share),
        largest=text.number(found.largest_mm, 1),
        mean=text.number(found.mean_mm, 2),
    )


def explanation_view(finding: Finding, explanation: Explanation, language: str = "en") -> RenderableType:
    """Return an explanation for the terminal: the finding, shares as bars, sentences, the correction, notes."""
    from rich.console import Group
    from rich.text import Text

    text = words(language)
    label = text("sheet.label_palsy" if finding.label == "palsy" else "sheet.label_none")
    if finding.uncertain:
        label += f", {text('sheet.uncertain')}"
    source = display_name(finding.source) + ("" if finding.face_number is None else f" ({finding.face_number})")
    lines: list[RenderableType] = [Text(text("explain.title", source=source, label=label), style="bold")]
    if finding.probability is not None and finding.interval is not None:
        low, high = (text.percent(end, 1) for end in finding.interval)
        share = text.percent(finding.probability, 1)
        lines.append(Text(text("explain.probability", share=share, low=low, high=high)))
    numbers = {
        key: text.number(value, 2)
        for key, value in (("logit", explanation.logit), ("reference_logit", explanation.reference_logit))
    }
    lines.append(Text(text("explain.against", reference=explanation.reference, **numbers)))
    shares = explanation.shares
    largest = max(abs(share) for kind in shares.values() for share in kind.values()) or 1.0
    measures = sorted(shares["measures"].items(), key=lambda one: -abs(one[1]))[:STRONGEST]
    lines.append(_bars("regions", shares["regions"].items(), region_name, explanation, text, largest))
    if len([share for share in shares["branches"].values() if share]) > 1:
        lines.append(_bars("branches", shares["branches"].items(), region_name, explanation, text, largest))
    lines.append(_bars("measures", measures, measure_name, explanation, text, largest))
    said = [*explanation.sentences, counterfactual_words(explanation, text)]
    lines += [Text(f"- {sentence}") for sentence in said if sentence]
    lines += [Text(f"- {note}", style="dim") for note in explanation.notes]
    lines.append(Text(f"{text('notice.research')} {text('notice.no_diagnosis')}", style="dim"))
    return Group(*lines, "")


def _bars(
    kind: str,
    shares: Iterable[tuple[str, float]],
    name_of: Any,
    explanation: Explanation,
    text: Words,
    largest: float,
) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(text(f"explain.{kind}_table"), min_width=34, max_width=54)
    table.add_column(text("explain.share"), justify="right", no_wrap=True)
    errors: Mapping[str, float] | None = None if explanation.errors is None else explanation.errors[kind]
    if errors is not None:
        table.add_column(text("explain.noise"), justify="right", no_wrap=True)
    table.add_column(text("explain.bar"), no_wrap=True)
    noise = explanation.within_noise(kind)
    for name, share in shares:
        width = round(_HALF * abs(share) / largest)
        sign = "░" if name in noise else "█"
        left = sign * width if share < 0 else ""
        right = sign * width if share > 0 else ""
        styles = ("dim", "dim") if name in noise else ("cyan", "yellow")
        bar = Text(f"{left:>{_HALF}}", style=styles[0]) + Text("│") + Text(f"{right:<{_HALF}}", style=styles[1])
        number = text.number(share, 2)
        row = [Text(name_of(name, text)), Text(number if share < 0 else f"+{number}")]
        if errors is not None:
            row.append(Text(text.number(errors[name], 2)))
        table.add_row(*row, bar)
    return table
