"""Findings as rows: JSON Lines, CSV, and a table for the terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from facialis.detection.finding import Finding
from facialis.faces.sources import display_name
from facialis.files import plain_cell

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from facialis.detection.card import Card

CSV_COLUMNS = (
    "source", "frame", "time", "face", "status", "probability", "probability_low", "probability_high", "prevalence",
    "likelihood_ratio", "label", "uncertain", "side", "side_probability", "brow", "eye", "nose_cheek", "mouth",
    "severity", "reasons", "forced", "looked_twice",
    "interocular_px", "yaw", "pitch", "roll", "model", "version",
)  # fmt: skip


def console() -> Console:
    """Return a console for tables; where standard output is no terminal, tables are 120 columns wide."""
    from rich.console import Console

    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=120)


def json_line(finding: Finding) -> str:
    """Return a finding as one line of JSON in ASCII: names that are not UTF-8 survive as escapes."""
    return json.dumps(finding.row(), ensure_ascii=True, allow_nan=False)


def csv_text(rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> str:
    """Return rows as CSV with a header; None becomes an empty field, and no text a formula (`plain_cell`)."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: plain_cell(value) for column, value in row.items()} for row in rows)
    return file.getvalue()


def findings_csv(findings: Iterable[Finding]) -> str:
    """Return findings as CSV with the columns `CSV_COLUMNS`."""
    return csv_text((_flat(finding) for finding in findings), CSV_COLUMNS)


def _flat(finding: Finding) -> dict[str, Any]:
    row = finding.row()
    low, high = row["probability_interval"] or (None, None)
    ends = {"probability_low": low, "probability_high": high, "reasons": "; ".join(finding.reasons)}
    return row | ends | (row["quality"] or {}) | (row["regions"] or {})


def findings_table(findings: Sequence[Finding], card: Card, titles: Sequence[str] | None = None) -> Table:
    """Return findings as a table for the terminal: what was judged, the answer, how probable, and why not.

    Parameters
    ----------
    card : of the bundle that judged: its thresholds stand below the table.
    titles : in place of the findings' sources.
    """
    from rich.table import Table
    from rich.text import Text

    low, high = card.uncertain
    lines = f"{card.name}: palsy from {card.threshold:.0%} at even odds, uncertain from {low:.0%} to {high:.0%}"
    table = Table(caption=f"{lines}\nResearch use; not a medical device.", caption_justify="left")
    table.add_column("source", overflow="fold")
    table.add_column("finding", no_wrap=True)
    table.add_column("probability of palsy", no_wrap=True)
    table.add_column("side, regions", overflow="fold")
    table.add_column("reasons", overflow="fold")
    for finding, title in zip(findings, titles or [finding.source for finding in findings], strict=True):
        name = display_name(title)
        if finding.frame is not None:
            name += f", frame {finding.frame}"
        if finding.face_number is not None:
            name += f", face {finding.face_number}"
        palsy = finding.label == "palsy"
        answer = finding.label or ("abstained" if finding.status == "abstained" else "error")
        style = "bold yellow" if palsy else "bold cyan" if finding.label else "red" if answer == "error" else "dim"
        share = finding.probability
        bar = "" if share is None else f"{share:6.1%} {'█' * round(share * 8):·<8}"
        if finding.interval is not None:
            bar += " {:.1%}-{:.1%}".format(*finding.interval)
        reasons = display_name("; ".join(finding.reasons))
        said = f"uncertain, rather {answer}" if finding.uncertain else answer
        table.add_row(Text(name), Text(said, style=style), Text(bar), Text(_where(finding)), Text(reasons))
    return table


def _where(finding: Finding) -> str:
    """Return the side, and the regions that are more probable than not, as words."""
    if finding.side is None:
        return ""
    regions = [name.replace("_", " and ") for name, p in (finding.regions or {}).items() if p >= 0.5]
    words = finding.side.replace("subject_", "subject's ")
    sure = finding.side_probability
    if sure is not None:
        words = f"{words} ({sure:.0%})" if sure >= 0.75 else f"side not told ({words} {sure:.0%})"
    return f"{words}: {', '.join(regions)}" if regions else words
