"""The plots of an answer to a question, as SVG pictures that stand inside a page."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from facialis.reports.study_figures import OURS, SOFT, THEIRS, svg_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (OURS, THEIRS, "#3c7a3f", "#7a3c78", "#8a6d00", "#4f5b66")
_MARKS = "os^Dvx"
_WIDE = 34


class Drawn(NamedTuple):
    """A plot: its title, what it shows for those who do not see it, and the picture as a data address."""

    title: str
    alt: str
    image: str


def drawn(answer: Mapping[str, Any]) -> list[Drawn]:
    """Return the plots of an answer; where it has none, a picture of its figures with their intervals.

    Parameters
    ----------
    answer
        What `facialis.studies.questions.question.Answer.as_dict` returns.
    """
    if answer["plots"]:
        return [_curves(plot) for plot in answer["plots"]]
    metrics = dict.fromkeys(row["figure"] for row in answer["figures"] if row["value"] is not None)
    return [_forest(metric, [r for r in answer["figures"] if r["figure"] == metric]) for metric in metrics]


def chance(metric: str) -> float | None:
    """Return what guessing would reach, where the metric's name tells it.

    Examples
    --------
    >>> chance("AUC, pooled"), chance("F1, pooled, %")
    (0.5, None)
    """
    return 0.5 if metric.startswith("AUC") else 0.0 if metric.startswith("difference") else None


def _forest(metric: str, rows: Sequence[Mapping[str, Any]]) -> Drawn:
    known = [row for row in rows if row["value"] is not None]
    titles = ["\n".join(textwrap.wrap(row["what"], _WIDE)) for row in known]
    heights = [0.24 + 0.13 * title.count("\n") for title in titles]
    line = chance(metric)

    def draw(axes: Axes) -> None:
        if line is not None:
            axes.axvline(line, color=SOFT, linewidth=1.0, linestyle="--")
        for k, row in enumerate(known):
            colour = THEIRS if row["beside"] else OURS
            if row["low"] is not None and row["high"] is not None:
                axes.plot([row["low"], row["high"]], [k, k], color=colour, linewidth=1.8)
            axes.plot(row["value"], k, "D" if row["beside"] else "o", color=colour, markersize=5)
        axes.set_yticks(range(len(known)), titles)
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(known) - 0.4, -0.6)
        low, high = _ends(metric, known)
        axes.set_xlim(low, high)
        axes.set_xlabel(metric + (f" (dashed: {'chance' if line else 'none'})" if line is not None else ""))
        axes.grid(axis="x", color="0.9", linewidth=0.7)

    beside = "; orange: what they are held against" if any(row["beside"] for row in known) else ""
    told = "; ".join(f"{row['what']} {row['value']:.3g}" for row in known)
    return Drawn(f"{metric}, with 95 % intervals{beside}", f"{metric} of each row: {told}",
                 svg_picture(draw, size=(6.2, 0.75 + sum(heights))))  # fmt: skip


def _ends(metric: str, rows: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Return the ends of the axis: a share's whole range, of others what the rows take up."""
    if metric.startswith("AUC"):
        return -0.02, 1.02
    values = [row[key] for row in rows for key in ("value", "low", "high") if row[key] is not None]
    if metric.endswith("%"):
        return -2, 102
    low, high = min([0.0, *values]), max([0.0, *values])
    room = 0.05 * (high - low or 1.0)
    return low - room, high + room


def _curves(plot: Mapping[str, Any]) -> Drawn:
    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        for k, curve in enumerate(plot["curves"]):
            colour = _COLOURS[k % len(_COLOURS)]
            axes.fill_between(curve["x"], curve["low"], curve["high"], color=colour, alpha=0.15, linewidth=0)
            mark = _MARKS[k % len(_MARKS)]
            axes.plot(
                curve["x"], curve["y"], marker=mark, markersize=4, color=colour, linewidth=1.5, label=curve["name"]
            )
        axes.set(xlabel=plot["x_axis"], ylabel=plot["y_axis"])
        if plot["y_axis"].endswith("%"):
            axes.set_ylim(-2, 102)
        elif (line := chance(plot["y_axis"])) is not None:
            axes.axhline(line, color=SOFT, linewidth=1.0, linestyle="--")
        if all(float(x).is_integer() for curve in plot["curves"] for x in curve["x"]):
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(color="0.9", linewidth=0.7)
        if plot["curves"]:
            axes.legend(frameon=False, fontsize=7.5, loc="best")

    told = "; ".join(
        f"{c['name']} goes from {c['y'][0]:.3g} at {c['x'][0]:g} to {c['y'][-1]:.3g} at {c['x'][-1]:g}"
        for c in plot["curves"]
        if c["x"]
    )
    alt = f"{plot['y_axis']} against {plot['x_axis']}: {told or 'no point'}"
    return Drawn(f"{plot['title']}, with 95 % bands", alt, svg_picture(draw, size=(6.2, 3.4)))
