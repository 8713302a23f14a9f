"""What an audit of explanations found: rows, a table for the terminal, and a page with its curves."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facialis import __version__
from facialis.detection.attribution_methods import CONTROLS
from facialis.detection.bundle import Bundle
from facialis.detection.explanation_checks import LIMITS, SENTENCES, Audit, Checked
from facialis.files import write_text
from facialis.reports.study_figures import OURS, SOFT, THEIRS, svg_picture
from facialis.reports.templating import page_environment

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from rich.table import Table

NOTICE = "Research use; not a medical device."
_COLOURS = {"shapley": OURS, "one at a time": THEIRS, "gradient": "#3a7d44", "distance": "#8a5a9e"}
_MEANING = {
    "random weights": "rank correlation of the shares with those of the same net with its weights in random order",
    "random weights, sizes": "the same of the shares' sizes; told, not judged",
    "shuffled labels": "rank correlation of the shares of a net trained on the labels with those of its like "
    "trained on shuffled labels",
    "trained again": "the same of two nets trained on the labels; told, not judged",
    "deletion": "log odds by which the curve lies lower than in random order while the largest shares go first",
    "insertion": "log odds by which the curve lies higher than in random order while the largest shares come first",
    "pointing game": "share of simulated palsies whose most moved region has the largest share, mean over the regions",
    "stability": "rank correlation of the shares of a face with those of its noisy copies",
    "weak side": "share of simulated palsies with a sentence on the brow or the mouth corner that names the weak side",
}


def audit_rows(found: Audit) -> list[dict[str, Any]]:
    """Return a JSON-ready row for each method and check."""
    return [
        {
            "method": one.method,
            "check": one.check,
            "figure": round(one.figure, 4),
            "low": round(one.low, 4),
            "high": round(one.high, 4),
            "n": one.n,
            "subjects": one.subjects,
            "limit": one.limit or None,
            "passed": one.passed,
            "simulated": found.simulated,
        }
        for one in found.results
    ]


def verdict(one: Checked) -> str:
    """Return a check's verdict as a word."""
    return "told" if one.passed is None else "passed" if one.passed else "failed"


def audit_table(found: Audit) -> Table:
    """Return the rows as a table for the terminal."""
    from rich.table import Table
    from rich.text import Text

    kind = "simulated " if found.simulated else ""
    table = Table(
        caption=f"{found.n} {kind}faces of {found.subjects} {kind}subjects; 95 % interval over subjects. {NOTICE}",
        caption_justify="left",
    )
    for column in ("method", "check", "figure", "95 %", "n", "limit", "verdict"):
        table.add_column(column, no_wrap=True, justify="right" if column in ("figure", "n") else "left")
    styles = {"passed": "cyan", "failed": "bold yellow", "told": "dim"}
    before = ""
    for one in found.results:
        name = _title(one.method) if one.method != before else ""
        before = one.method
        word = verdict(one)
        interval = f"{one.low:.3f} to {one.high:.3f}"
        table.add_row(
            name,
            one.check,
            f"{one.figure:.3f}",
            interval,
            str(one.n),
            one.limit,
            Text(word, style=styles[word]),
        )
    return table


def write_audit(path: Path | str, found: Audit, bundle: Bundle, cohort: str) -> None:
    """Write the audit as one self-contained page; atomically.

    Raises
    ------
    FacialisError
        The file cannot be written.
    """
    write_text(path, render_audit(found, bundle, cohort))


def render_audit(found: Audit, bundle: Bundle, cohort: str) -> str:
    """Return the page as text."""
    shown = [one for one in found.results if one.method != SENTENCES]
    checks = [check for check in LIMITS if any(one.check == check for one in shown)]
    limits = {one.check: one.limit for one in found.results}
    cells = {(one.method, one.check): one for one in found.results}
    plots = [
        {
            "title": f"{name.capitalize()}: mean log odds while measures "
            + ("go to the reference" if name == "deletion" else "come back to the face"),
            "image": svg_picture(lambda axes, name=name: _curves(axes, found, name), size=(4.2, 3.0)),  # type: ignore[misc]
            "alt": _described(found, name),
        }
        for name in found.curves
    ]
    return (
        page_environment()
        .get_template("explanation_audit.html")
        .render(
            found=found,
            methods=[(name, _title(name)) for name in dict.fromkeys(one.method for one in shown)],
            sentences=[one for one in found.results if one.method == SENTENCES],
            meanings=_MEANING,
            checks=[(check, _MEANING[check], limits[check]) for check in checks],
            cells=cells,
            verdict=verdict,
            verdicts=found.passed(),
            controls=CONTROLS,
            plots=plots,
            bundle=bundle,
            cohort=cohort,
            notice=NOTICE,
            version=__version__,
            today=datetime.date.today().isoformat(),
        )
    )


def _title(method: str) -> str:
    return f"{method} (control)" if method in CONTROLS else method


def _curves(axes: Axes, found: Audit, name: str) -> None:
    for method, odds in found.curves[name].items():
        control = method == "random order"
        if method == "random":
            continue
        colour, style = (SOFT, "--") if control else (_COLOURS.get(method, "0.3"), "-")
        axes.plot(np.arange(len(odds)), odds, style, color=colour, linewidth=1.4, label=method)
    axes.set_xlabel("measures " + ("taken away" if name == "deletion" else "put in"))
    axes.set_ylabel("log odds of palsy")
    axes.grid(color="0.92", linewidth=0.6)
    axes.legend(frameon=False, fontsize=7)


def _described(found: Audit, name: str) -> str:
    half = {method: odds[len(odds) // 6] for method, odds in found.curves[name].items() if method != "random"}
    return (
        f"{name} curve after {len(next(iter(found.curves[name].values()))) // 6} of 29 measures, log odds: "
        + ", ".join(f"{method} {value:.2f}" for method, value in half.items())
    )
