"""Findings as rows: JSON Lines, CSV, and a table for the terminal."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from facialis.detection.finding import Finding
from facialis.faces.sources import display_name

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

CSV_COLUMNS = (
    "source", "frame", "time", "face", "status", "probability", "label", "reasons",
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
    """Return rows as CSV with a header; None becomes an empty field."""
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


def findings_csv(findings: Iterable[Finding]) -> str:
    """Return findings as CSV with the columns `CSV_COLUMNS`."""
    rows = (
        {**finding.row(), **(finding.row()["quality"] or {}), "reasons": "; ".join(finding.reasons)}
        for finding in findings
    )
    return csv_text(rows, CSV_COLUMNS)


def findings_table(findings: Sequence[Finding], titles: Sequence[str] | None = None) -> Table:
    """Return findings as a table for the terminal: what was judged, the answer, how probable, and why not."""
    from rich.table import Table
    from rich.text import Text

    table = Table(caption="Research use; not a medical device.", caption_justify="left")
    table.add_column("source", overflow="fold")
    table.add_column("finding", no_wrap=True)
    table.add_column("probability of palsy", no_wrap=True)
    table.add_column("why not judged", overflow="fold")
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
        bar = "" if share is None else f"{share:6.1%} {'█' * round(share * 12):·<12}"
        reasons = display_name("; ".join(finding.reasons))
        table.add_row(Text(name), Text(answer, style=style), Text(bar), Text(reasons))
    return table
