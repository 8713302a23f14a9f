"""Does a model hold elsewhere? Trained on one source, tested on each other and at each site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from facialis.errors import SplitError
from facialis.studies.jobs import FoldJob
from facialis.studies.metrics import summarise
from facialis.studies.questions.areas import AUC, limits, table_area
from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.tables import (
    folder_of,
    made_of,
    recipes_of,
    run_folds,
    source_of,
    told,
    weights_kind,
)
from facialis.studies.results import percent
from facialis.studies.settings import Recipe
from facialis.studies.splits import Folds, Rows, frame_origins, leave_one_patient_out, own_frames_without_palsy
from facialis.studies.study import fold_seed

F1, SENSITIVITY, SPECIFICITY = "F1, pooled, %", "sensitivity, %", "specificity, %"


def ask(asking: Asking) -> Answer:
    """Fill the matrix: a row for each source that can train, a column for each source and each site."""
    frames = asking.cohort.frames
    sources = [str(name) for name in frames["source"].unique()]
    columns = test_sets(frames)
    figures: list[Figure] = []
    sheets: dict[str, Sequence[Mapping[str, Any]]] = {}
    sentences: list[str] = []
    weights = None
    refused = {name: why for name in sources if (why := _cannot_train(frames, name))}
    for recipe in recipes_of(asking, "measures-net"):
        weights = weights_kind(asking, recipe) or weights
        rows: list[dict[str, Any]] = []
        diagonal: dict[str, Figure | None] = {}
        away: dict[tuple[str, str], Figure] = {}
        for name in (name for name in sources if name not in refused):
            table, note = _answers(asking, recipe, name)
            row: dict[str, Any] = {"trained on": name}
            for column, chosen in columns.items():
                tested = table[table["frame_id"].isin(frames["frame_id"].to_numpy()[chosen])]
                own = column == name
                cells = cell(f"{recipe.name}: {name} to {column}", tested, asking, note if own else "")
                figures += [Figure(**{**vars(figure), "beside": own}) for figure in cells]
                row[column] = "; ".join(f"{f.figure.split(',')[0]} {_told(f)}" for f in cells)
                if own:
                    diagonal[name] = cells[0]
                elif column in sources:
                    away[name, column] = cells[0]
            rows.append(row)
            sentences += [made_of(asking, weights) + f"{recipe.name}: {note}"] if note else []
        if rows:
            sheets[f"{recipe.name}: rows train, columns test"] = rows
        sentences += [made_of(asking, weights) + recipe.name + line for line in _told_rows(diagonal, away)]
    sentences += [f"{name} trains no model: {why}." for name, why in refused.items()]
    if len(sources) == 1:
        sentences.append(f"The cohort has one source, {sources[0]}: there is no other to test on.")
    notes = [
        "The diagonal is out of fold, one patient left out at a time; off it one model of all of the source answers. "
        "All figures are pooled over the tested frames, so that both can be compared; intervals are a bootstrap over "
        "the tested subjects, given the trained models.",
        "Subjects of the training source, their portraits and simulated twins are never tested elsewhere.",
    ]
    title = "Trained on one source, tested on another and at each site"
    return Answer("cross-cohort", title, sentences, figures, asking.cohort.simulated, weights, sheets=sheets,
                  notes=notes)  # fmt: skip


def test_sets(frames: pd.DataFrame) -> dict[str, Rows]:
    """Return the rows of each source, and of each site of a source that names two or more."""
    found: dict[str, Rows] = {}
    for name in (str(name) for name in frames["source"].unique()):
        own = (frames["source"] == name).to_numpy()
        found[name] = np.flatnonzero(own)
        sites = frames["site"].where(frames["site"].notna(), "").astype(str) if "site" in frames else None
        if sites is not None:
            named = [site for site in dict.fromkeys(sites[own]) if site]
            if len(named) > 1:
                found |= {f"{name}, {site}": np.flatnonzero(own & (sites == site).to_numpy()) for site in named}
    return found


def elsewhere(frames: pd.DataFrame, source: str) -> tuple[Rows, Rows]:
    """Return the rows of a source, and those of all others whose face, or whose twin's, it does not hold."""
    own = (frames["source"] == source).to_numpy()
    subjects, origins = frames["subject_id"].astype(str).to_numpy(dtype=object), frame_origins(frames)
    seen = np.isin(subjects, list(set(subjects[own]))) | np.isin(origins, list(set(origins[own]) - {""}))
    return np.flatnonzero(own), np.flatnonzero(~own & ~seen)


