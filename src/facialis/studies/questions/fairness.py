"""Is the model as right about everyone? Every figure by sex, age, skin tone, source and site, with its interval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from facialis.studies.comparison import holm
from facialis.studies.metrics import Floats, confusion, draw_subjects, rates
from facialis.studies.questions.areas import limits, p_value
from facialis.studies.questions.question import Answer, Asking, Figure
from facialis.studies.questions.tables import made_of, predictions, recipes_of, weights_kind
from facialis.studies.study import fold_seed

COLUMNS = ("sex", "age_band", "skin_tone", "source", "site")
FEWEST = 5
"""Of patients, of healthy subjects or of both, as a figure needs them; with fewer no figure is given."""
METRICS = {"F1": (True, True), "precision": (True, True), "recall": (True, False), "specificity": (False, True)}
"""Whether a figure needs patients and healthy subjects."""
TESTED = ("recall", "specificity")
"""Differences are tested of these: unlike F1 and precision they do not move with the share of patients in a group."""
NOT_GIVEN = "not given"


class Group(NamedTuple):
    """A group's name, n patients, n healthy subjects, n frames, and each figure with its draws (value, (n,))."""

    name: str
    patients: int
    healthy: int
    frames: int
    figures: dict[str, tuple[float, Floats]]

    def judged(self, metric: str) -> bool:
        """Whether there are subjects enough for a figure."""
        ill, well = METRICS[metric]
        return not ((ill and self.patients < FEWEST) or (well and self.healthy < FEWEST))


def ask(asking: Asking) -> Answer:
    """Score out-of-fold answers by group, and each group against all others of its column."""
    people = described(asking.cohort.frames)
    recipes = recipes_of(asking, "measures-logistic")
    figures: list[Figure] = []
    sentences, weights = [], None
    for recipe in recipes:
        weights = weights_kind(asking, recipe) or weights
        table = predictions(asking, recipe).merge(people, on="frame_id", suffixes=("", "_of_frame"))
        start = made_of(asking, weights) + (f"{recipe.name}: " if len(recipes) > 1 else "")
        found, told = _of_recipe(asking, table, f"{recipe.name}, " if len(recipes) > 1 else "")
        figures += found
        sentences += [start + sentence for sentence in told]
    missing = [column for column in COLUMNS if people[column].nunique() < 2]
    notes = [f"Not asked, for the table of frames does not tell people apart by it: {', '.join(missing)}."] * bool(
        missing
    )
    notes += [
        f"A figure needs {FEWEST} patients, {FEWEST} healthy subjects, or both; a smaller group is named, not judged.",
        "Pooled over the folds; intervals: bootstrap over the group's subjects, given the trained models. Recall: "
        "frames with palsy that are found; specificity: frames without that are called so.",
    ]
    return Answer(
        "fairness", "Every figure by group", sentences, figures, asking.cohort.simulated, weights, notes=notes
    )


def described(frames: pd.DataFrame) -> pd.DataFrame:
    """Return ``frame_id`` and each column of `COLUMNS` as words; ages become bands where there is no band."""
    people = {"frame_id": frames["frame_id"]}
    for column in COLUMNS:
        if column in frames:
            values = frames[column].astype(object).where(frames[column].notna(), "").astype(str).str.strip()
        elif column == "age_band" and "age" in frames:
            bands = pd.cut(pd.to_numeric(frames["age"], errors="coerce"), [0, 40, 60, np.inf], right=False,
                           labels=["0 to 39", "40 to 59", "60 and over"])  # fmt: skip
            values = bands.astype(object).where(bands.notna(), "").astype(str)
        else:
            values = pd.Series("", index=frames.index)
        people[column] = values.replace("", NOT_GIVEN)
    return pd.DataFrame(people)


def score(name: str, table: pd.DataFrame, seed: int, n_bootstrap: int) -> Group:
    """Return a group's figures from its predictions; a healthy subject tested in several folds counts in each."""
    subjects = table["subject_id"].astype(str).to_numpy()
    patients = np.unique(subjects[(table["group"] == "patient").to_numpy()])
    of_patient = np.isin(np.unique(subjects), patients)
    counts = confusion(
        np.zeros(len(table), dtype=np.intp), subjects, table["label"].to_numpy(), table["predicted"].to_numpy()
    )[:, 0]
    weights = np.vstack([np.ones(len(counts)), draw_subjects(of_patient, seed=seed, n_bootstrap=n_bootstrap)])
    all_ = _rates(weights @ counts)
    figures = {metric: (float(all_[0, k]), all_[1:, k]) for k, metric in enumerate(METRICS)}
    return Group(name, len(patients), len(counts) - len(patients), int(table["frame_id"].nunique()), figures)


