"""How well numbers repeat, as a table for the terminal and a page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from facialis import __version__
from facialis.detection.quantities import Quantities
from facialis.detection.repeatability import Repeatability
from facialis.files import write_text
from facialis.modalities.measures import MEASURES
from facialis.reports.templating import page_environment
from facialis.words import Words

if TYPE_CHECKING:
    from rich.table import Table


class Measured(NamedTuple):
    """How well numbers repeat, by what frames belong together, how many stood alone, and whether all are simulated."""

    numbers: Quantities
    found: Repeatability
    by: str
    alone: int
    simulated: bool


def repeatability_table(measured: Measured) -> Table:
    """Return the table for the terminal."""
    from rich.table import Table

    found = measured.found
    made = "simulated " if measured.simulated else ""
    table = Table(
        caption=f"{found.groups} {made}groups by {measured.by}, {found.n} frames, {found.df} degrees of freedom; "
        f"{measured.alone} frames stood alone. 95 % intervals. Research use; not a medical device.",
        caption_justify="left",
    )
    for column in ("quantity", "unit", "SEM (interval)", "SDC95", "ICC(1,1) (interval)"):
        table.add_column(column, overflow="fold")
    for k, (name, unit) in enumerate(zip(measured.numbers.names, measured.numbers.units, strict=True)):
        low, high = found.sem_interval[k]
        ends = found.icc_interval[k]
        icc = "" if not math.isfinite(found.icc[k]) else f"{found.icc[k]:.2f} ({ends[0]:.2f} to {ends[1]:.2f})"
        table.add_row(name, unit, f"{found.sem[k]:.3g} ({low:.3g} to {high:.3g})", f"{found.sdc95[k]:.3g}", icc)
    return table


def write_repeatability(path: Path | str, measured: Measured, say: Words) -> None:
    """Write `render_repeatability` as one file, atomically."""
    write_text(path, render_repeatability(measured, say))


def render_repeatability(measured: Measured, say: Words) -> str:
    """Return the page: a table each for the measures, the differences, the millimetres and the score."""
    found = measured.found
    groups: dict[str, list[dict[str, Any]]] = {}
    for k, name in enumerate(measured.numbers.names):
        groups.setdefault(_kind(name), []).append(_row(measured, k, say))
    return (
        page_environment()
        .get_template("repeatability.html")
        .render(
            say=say,
            summary=say(
                "repeatability.summary",
                groups=found.groups,
                by=measured.by,
                n=found.n,
                df=found.df,
                alone=measured.alone,
            ),
            simulated=measured.simulated,
            groups=[(say(f"repeatability.{kind}"), rows) for kind, rows in groups.items()],
            version=__version__,
        )
    )


def _kind(name: str) -> str:
    if name in {entry.name for entry in MEASURES}:
        return "measures"
    if name.startswith("difference "):
        return "differences"
    return "score" if name == "log_odds" else "millimetres"


def _row(measured: Measured, k: int, say: Words) -> dict[str, Any]:
    found = measured.found
    sem = float(found.sem[k])
    decimals = min(max(2 - math.floor(math.log10(sem)) - 1, 0), 5) if sem > 0 else 2

    def said(value: float) -> str:
        return say.number(float(value), decimals)

    icc = ""
    if math.isfinite(found.icc[k]):
        low, high = (say.number(float(end), 2) for end in found.icc_interval[k])
        icc = f"{say.number(float(found.icc[k]), 2)} ({low} … {high})"
    low_sem, high_sem = (said(end) for end in found.sem_interval[k])
    return {
        "name": measured.numbers.names[k].removeprefix("difference ").replace("_", " "),
        "unit": "" if measured.numbers.units[k] == "1" else measured.numbers.units[k],
        "mean": said(found.mean[k]),
        "sem": f"{said(sem)} ({low_sem} … {high_sem})",
        "sdc95": said(found.sdc95[k]),
        "icc": icc,
    }
