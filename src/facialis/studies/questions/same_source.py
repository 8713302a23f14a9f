"""Is it the palsy or the source? The same patients against frames of their own source, and of another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from facialis.errors import FacialisError
from facialis.studies.jobs import FoldJob
from facialis.studies.metrics import summarise
from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.tables import (
    F1,
    folder_of,
    made_of,
    recipes_of,
    run_folds,
    source_of,
    table_figure,
    told,
    weights_kind,
)
from facialis.studies.results import percent
from facialis.studies.splits import Folds, Rows, leave_one_patient_out, own_frames_without_palsy
from facialis.studies.study import fold_seed

PRECISION = "precision, mean of folds, %"
PAPER = (
    "The study's authors had precision 77.05 on YFP alone, 21 folds (arXiv 2405.16496), and 94.80 with F1 96.00 with "
    "CK+ as the healthy side (arXiv 2503.10371)."
)
DEFINITION = (
    "Palsy: a source's frames labelled palsy. Without palsy, from the same source: its healthy subjects' frames where "
    "it has any; otherwise its patients' own frames without palsy, which in YFP are those of an annotated recording "
    "in which no eye and no mouth region is marked (where the clinicians' boxes of a region have no common part it "
    "counts as not marked; recordings without annotations have none). Every fold leaves one patient out, with all "
    "frames of that patient."
)


class Pair(NamedTuple):
    """A source's palsy frames with negatives of its own and of other sources: folds, or why there are none."""

    source: str
    negatives: str
    own: Folds | str
    others: tuple[str, ...]
    other: Folds | str


def ask(asking: Asking) -> Answer:
    """Run each source's patients against negatives of their own source, and of the others, side by side."""
    frames = asking.cohort.frames
    sources = [str(name) for name in frames["source"].unique()]
    pairs, sentences = [], []
    for name in sources:
        found = pair(frames, name, seed=asking.seed)
        if isinstance(found, str):
            sentences.append(f"{name}: {found}.")
        else:
            pairs.append(found)
    figures: list[Figure] = []
    sheet: list[Mapping[str, Any]] = []
    weights = None
    for recipe in recipes_of(asking, "measures-net") if pairs else ():
        source, folder = source_of(asking, recipe), folder_of(asking, recipe)
        weights = weights_kind(asking, recipe) or weights
        where = {
            (k, side): (folder / f"{k}-{side}", folds)
            for k, found in enumerate(pairs)
            for side, folds in (("own", found.own), ("other", found.other))
            if not isinstance(folds, str)
        }
        jobs = [
            FoldJob(source, i, train, test, fold_seed(asking.seed, i), {}, place / f"fold-{i:02d}.parquet")
            for place, folds in where.values()
            for i, (train, test) in enumerate(folds)
        ]
        tables = run_folds(asking, jobs)
        for k, found in enumerate(pairs):
            both = [
                _figures(
                    found, side, recipe.name, tables.get(where[k, side][0]) if (k, side) in where else None, asking
                )
                for side in ("own", "other")
            ]
            figures += [figure for side in both for figure in side]
            sheet.append(_row(found, recipe.name, both))
            sentences.append(made_of(asking, weights) + _sentence(found, recipe.name, both))
    if len(sources) == 1:
        sentences.append(f"The cohort has one source, {sources[0]}: no other healthy side stands beside it.")
    return Answer(
        "same-source", "Palsy against frames of its own source, and of another", sentences, figures,
        asking.cohort.simulated, weights, sheets={"One source, and another as the healthy side": sheet},
        notes=[DEFINITION, PAPER],
    )  # fmt: skip


