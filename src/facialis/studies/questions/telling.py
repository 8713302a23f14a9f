"""Which facts about a subject tell the group: columns of the recording, of the person, the source itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from facialis.cohorts.cohort import Cohort
from facialis.models.inputs import Inputs
from facialis.studies.comparison import holm
from facialis.studies.questions.sides import FOUND, NOT_FOUND, UNKNOWN, Check

RECORDING = (
    "source", "site", "camera", "view", "movement", "height", "width", "fps", "yaw", "pitch", "roll", "distance_cm",
    "iod_px", "face_interocular_px", "face_yaw", "face_pitch", "face_roll", "face_sharpness", "face_brightness",
    "face_contrast", "face_outside",
)  # fmt: skip
"""Columns that say how a frame was taken; a picture shows them, and a model can read them there."""
PERSON = ("sex", "age", "age_band", "skin_tone", "ethnicity")


class Tell(NamedTuple):
    """How well one column tells patients from healthy subjects: as text, and p (two-sided, not corrected)."""

    column: str
    told: str
    p: float


def tells(subjects: pd.DataFrame, columns: Sequence[str]) -> list[Tell]:
    """Return how each column tells the group, a row a subject; columns with one value are left out.

    Numbers: the area under the ROC curve, either way round, and Mann and Whitney's test. Words: Cramér's V and the
    chi-square test; an empty one is a word of its own.
    """
    from scipy.stats import chi2_contingency, mannwhitneyu
    from scipy.stats.contingency import association

    ill = (subjects["group"] == "patient").to_numpy()
    found = []
    for column in (name for name in columns if name in subjects):
        values = subjects[column]
        if pd.api.types.is_numeric_dtype(values):
            known = values.notna().to_numpy()
            mine, theirs = values[known & ill].to_numpy(), values[known & ~ill].to_numpy()
            if len(mine) < 2 or len(theirs) < 2 or values[known].nunique() < 2:
                continue
            test: Any = mannwhitneyu(mine, theirs)
            share = float(test.statistic) / (len(mine) * len(theirs))
            found.append(Tell(column, f"{column} (AUC {max(share, 1 - share):.2f})", float(test.pvalue)))
        else:
            words = values.astype(object).where(values.notna(), "").astype(str)
            counts = pd.crosstab(words, ill).to_numpy()
            if counts.shape[0] < 2 or counts.shape[1] < 2:
                continue
            p = float(chi2_contingency(counts, correction=False)[1])
            found.append(Tell(column, f"{column} (Cramér's V {association(counts):.2f})", p))
    return found


def by_subject(frames: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return a row a subject: the mean of a number, the most frequent word, and the group."""
    held = [name for name in columns if name in frames]
    rules = {
        name: "mean" if pd.api.types.is_numeric_dtype(frames[name]) else lambda words: next(iter(words.mode()), "")
        for name in held
    }
    return frames.groupby("subject_id", observed=True).agg({**rules, "group": "first"})


def illegitimate(cohort: Cohort, inputs: Inputs) -> Check:
    """L2: does an input copy the label, and does the way of recording tell the group?"""
    labels = cohort.frames["label"].to_numpy()
    copies = [f"{name}[{k}]" for name, array in inputs.arrays.items() for k in _copies(array, labels)]
    told, n = _telling(cohort.frames, RECORDING)
    width = sum(int(np.prod(array.shape[1:])) for array in inputs.arrays.values())
    copied = f"{len(copies)} of {width} input numbers copy the label" + (
        f" ({', '.join(copies[:3])})" if copies else ""
    )
    return Check(
        "L2",
        FOUND if copies or told else NOT_FOUND if n else UNKNOWN,
        f"{copied}; of {n} columns on the recording {_named(told)} the group, by subject, after Holm's correction. No "
        "column is an input, but what a picture shows of the recording a model can read.",
    )


def sampling(cohort: Cohort) -> Check:
    """L3.3: do groups come from sources of their own, from other people, with other losses?"""
    frames = cohort.frames
    parts, verdict = [], NOT_FOUND
    for column in ("source", "site"):
        if column not in frames:
            continue
        table = frames.drop_duplicates(["subject_id", column]).groupby([column, "group"], observed=True).size()
        counts = table.unstack(fill_value=0).reindex(columns=["patient", "healthy"], fill_value=0)
        alone = counts[(counts == 0).any(axis=1)]
        if len(counts) == 1:
            verdict = UNKNOWN if column == "source" else verdict
            parts.append(f"one {column} ({counts.index[0]}), and of others the figures say nothing")
        elif len(alone):
            verdict = FOUND
            named = ", ".join(f"{name} ({a} patients, {b} healthy)" for name, a, b in alone[:4].itertuples())
            parts.append(f"{len(alone)} of {len(counts)} {column}s hold one group alone: {named}")
        else:
            parts.append(f"{len(counts)} {column}s, each with both groups")
    told, n = _telling(frames, PERSON)
    if n:
        parts.append(f"of {n} columns on the person {_named(told)} the group")
    else:
        parts.append("no column on the person (" + ", ".join(PERSON) + ") has two values to compare")
    lost = _losses(cohort)
    parts += [lost.told] if lost else []
    if told or (lost and lost.p < 0.05):
        verdict = FOUND
    return Check("L3.3", verdict, "; ".join(parts)[:1].upper() + "; ".join(parts)[1:] + ".")


def _telling(frames: pd.DataFrame, columns: Sequence[str]) -> tuple[list[Tell], int]:
    """Return the columns that tell the group after Holm's correction, and how many were asked."""
    found = tells(by_subject(frames, columns), columns)
    adjusted = holm([tell.p for tell in found]) if found else []
    return [tell for tell, p in zip(found, adjusted, strict=True) if p < 0.05], len(found)


def _named(told: Sequence[Tell]) -> str:
    return f"{', '.join(tell.told for tell in told)} tell" if told else "none tells"


def _losses(cohort: Cohort) -> Tell | None:
    """Return whether frames without a usable face are more frequent in one group, by subject."""
    lost = pd.read_parquet(cohort.path / "unusable.parquet")
    if not len(lost):
        return None
    both = pd.concat(
        [cohort.frames[["subject_id", "group"]].assign(lost=0.0), lost[["subject_id", "group"]].assign(lost=1.0)]
    )
    share = both.groupby("group")["lost"].mean().reindex(["patient", "healthy"]).fillna(0.0)
    found = tells(by_subject(both, ["lost"]), ["lost"])
    p = found[0].p if found else 1.0
    text = (
        f"without a usable face are {share.iloc[0]:.1%} of patients' frames, {share.iloc[1]:.1%} of healthy (p {p:.2g})"
    )
    return Tell("lost", text, p)


def _copies(array: np.ndarray[Any, Any], labels: np.ndarray[Any, Any]) -> list[int]:
    """Return the numbers of an input (n, ...) that take one value for each label, another for the other."""
    if array.ndim != 2:
        return []
    ill, well = array[labels == 1], array[labels == 0]
    constant = (ill == ill[:1]).all(axis=0) & (well == well[:1]).all(axis=0) & (ill[0] != well[0])
    return [int(k) for k in np.flatnonzero(constant)]
