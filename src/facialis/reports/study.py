"""A study as one self-contained page: the rows beside the paper's, plots, each fold, and what the figures rest on."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from facialis import __version__
from facialis.files import write_text
from facialis.reports import study_tables as tables
from facialis.reports.checklists import FOR_THE_AUTHORS, checklists
from facialis.reports.study_figures import overview, panels
from facialis.reports.templating import page_environment
from facialis.reports.wrong_frames import Wrong


def write_study(
    results: Mapping[str, Any], folder: Path | str, *, command: str = "", wrong: Sequence[Wrong] = ()
) -> None:
    """Write the tables (text, Markdown, LaTeX, CSV) and ``report.html``.

    Parameters
    ----------
    results
        What `facialis.studies.study.run_study` returned, the content of ``results.json``.
    command
        The command line that made them, for the page.
    wrong
        Typical errors (`facialis.reports.wrong_frames.wrong_frames`), to be drawn.

    Raises
    ------
    FacialisError
        A file cannot be written.
    """
    folder = Path(folder)
    tables.write_tables(results, folder)
    write_text(folder / "report.html", render_study(results, command=command, wrong=wrong))


def render_study(results: Mapping[str, Any], *, command: str = "", wrong: Sequence[Wrong] = ()) -> str:
    """Return the page as text."""
    environment = page_environment()
    environment.filters |= {"number": tables.number, "interval": tables.interval, "p": _p, "bar": _bar}
    ran = [row for row in results["rows"] if "error" not in row]
    return environment.get_template("study.html").render(
        results=results,
        ran=ran,
        paper=any(row["paper"] for row in results["rows"]),
        alike=len({tuple(row[f"n_{n}"] for n in ("folds", "patients", "healthy", "frames")) for row in ran}) == 1,
        leaning=[row for row in ran if row.get("leans_on")],
        compared=[row for row in ran if row.get("comparison")],
        moved=any(row["seeds"] for row in ran),
        unusable=any(row["all_frames"]["n_unusable"] for row in ran),
        overview=overview(results["rows"]),
        panels={row["recipe"]: panels(row) for row in ran},
        notes=tables.notes,
        moves=tables.moves,
        explanation=tables.explanation(results, tests=False),
        notice=tables.RESEARCH_USE,
        checklists=checklists(results),
        blank=FOR_THE_AUTHORS,
        wrong={recipe: [w for w in wrong if w.recipe == recipe] for recipe in dict.fromkeys(w.recipe for w in wrong)},
        settings={name: json.dumps(value, indent=1) for name, value in results["recipes"].items()},
        version=__version__,
        today=datetime.date.today().isoformat(),
        command=command,
    )


def _bar(part: Mapping[str, Any], parts: Sequence[Mapping[str, Any]]) -> Markup:
    """Return a part's share in patients' frames as a bar about zero, with its interval, in units of the largest."""
    largest = max(abs(end) for other in parts for end in other["patient_interval"]) or 1.0
    share, low, high = (50 + 48 * value / largest for value in (part["patient"], *part["patient_interval"]))
    start, width = min(50.0, share), abs(share - 50)
    return Markup(
        f'<svg viewBox="0 0 100 10" class="share" role="img" aria-label="{part["patient"]:+.2f}">'
        f'<path d="M50 0V10" class="zero"/><rect x="{start:.1f}" y="2" width="{width:.1f}" height="6"/>'
        f'<path d="M{low:.1f} 5H{high:.1f}" class="whisker"/></svg>'
    )


def _p(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"