def _of_recipe(asking: Asking, table: pd.DataFrame, prefix: str) -> tuple[list[Figure], list[str]]:
    whole = score("all", table, asking.seed, asking.n_bootstrap)
    groups, against = [], []
    for k, (column, value, inside) in enumerate(_groups(table)):
        mine, others = (
            score(f"{column}: {value}", table[rows], fold_seed(asking.seed, 2 * k + side), asking.n_bootstrap)
            for side, rows in enumerate((inside, ~inside))
        )
        groups.append(mine)
        rest = sorted(set(table[column]) - {value})
        if len(rest) > 1 or value < rest[0]:  # of two groups one difference says it all
            against.append((f"{mine.name} less {rest[0] if len(rest) == 1 else 'the others'}", mine, others))
    figures = [_figure(prefix, group, metric, whole) for metric in METRICS for group in (whole, *groups)]
    differences = [
        _difference(prefix + what, metric, mine, others)
        for metric in TESTED
        for what, mine, others in against
        if mine.judged(metric) and others.judged(metric)
    ]
    adjusted = holm([p for _, p in differences]) if differences else []
    figures += [figure for figure, _ in differences]
    held = [f"{f.figure.split(',')[0].removeprefix('difference of ')} of {f.what} {f.value:+.1f} points "
            f"({f.low:.1f} to {f.high:.1f})"
            for (f, _), p in zip(differences, adjusted, strict=True) if p < 0.05]  # fmt: skip
    recall, specificity = (100 * whole.figures[metric][0] for metric in TESTED)
    sentences = [
        f"of all frames with palsy {recall:.1f} % are found, of those without {specificity:.1f} % called so; of "
        f"{len(differences)} differences between groups {len(held) or 'none'} hold"
        f"{'s' if len(held) == 1 else ''} after Holm's correction" + (f": {', '.join(held)}." if held else ".")
    ]
    small = [f"{g.name} ({g.patients} + {g.healthy} subjects)" for g in groups if not all(map(g.judged, METRICS))]
    sentences += [f"too small to be judged, in part or whole: {', '.join(small)}."] * bool(small)
    return figures, sentences


def _groups(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.Series]]:
    """Yield each column that tells people apart, with each of its values and whose frames have it."""
    for column in COLUMNS:
        values = sorted(table[column].unique())
        for value in values if len(values) > 1 else []:
            yield column, value, table[column] == value


def _rates(counts: Floats) -> Floats:
    """Return F1, precision, recall and specificity (..., 4) of counts (..., 4)."""
    false, well = counts[..., 1], counts[..., 1] + counts[..., 3]
    with np.errstate(invalid="ignore", divide="ignore"):
        specificity: NDArray[np.float64] = 1 - false / well
    return np.concatenate([rates(counts), specificity[..., None]], axis=-1)


def _figure(prefix: str, group: Group, metric: str, whole: Group) -> Figure:
    n = (group.patients + group.healthy, group.frames)
    what, name, beside = prefix + group.name, f"{metric}, pooled, %", group is whole
    value, draws = group.figures[metric]
    if not group.judged(metric):
        note = f"too small to be judged: {group.patients} patients, {group.healthy} healthy"
        return Figure(what, name, None, None, None, *n, note, beside)
    if np.isnan(value):
        return Figure(what, name, None, None, None, *n, "undefined", beside)
    low, high = limits(100 * draws)
    note = f"{group.patients} patients, {group.healthy} healthy"
    return Figure(what, name, 100 * value, low, high, *n, note, beside)


def _difference(what: str, metric: str, mine: Group, others: Group) -> tuple[Figure, float]:
    (value, draws), (theirs, their_draws) = mine.figures[metric], others.figures[metric]
    apart = 100 * (draws - their_draws)
    n = (mine.patients + mine.healthy + others.patients + others.healthy, mine.frames + others.frames)
    return Figure(what, f"difference of {metric}, % points", 100 * (value - theirs), *limits(apart), *n), p_value(
        apart, 0
    )
