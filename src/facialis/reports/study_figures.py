"""A study's plots, as SVG pictures that stand inside a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS, THEIRS, SOFT = "#1c5d99", "#b4500b", "#8a949e"
_STYLE: Any = {
    "font.size": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": SOFT,
    "svg.fonttype": "none",
    "svg.hashsalt": "facialis",
}


def panels(row: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return a row's plots: what each shows, and the picture as a data address."""
    curves, calibration = row["curves"], row["calibration"]
    found = [{"title": "Each fold", "image": svg_picture(lambda axes: _folds(axes, row["folds"]))}]
    if curves["roc"]:
        area = _area(curves["auc"], curves["auc_interval"])
        found.append({"title": f"ROC, area {area}", "image": svg_picture(lambda a: _roc(a, curves["roc"]))})
        area = _area(curves["average_precision"], curves["average_precision_interval"])
        found.append(
            {"title": f"Precision and recall, area {area}", "image": svg_picture(lambda a: _pr(a, curves["pr"]))}
        )
    said = f"Reliability, ECE {calibration['ece']:.3f}, Brier {calibration['brier']:.3f}"
    found.append({"title": said, "image": svg_picture(lambda axes: _reliability(axes, calibration["reliability"]))})
    if curves["decision"]:
        found.append({"title": "Decision curve", "image": svg_picture(lambda a: _decision(a, curves["decision"]))})
    return found


def overview(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return one picture of all rows: F1 with its interval, and the paper's."""

    def draw(axes: Axes) -> None:
        for k, row in enumerate(rows):
            title = f"{row['modality']}: {row['model']}"
            axes.text(0, k - 0.22, title if len(title) < 84 else title[:82] + "...", fontsize=7.5, va="bottom")
            if row.get("f1") is not None:
                low, high = row["f1_interval"]
                axes.plot([low, high], [k, k], color=OURS, linewidth=1.6)
                axes.plot(row["f1"], k, "o", color=OURS, markersize=5)
            if row["paper"]:
                axes.plot(row["paper"]["f1"], k, "D", color=THEIRS, markersize=4, fillstyle="none")
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_ylim(len(rows) - 0.5, -0.9)
        axes.set_xlim(0, 102)
        axes.set_xlabel("F1, mean over folds, per cent")
        axes.grid(axis="x", color="0.9", linewidth=0.7)

    return svg_picture(draw, size=(4.8, 0.7 + 0.4 * len(rows)))


def svg_picture(draw: Callable[[Axes], None], size: tuple[float, float] = (3.1, 2.5)) -> str:
    """Return what `draw` draws as an SVG picture in a data address; `size` in inches."""
    return svg_grid(lambda grid: draw(grid[0]), 1, size)


def svg_grid(draw: Callable[[list[Axes]], None], rows: int, size: tuple[float, float]) -> str:
    """Return what `draw` draws into axes below each other, over one abscissa, as an SVG picture in a data address."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        draw(list(figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]))
        file = io.BytesIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return "data:image/svg+xml;base64," + base64.b64encode(file.getvalue()).decode()


def _folds(axes: Axes, folds: Sequence[Mapping[str, Any]]) -> None:
    from matplotlib.ticker import MaxNLocator

    for metric, mark, colour in (("f1", "o", OURS), ("precision", "^", THEIRS), ("recall", "v", SOFT)):
        known = [(k, fold[metric]) for k, fold in enumerate(folds) if fold[metric] is not None]
        if known:
            label = "F1" if metric == "f1" else metric
            axes.plot(*zip(*known, strict=True), mark, color=colour, markersize=4, alpha=0.8, label=label)
    axes.set(xlabel="fold", ylabel="per cent", ylim=(-5, 105), xlim=(-0.5, len(folds) - 0.5))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if axes.lines:
        axes.legend(frameon=False, fontsize=7, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1), handletextpad=0.1)


def _line(axes: Axes, curve: Mapping[str, Sequence[float | None]], step: bool = False) -> None:
    x, y, low, high = ([float("nan") if v is None else v for v in curve[name]] for name in ("x", "y", "low", "high"))
    axes.fill_between(x, low, high, color=OURS, alpha=0.2, linewidth=0, step="pre" if step else None)
    axes.plot(x, y, color=OURS, linewidth=1.4, drawstyle="steps-pre" if step else "default")


def _roc(axes: Axes, curve: Mapping[str, Any]) -> None:
    axes.plot([0, 1], [0, 1], "--", color=SOFT, linewidth=0.8)
    _line(axes, curve)
    axes.set(xlabel="healthy frames called palsy", ylabel="palsy frames found", xlim=(0, 1), ylim=(0, 1.02))


def _pr(axes: Axes, curve: Mapping[str, Any]) -> None:
    _line(axes, curve, step=True)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))


def _reliability(axes: Axes, bins: Sequence[Mapping[str, float]]) -> None:
    axes.plot([0, 1], [0, 1], "--", color=SOFT, linewidth=0.8)
    most = max(b["n"] for b in bins)
    axes.plot([b["stated"] for b in bins], [b["found"] for b in bins], color=OURS, linewidth=1.0)
    axes.scatter(
        [b["stated"] for b in bins], [b["found"] for b in bins], s=[8 + 40 * b["n"] / most for b in bins],
        color=OURS, alpha=0.7, linewidths=0, clip_on=False, zorder=3,
    )  # fmt: skip
    axes.set(xlabel="stated probability", ylabel="share with palsy", xlim=(0, 1), ylim=(0, 1.02))


def _decision(axes: Axes, curve: Mapping[str, Any]) -> None:
    axes.axhline(0, color=SOFT, linewidth=0.8)
    axes.plot(curve["x"], curve["treat_all"], ":", color=THEIRS, linewidth=1.2, label="call all palsy")
    _line(axes, curve)
    top = max(v for v in [*curve["high"], *curve["y"], 0.1] if v is not None)
    axes.set(xlabel="threshold probability", ylabel="net benefit", xlim=(0, 1), ylim=(-0.25 * top, 1.08 * top))
    axes.legend(frameon=False, fontsize=7)


def _area(value: float, limits: Sequence[float | None]) -> str:
    low, high = limits
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} ({low:.2f} to {high:.2f})"
