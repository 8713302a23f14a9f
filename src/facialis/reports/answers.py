"""An answer to a question about a study: a table for the terminal, and one self-contained page."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facialis import __version__
from facialis.files import write_text
from facialis.reports.answer_figures import drawn
from facialis.reports.study_tables import RESEARCH_USE
from facialis.reports.templating import page_environment

if TYPE_CHECKING:
    from rich.table import Table

_ROWS = 12


def write_answer(answer: Mapping[str, Any], folder: Path | str, *, question: str, made: Mapping[str, object]) -> Path:
    """Write an answer as ``report.html`` into a folder and return the file.

    Parameters
    ----------
    answer
        What `facialis.studies.questions.question.Answer.as_dict` returns.
    question
        The question in one sentence.
    made
        What the page says of how the answer was made: command, cohort, split, seed.

    Raises
    ------
    FacialisError
        The file cannot be written.
    """
    path = Path(folder) / "report.html"
    write_text(path, render_answer(answer, question=question, made=made))
    return path


def render_answer(answer: Mapping[str, Any], *, question: str, made: Mapping[str, object]) -> str:
    """Return the page as text."""
    environment = page_environment()
    environment.filters |= {"digits": digits, "cell": cell}
    return environment.get_template("answer.html").render(
        answer=answer,
        question=question,
        flags=flags(answer),
        plots=drawn(answer),
        noted=any(row["note"] for row in answer["figures"]),
        metrics=list(dict.fromkeys(row["figure"] for row in answer["figures"])),
        notice=RESEARCH_USE,
        version=__version__,
        today=datetime.date.today().isoformat(),
        made=made,
    )


def answer_table(answer: Mapping[str, Any]) -> Table:
    """Return the figures of an answer as a table for the terminal."""
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=", ".join([answer["title"], *flags(answer)]), title_justify="left")
    for column in ("", "figure", "value", "95 % interval", "subjects", "frames", "note"):
        table.add_column(column)
    for row in answer["figures"]:
        value, low, high = (digits(row[key], row["figure"]) for key in ("value", "low", "high"))
        interval = "" if row["value"] is None else f"{low} to {high}"
        table.add_row(
            escape(row["what"]), row["figure"], value, interval, str(row["n_subjects"]),
            str(row["n_frames"]), escape(row["note"]),
        )  # fmt: skip
    return table


def sheet_tables(answer: Mapping[str, Any]) -> list[Table]:
    """Return the sheets of an answer as tables for the terminal, the first rows of each."""
    from rich.markup import escape
    from rich.table import Table

    tables = []
    for title, rows in answer["sheets"].items():
        if rows:
            more = f"and {len(rows) - _ROWS} more: see the page" if len(rows) > _ROWS else None
            table = Table(*rows[0], title=title, title_justify="left", caption=more, caption_justify="left")
            for row in rows[:_ROWS]:
                table.add_row(*(escape(cell(value)) for value in row.values()))
            tables.append(table)
    return tables


def flags(answer: Mapping[str, Any]) -> list[str]:
    """Return what must be said wherever the answer's figures stand: simulated faces, random weights."""
    known = (("simulated", answer["simulated"]), ("random weights", answer["weights"] == "random"))
    return [flag for flag, on in known if on]


def digits(value: float | None, figure: str) -> str:
    """Return a figure as text: per cents with one digit after the point, others with two.

    Examples
    --------
    >>> digits(61.26, "F1, pooled, %"), digits(0.7, "AUC, pooled"), digits(None, "AUC, pooled")
    ('61.3', '0.70', '?')
    """
    return "?" if value is None else f"{value:.1f}" if "%" in figure else f"{value:.2f}"


def cell(value: object) -> str:
    """Return a cell of a sheet as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.3g}" if isinstance(value, float) else "" if value is None else str(value)