def pair(frames: pd.DataFrame, source: str, *, seed: int) -> Pair | str:
    """Return a source's folds with negatives of its own and with others', or why it can have neither."""
    own = (frames["source"] == source).to_numpy()
    ill = (frames["group"] == "patient").to_numpy()
    palsy = own & ill & (frames["label"] == 1).to_numpy()
    n = frames.loc[palsy, "subject_id"].nunique()
    if not (own & ill).any():
        return "it has one group only, healthy subjects"
    if n < 2:
        return f"{n} patient(s) with palsy frames; two or more are needed"
    if (own & ~ill).any():
        negatives = "its healthy subjects' frames"
        mine = _folds(frames, np.flatnonzero(palsy | (own & ~ill)), leave_one_patient_out, seed=seed)
    elif (own & ~palsy).any():
        negatives = "its patients' own frames without palsy"
        mine = _folds(frames, np.flatnonzero(own), own_frames_without_palsy)
    else:
        negatives, mine = "none", "it has patients only, and no frame of theirs without palsy"
    theirs = ~own & ~ill
    others = tuple(dict.fromkeys(frames.loc[theirs, "source"].astype(str)))
    beside: Folds | str = "no other source has healthy subjects"
    if others:
        beside = _folds(frames, np.flatnonzero(palsy | theirs), leave_one_patient_out, seed=seed)
    if isinstance(mine, str) and isinstance(beside, str):
        return f"{mine}, and {beside}"
    return Pair(source, negatives, mine, others, beside)


def _folds(frames: pd.DataFrame, rows: Rows, split: Any, **options: Any) -> Folds | str:
    """Split some rows; return the folds in the whole table's rows, or why there are none."""
    try:
        return [(rows[train], rows[test]) for train, test in split(frames.iloc[rows].reset_index(drop=True), **options)]
    except FacialisError as error:
        return str(error)


def _figures(found: Pair, side: str, name: str, table: pd.DataFrame | None, asking: Asking) -> tuple[Figure, Figure]:
    """Return F1 and precision of one side."""
    against = found.negatives if side == "own" else f"healthy subjects of {', '.join(found.others)}"
    what = f"{found.source}, {name}: against {against}"
    if table is None:
        why = str(found.own if side == "own" else found.other)
        one, two = (Figure(what, figure, None, None, None, 0, 0, why, side == "other") for figure in (F1, PRECISION))
        return one, two
    f1 = table_figure(what, table, asking)
    numbers = summarise(
        table["fold"], table["subject_id"].astype(str), table["group"] == "patient", table["label"],
        table["predicted"], seed=asking.seed, n_bootstrap=asking.n_bootstrap,
    )  # fmt: skip
    low, high = numbers.intervals["precision"]
    value = percent(numbers.mean.precision)
    note = "" if value is not None else "no frame is called palsy"
    precision = Figure(what, PRECISION, value, percent(low), percent(high), f1.n_subjects, f1.n_frames, note)
    one, two = (Figure(**{**vars(figure), "beside": side == "other"}) for figure in (f1, precision))
    return one, two


def _row(found: Pair, name: str, both: list[tuple[Figure, Figure]]) -> dict[str, Any]:
    """Return the two figures in one row."""
    (own, own_precision), (other, other_precision) = both
    return {
        "source": found.source,
        "model": name,
        "without palsy": found.negatives,
        "F1, one source": told(own),
        "precision, one source": told(own_precision),
        "other healthy side": ", ".join(found.others) or "none",
        "F1, other healthy side": told(other),
        "precision, other healthy side": told(other_precision),
        "subjects": f"{own.n_subjects}; {other.n_subjects}",
        "frames": f"{own.n_frames}; {other.n_frames}",
    }


def _sentence(found: Pair, name: str, both: list[tuple[Figure, Figure]]) -> str:
    (own, own_precision), (other, other_precision) = both
    text = f"{found.source}, {name}: "
    if isinstance(found.own, str):
        return f"{text}nothing within the source ({found.own}); with others' healthy subjects F1 {told(other)}."
    text += f"F1 {told(own)}, precision {told(own_precision)} against {found.negatives}"
    if isinstance(found.other, str):
        return f"{text}; {found.other}."
    text += (
        f"; F1 {told(other)}, precision {told(other_precision)} against healthy subjects of {', '.join(found.others)}"
    )
    if own.value is None or other.value is None:
        return f"{text}."
    return f"{text}: {other.value - own.value:+.1f} points of F1 with the other source."