def own_folds(frames: pd.DataFrame, source: str, *, seed: int) -> Folds:
    """Return a source's own folds, a patient each; of patients alone with their frames without palsy as negatives.

    Raises
    ------
    SplitError
        The source cannot be split so.
    """
    rows = np.flatnonzero((frames["source"] == source).to_numpy())
    part = frames.iloc[rows].reset_index(drop=True)
    alone = (part["group"] == "patient").all()
    folds = own_frames_without_palsy(part) if alone else leave_one_patient_out(part, seed=seed)
    return [(rows[train], rows[test]) for train, test in folds]


def cell(what: str, table: pd.DataFrame, asking: Asking, why: str = "") -> list[Figure]:
    """Return F1 and AUC of one test set; of one label only, what is defined: sensitivity or specificity.

    `why` says why a table is empty.
    """
    if not len(table):
        why = why or "no frame is left to test: its faces, or their simulated twins, train"
        return [Figure(what, F1, None, None, None, 0, 0, why)]
    n = int(table["subject_id"].nunique()), int(table["frame_id"].nunique())
    labels = table["label"].to_numpy()
    if len(set(labels.tolist())) == 1:
        palsy = labels[0] == 1
        value, low, high = _pooled(table, asking, "recall", flipped=not palsy)
        note = f"{'palsy' if palsy else 'no palsy'} only: F1 and AUC are undefined"
        return [Figure(what, SENSITIVITY if palsy else SPECIFICITY, value, low, high, *n, note)]
    area, draws = table_area(table, seed=asking.seed, n_bootstrap=asking.n_bootstrap)
    one = "the model answers one class: nothing can be said of F1" if table["predicted"].nunique() == 1 else ""
    return [
        Figure(what, F1, *_pooled(table, asking, "f1"), *n, one),
        Figure(what, AUC, area, *limits(draws), *n),
    ]


def _pooled(
    table: pd.DataFrame, asking: Asking, metric: str, *, flipped: bool = False
) -> tuple[float | None, float | None, float | None]:
    label, predicted = (table[name].to_numpy(np.int64) for name in ("label", "predicted"))
    if flipped:
        label, predicted = 1 - label, 1 - predicted
    found = summarise(
        np.zeros(len(table), np.int64), table["subject_id"].astype(str), table["group"] == "patient", label,
        predicted, seed=asking.seed, n_bootstrap=asking.n_bootstrap,
    )  # fmt: skip
    low, high = found.pooled_intervals[metric]
    return percent(getattr(found.pooled, metric)), percent(low), percent(high)


def _cannot_train(frames: pd.DataFrame, source: str) -> str:
    labels = set(frames.loc[frames["source"] == source, "label"].tolist())
    return "" if labels == {0, 1} else f"it has frames {'with' if labels == {1} else 'without'} palsy only"


def _answers(asking: Asking, recipe: Recipe, name: str) -> tuple[pd.DataFrame, str]:
    """Return the answers about every source of models trained on one, and why its own may be missing."""
    frames, place = asking.cohort.frames, folder_of(asking, recipe) / "cross"
    number = [str(source) for source in frames["source"].unique()].index(name)
    note, folds = "", []
    try:
        folds = own_folds(frames, name, seed=asking.seed)
    except SplitError as error:
        note = f"nothing on the diagonal for {name}: {error}"
    train, test = elsewhere(frames, name)
    source = source_of(asking, recipe)
    jobs = [
        FoldJob(source, k, rows, out, fold_seed(asking.seed, k), {}, place / f"{number}-own" / f"fold-{k:02d}.parquet")
        for k, (rows, out) in enumerate(folds)
    ]
    if len(test):
        jobs.append(
            FoldJob(source, 0, train, test, fold_seed(asking.seed, 0), {}, place / f"{number}-away" / "fold-00.parquet")
        )
    tables = list(run_folds(asking, jobs).values()) if jobs else []
    empty = pd.DataFrame({name: [] for name in ("frame_id", "subject_id", "group", "label", "predicted")})
    return (pd.concat(tables, ignore_index=True) if tables else empty), note


def _told(figure: Figure) -> str:
    if figure.figure != AUC or figure.value is None:
        return f"{told(figure)}, n {figure.n_subjects}" if figure.value is not None else "undefined"
    return f"{figure.value:.2f} ({figure.low or 0:.2f} to {figure.high or 0:.2f})"


def _told_rows(diagonal: Mapping[str, Figure | None], away: Mapping[tuple[str, str], Figure]) -> list[str]:
    lines = []
    for (name, column), figure in away.items():
        own = diagonal.get(name)
        text = f", trained on {name}, has {figure.figure.split(',')[0]} {told(figure)} on {column}"
        if own is not None and own.value is not None and own.figure == figure.figure:
            text += f" and {told(own)} on patients of its own left out"
        lines.append(f"{text}.")
    return lines
