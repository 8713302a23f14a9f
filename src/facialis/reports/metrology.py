"""What each measure gets back of what is put in: CSV, a table for the terminal, and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from facialis.cohorts.simulated.metrology import Recovery
from facialis.reports.tables import csv_text

if TYPE_CHECKING:
    from rich.table import Table

COLUMNS = ("measure", "region", "unit", "n", "portraits", "put_in", "got_back", "gain", "scatter")
ACROSS = 6


def rows(found: Sequence[Recovery]) -> list[dict[str, object]]:
    """Return a row a measure; `put_in` is the median size of the change, `got_back` the gain times it."""
    table = []
    for one in found:
        middle = float(np.median(np.abs(one.put_in)))
        numbers = {"put_in": middle, "got_back": one.gain * middle, "gain": one.gain, "scatter": one.scatter}
        table.append(
            {"measure": one.name, "region": one.region, "unit": one.unit, "n": one.n, "portraits": one.portraits}
            | {key: None if np.isnan(value) else float(f"{value:.4g}") for key, value in numbers.items()}
        )
    return table


def metrology_csv(found: Sequence[Recovery]) -> str:
    """Return the rows as CSV with the columns `COLUMNS`."""
    return csv_text(rows(found), COLUMNS)


def metrology_table(found: Sequence[Recovery]) -> Table:
    """Return the rows as a table for the terminal."""
    from rich.table import Table

    caption = (
        "Simulated changes of real portraits; scatter: standard deviation of what is got back about the gain; no gain: "
        "the changes were too small to tell."
    )
    table = Table(caption=caption, caption_justify="left")
    for column in ("measure", "unit", "n", "put in (median)", "got back", "gain", "scatter"):
        table.add_column(column, justify="left" if column in ("measure", "unit") else "right", no_wrap=True)
    for row in rows(found):
        numbers = ("" if row[key] is None else f"{row[key]:.3g}" for key in ("put_in", "got_back", "gain", "scatter"))
        table.add_row(str(row["measure"]), str(row["unit"]), str(row["n"]), *numbers)
    return table


def metrology_plot(found: Sequence[Recovery], path: Path, portraits: Sequence[str]) -> None:
    """Write a PNG: for each measure what was put in (across) and got back (up), with the line of the gain."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    down = -(-len(found) // ACROSS)
    figure = Figure(figsize=(2.9 * ACROSS, 2.6 * down), layout="constrained")
    FigureCanvasAgg(figure)
    grid = figure.subplots(down, ACROSS, squeeze=False)
    for axes in grid.flat[len(found) :]:
        axes.set_axis_off()
    for axes, one in zip(grid.flat, found, strict=False):
        end = 1.05 * float(np.abs(one.put_in).max())
        axes.axhline(0.0, color="0.85", linewidth=0.8)
        axes.plot([-end, end], [-end, end], color="0.6", linewidth=0.8, linestyle="--")
        told = "" if np.isnan(one.gain) else f", gain {one.gain:.2f}"
        axes.plot([-end, end], [-one.gain * end, one.gain * end], color="tab:red", linewidth=1.2)
        axes.scatter(one.put_in, one.got_back, s=5, alpha=0.4, color="tab:blue", linewidths=0)
        axes.set_xlim(-end, end)
        axes.set_ylim(-1.3 * end, 1.3 * end)
        axes.set_title(f"{one.name}\n{one.unit}{told}, n {one.n}", fontsize=7)
        axes.tick_params(labelsize=6)
    names = ", ".join(portraits[:6]) + (" ..." if len(portraits) > 6 else "")
    figure.suptitle(
        f"Put in (across) and got back (up) through the landmarker; red: gain, dashed: all of it. Portraits: {names}",
        fontsize=10,
    )
    figure.savefig(path, format="png", dpi=100)
