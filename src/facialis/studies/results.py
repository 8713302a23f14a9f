"""Figures of a study's rows, as they go into ``results.json`` and the printed table. In per cent."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from facialis.files import write_text
from facialis.models.encoders import ENCODERS, Encoder
from facialis.studies.metrics import METRICS, Score, summarise
from facialis.studies.recipes import Recipe


def row_facts(
    recipe: Recipe,
    table: pd.DataFrame,
    encoder: Encoder | None,
    *,
    simulated: bool,
    n_portraits: int,
    seed: int,
    n_bootstrap: int,
) -> dict[str, Any]:
    """Return a row's figures from its predictions, in per cent; None where undefined.

    ``f1``, ``precision`` and ``recall`` are the paper's means over folds, with ``*_interval``; ``undefined`` names the
    folds left out of each mean; ``pooled`` has the figures of all predictions together. ``scores`` are the folds'.
    """
    patients = table["group"] == "patient"
    summary = summarise(
        table["fold"],
        table["subject_id"].astype(str),
        patients,
        table["label"],
        table["predicted"],
        seed=seed,
        n_bootstrap=n_bootstrap,
    )
    weights = encoder.weights.kind if encoder is not None else None
    title = recipe.model_title.replace("{encoder}", ENCODERS[recipe.image.encoder].title)
    known = (
        ("random weights", weights == "random"),
        ("one portrait: tests the code, not generalisation", recipe.uses_image and n_portraits == 1),
        ("simulated", simulated),
    )
    flags = [flag for flag, on in known if on]
    return {
        "recipe": recipe.name,
        "name": ", ".join([f"{recipe.modality_title}: {title}", *flags]),
        "modality": recipe.modality_title,
        "model": title,
        "simulated": simulated,
        "weights": weights,
        **{metric: percent(getattr(summary.mean, metric)) for metric in METRICS},
        **{f"{metric}_interval": _percents(summary.intervals[metric]) for metric in METRICS},
        "undefined": {metric: list(folds) for metric, folds in summary.undefined.items()},
        "pooled": {
            **{metric: percent(getattr(summary.pooled, metric)) for metric in METRICS},
            **{f"{metric}_interval": _percents(summary.pooled_intervals[metric]) for metric in METRICS},
        },
        "n_folds": len(summary.folds),
        "n_subjects": int(table["subject_id"].nunique()),
        "n_patients": int(table.loc[patients, "subject_id"].nunique()),
        "n_healthy": int(table.loc[~patients, "subject_id"].nunique()),
        "n_frames": int(table["frame_id"].nunique()),
        "scores": summary.folds,
    }


def fold_facts(table: pd.DataFrame, scores: Sequence[Score], n_train: Sequence[int]) -> list[dict[str, Any]]:
    """Return each fold's figures and who was held out in it."""
    facts = []
    for number, part in table.groupby("fold"):
        score = scores[int(str(number))]
        facts.append(
            {
                **{metric: percent(getattr(score, metric)) for metric in METRICS},
                "palsy_subjects": _subjects(part, "patient"),
                "healthy_subjects": _subjects(part, "healthy"),
                "n_train": n_train[int(str(number))],
                "n_test": len(part),
                "threshold": float(part["threshold"].iloc[0]),
            }
        )
    return facts


def table_rows(results: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the printed table: a dict a row, column title to text; the row's name says simulated, random weights."""
    rows = []
    for row in results["rows"]:
        notes = [
            f"{metric} undefined in {len(folds)} of {row['n_folds']} folds ({', '.join(map(str, folds))})"
            for metric, folds in row["undefined"].items()
            if folds
        ]
        rows.append(
            {
                "Row": row["name"],
                "F1": _text(row["f1"]),
                "F1, 95 %": _range(row["f1_interval"]),
                "Precision": _text(row["precision"]),
                "Recall": _text(row["recall"]),
                "Pooled F1": _text(row["pooled"]["f1"]),
                "Pooled F1, 95 %": _range(row["pooled"]["f1_interval"]),
                "Folds": str(row["n_folds"]),
                "Subjects": f"{row['n_patients']} + {row['n_healthy']}",
                "Frames": str(row["n_frames"]),
                "Notes": "; ".join(notes),
            }
        )
    return rows


def write_tables(rows: Sequence[Mapping[str, str]], folder: Path) -> None:
    """Write ``table.txt`` (aligned) and ``table.csv``."""
    columns = list(rows[0])
    widths = {c: max(len(c), *(len(row[c]) for row in rows)) for c in columns}
    lines = ["  ".join(text.ljust(widths[c]) for c, text in zip(columns, columns, strict=True)).rstrip()]
    lines += ["  ".join(row[c].ljust(widths[c]) for c in columns).rstrip() for row in rows]
    note = (
        "Per cent. F1, precision, recall: mean over folds, each with one patient held out; intervals: bootstrap over"
        " subjects. Subjects: patients + healthy."
    )
    write_text(folder / "table.txt", "\n".join([*lines, "", note]) + "\n")
    file = io.StringIO()
    writer = csv.DictWriter(file, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(folder / "table.csv", file.getvalue())


def percent(value: float) -> float | None:
    """Return per cent with two digits, None for NaN."""
    return None if math.isnan(value) else round(100 * value, 2)


def _percents(interval: tuple[float, float]) -> list[float | None]:
    return [percent(value) for value in interval]


def _subjects(part: pd.DataFrame, group: str) -> list[str]:
    return sorted(part.loc[part["group"] == group, "subject_id"].astype(str).unique().tolist())


def _text(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.1f}"


def _range(interval: Sequence[float | None]) -> str:
    return f"{_text(interval[0])} to {_text(interval[1])}"
