"""A study's rows beside the paper's figures: text, Markdown, LaTeX, CSV, and a table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facialis.files import write_text
from facialis.reports.tables import csv_text

if TYPE_CHECKING:
    from rich.table import Table

METRICS = {"f1": "F1", "precision": "precision", "recall": "recall"}
RESEARCH_USE = "Research use; not a medical device."


def table_rows(results: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the printed table: a dict a row, column title to text; the row's name says simulated, random weights."""
    rows = []
    for row in results["rows"]:
        paper = row["paper"] or dict.fromkeys(METRICS)
        texts = {"Row": row["name"]}
        if "error" in row:
            texts |= {"F1": "did not run"}
        else:
            texts |= {"F1": number(row["f1"]), "F1, 95 %": interval(row["f1_interval"]), "F1 moves": moves(row)}
            texts |= {"Precision": number(row["precision"]), "Recall": number(row["recall"])}
            texts |= {
                "Pooled F1": number(row["pooled"]["f1"]), "Pooled F1, 95 %": interval(row["pooled"]["f1_interval"]),
                "F1, no face is wrong": number(row["all_frames"]["f1"]),
                "p (Holm)": p_text(row),
                "Folds": str(row["n_folds"]), "Subjects": f"{row['n_patients']} + {row['n_healthy']}",
                "Frames": str(row["n_frames"]),
            }  # fmt: skip
        for metric, title in METRICS.items():
            texts[f"Paper's {title}"] = "" if paper[metric] is None else f"{paper[metric]:.2f}"
        rows.append({column: texts.get(column, "") for column in COLUMNS} | {"Notes": "; ".join(notes(row))})
    return rows


COLUMNS = (
    "Row", "F1", "F1, 95 %", "Paper's F1", "F1 moves", "Precision", "Paper's precision", "Recall", "Paper's recall",
    "Pooled F1", "Pooled F1, 95 %", "F1, no face is wrong", "p (Holm)", "Folds", "Subjects", "Frames", "Notes",
)  # fmt: skip


def write_tables(results: Mapping[str, Any], folder: Path) -> None:
    """Write ``table.txt`` (aligned), ``table.md``, ``table.tex`` and ``table.csv``."""
    rows = table_rows(results)
    write_text(folder / "table.txt", text_table(rows, results))
    write_text(folder / "table.md", markdown_table(rows, results))
    write_text(folder / "table.tex", latex_table(results))
    write_text(folder / "table.csv", csv_text(rows, list(rows[0])))


def text_table(rows: Sequence[Mapping[str, str]], results: Mapping[str, Any]) -> str:
    """Return the rows as aligned text with what the columns mean below."""
    columns = _filled(rows)
    widths = {c: max(len(c), *(len(row[c]) for row in rows)) for c in columns}
    lines = ["  ".join(text.ljust(widths[c]) for c, text in zip(columns, columns, strict=True)).rstrip()]
    lines += ["  ".join(row[c].ljust(widths[c]) for c in columns).rstrip() for row in rows]
    return "\n".join([*lines, "", *explanation(results)]) + "\n"


def markdown_table(rows: Sequence[Mapping[str, str]], results: Mapping[str, Any]) -> str:
    """Return the rows as a Markdown table."""
    columns = _filled(rows)
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += [
        "| " + " | ".join(row[c].replace("|", "\\|").replace("<", "&lt;") for c in columns) + " |" for row in rows
    ]
    return "\n".join([*lines, "", *explanation(results)]) + "\n"


def latex_table(results: Mapping[str, Any]) -> str:
    """Return the rows as a LaTeX table (packages booktabs and graphicx), ours beside the paper's."""
    paper = any(row["paper"] for row in results["rows"])
    heads = [f"{title} & paper" if paper else title for title in ("F1 (95\\,\\%)", "precision", "recall")]
    n = 2 + len(heads) * (2 if paper else 1)
    lines = [
        "\\begin{table}  % needs \\usepackage{booktabs,graphicx}",
        "\\centering", "\\resizebox{\\linewidth}{!}{%", f"\\begin{{tabular}}{{ll{'r' * (n - 2)}}}",
        "\\toprule", "modality & model & " + " & ".join(heads) + " \\\\", "\\midrule",
    ]  # fmt: skip
    for row in results["rows"]:
        cells = [_tex(row["modality"]), _tex(", ".join([row["model"], *row["flags"]]))]
        if "error" in row:
            cells.append(f"\\multicolumn{{{n - 2}}}{{l}}{{did not run: {_tex(row['error'])}}}")
        else:
            for metric in METRICS:
                value = number(row[metric])
                cells.append(f"{value} ({interval(row['f1_interval'])})" if metric == "f1" else value)
                if paper:
                    cells.append("" if not row["paper"] else f"{row['paper'][metric]:.2f}")
        lines.append(" & ".join(cells) + " \\\\")
    caption = " ".join(_tex(line) for line in explanation(results, tests=False))
    return "\n".join([*lines, "\\bottomrule", "\\end{tabular}}", f"\\caption{{{caption}}}", "\\end{table}", ""])


