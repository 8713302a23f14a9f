"""Which fusion of measures and RGB, on the same folds?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.tables import NOTHING_SAID, made_of, row_figure, told
from facialis.studies.recipes import load_recipes
from facialis.studies.results import REFERENCE
from facialis.studies.study import run_study


def ask(asking: Asking) -> Answer:
    """Run every fusion on the same folds; each is compared with early fusion."""
    recipes = load_recipes("fusions", asking.overrides)
    rows = run_study(asking.cohort, recipes, asking.out / "study", keep_going=True, **asking.run)["rows"]
    return compared("fusion", "Every fusion of measures and RGB on the same folds", asking, rows, "early fusion")


def compared(
    name: str, title: str, asking: Asking, rows: Sequence[Mapping[str, Any]], reference: str,
    named: Mapping[str, str] | None = None,
) -> Answer:  # fmt: skip
    """Return the answer of rows that are compared with the row `REFERENCE`: the best, and what the tests say of it.

    `named` says what to call each recipe, where not by its own name.
    """
    called = {row["recipe"]: (named or {}).get(row["recipe"], row["recipe"]) for row in rows}
    figures = [
        row_figure(called[row["recipe"]], row, asking.out / "study", _comparison(row, reference)) for row in rows
    ]
    weights = next((row["weights"] for row in rows if row["weights"]), None)
    known = [(figure.value, -i) for i, figure in enumerate(figures) if figure.value is not None]
    start = made_of(asking, weights)
    sentences = [f"{start}no row has a figure."]
    if known:
        best = -max(known)[1]
        sentences = [f"{start}the best is {figures[best].what}, F1 {told(figures[best])}."]
        sentences += [f"{start}{_verdict(rows, figures, best, reference)}"]
    mute = [figure.what for figure in figures if NOTHING_SAID in figure.note]
    if mute:
        sentences.append(
            f"{start}in most folds one class is all that is answered, so that {NOTHING_SAID} of {', '.join(mute)}."
        )
    sentences += [f"{figure.what} could not run: {figure.note}" for figure in figures if figure.n_frames == 0]
    return Answer(name, title, sentences, figures, asking.cohort.simulated, weights)


def _comparison(row: Mapping[str, Any], reference: str) -> str:
    found = row.get("comparison")
    if not found:
        return ""
    more = "difference undefined" if found["difference"] is None else f"{found['difference']:+.1f} points"
    return f"{more} against {reference}, Holm-corrected p {found['p_holm']:.3g} of {found['n_tests']} paired tests"


def _verdict(rows: Sequence[Mapping[str, Any]], figures: Sequence[Figure], best: int, reference: str) -> str:
    """Return what sets the best apart: from the reference by its test, from the others by their intervals."""
    mine, others = figures[best], [f for i, f in enumerate(figures) if i != best and f.value is not None]
    if mine.low is None or not others:
        return "there is nothing to compare it with."
    over = [figure.what for figure in others if figure.high is not None and figure.high >= mine.low]
    told_over = f"its interval overlaps with {len(over)} of the {len(others)} others'"
    if "comparison" in rows[best]:
        p = rows[best]["comparison"]["p_holm"]
        verdict = "it differs" if p < 0.05 else "no difference is shown"
        return f"{told_over}, and {verdict} from {reference} (paired test over subjects, Holm-corrected p {p:.3g})."
    tested = [row["comparison"]["p_holm"] for row in rows if "comparison" in row]
    if rows[best]["recipe"] != REFERENCE or not tested:
        return f"{told_over}; {reference} gave no row to test against."
    n_worse = sum(p < 0.05 for p in tested)
    return f"{told_over}; {n_worse} of {len(tested)} differ from it (paired tests over subjects, Holm-corrected)."