def terminal_table(results: Mapping[str, Any]) -> Table:
    """Return the rows as a table for the terminal; why rows did not run stands below it, once for all alike."""
    from rich.markup import escape
    from rich.table import Table

    why = list(dict.fromkeys(row["error"] for row in results["rows"] if "error" in row))
    below = [f"({k}) {error}" for k, error in enumerate(why, 1)] + explanation(results)
    table = Table(caption=escape("\n".join(below)), caption_justify="left")
    paper = any(row["paper"] for row in results["rows"])
    columns = ["row", "F1 (95 % interval)", "precision", "recall", "pooled F1", "n"]
    if paper:
        columns.insert(2, "paper's F1")
    for column in columns:
        table.add_column(column)
    for row in results["rows"]:
        theirs = [f"{row['paper']['f1']:.2f}" if row["paper"] else ""] if paper else []
        if "error" in row:
            table.add_row(escape(row["name"]), f"did not run ({why.index(row['error']) + 1})", *theirs)
            continue
        said = escape(row["name"]) + "".join(f"\n[dim]{escape(note)}[/]" for note in notes(row))
        n = f"{row['n_folds']} folds, {row['n_patients']} + {row['n_healthy']} subjects, {row['n_frames']} frames"
        spread = f"\n{moves(row)}" if moves(row) else ""
        table.add_row(
            said, f"{number(row['f1'])} ({interval(row['f1_interval'])}){spread}", *theirs, number(row["precision"]),
            number(row["recall"]), number(row["pooled"]["f1"]), n,
        )  # fmt: skip
    return table


def explanation(results: Mapping[str, Any], *, tests: bool = True) -> list[str]:
    """Return what the table's figures are, in lines; with or without what the column of the tests is."""
    split = results["split"]["name"]
    lines = [
        f"Per cent. F1, precision, recall: mean over the folds of {split} where defined; intervals: bootstrap over"
        " subjects, given the trained models. Subjects: patients + healthy."
    ]
    if tests and any(row.get("comparison") for row in results["rows"]):
        n = next(row["comparison"]["n_tests"] for row in results["rows"] if row.get("comparison"))
        many = f"{n} comparison" + ("s" if n > 1 else "")
        lines.append(f"p (Holm): F1 against early fusion of measures + RGB, paired permutation over subjects, {many}.")
    if any(row["paper"] for row in results["rows"]):
        lines.append("Paper's: arXiv 2503.10371, Table 1 (21 folds on YFP and CK+).")
    simulated = "Simulated faces: no figure of detection on patients. " if results["simulated"] else ""
    return [*lines, simulated + RESEARCH_USE]


def notes(row: Mapping[str, Any]) -> list[str]:
    """Return what must be said of a row: why it did not run, or which folds are missing from a mean."""
    if "error" in row:
        return [f"did not run: {row['error']}"]
    return [
        f"{metric} undefined in {len(folds)} of {row['n_folds']} folds ({', '.join(map(str, folds))})"
        for metric, folds in row["undefined"].items()
        if folds
    ]


def moves(row: Mapping[str, Any]) -> str:
    """Return how much the F1 moves with another seed and another split: the standard deviation."""
    parts = (f"±{number(row['seeds'][kind]['sd'])} by {kind}" for kind in ("seed", "split") if kind in row["seeds"])
    return ", ".join(parts)


def p_text(row: Mapping[str, Any]) -> str:
    """Return the adjusted p of the row's comparison, empty where there is none."""
    if not row.get("comparison"):
        return ""
    p = row["comparison"]["p_holm"]
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def number(value: float | None) -> str:
    """Return per cent with one digit, or the word undefined."""
    return "undefined" if value is None else f"{value:.1f}"


def interval(values: Sequence[float | None]) -> str:
    """Return low to high."""
    return f"{number(values[0])} to {number(values[1])}"


def _filled(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the columns that say something in some row."""
    return [column for column in rows[0] if any(row[column] for row in rows)]


def _tex(text: str) -> str:
    special = {"\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"}
    special |= {c: f"\\{c}" for c in "&%$#_{}"}
    return "".join(special.get(c, c) for c in text)
