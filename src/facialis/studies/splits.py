"""Leave one patient out: which frames train and which test. Splitters give row numbers, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facialis.errors import SplitError

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.intp]


def leave_one_patient_out(frames: pd.DataFrame, *, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield the rows that train and those that test, one fold for each patient (arXiv 2503.10371, 21 folds).

    Each fold holds out all frames of one patient and of one healthy subject or more. Healthy subjects are dealt to
    the folds by `seed`: each is tested, in one fold where there are at least as many as patients, otherwise again
    until every fold has one. Frames whose portrait is also on the held-out side train in no such fold, where the
    cohort has more than one portrait; healthy subjects go, where they can, to a patient of their own portrait.

    Parameters
    ----------
    frames
        Table with ``subject_id``, ``group`` (patient, healthy), ``label`` (1, 0) and, if pictures were made from
        portraits, ``portrait``.
    seed
        Seed of the deal.

    Raises
    ------
    SplitError
        The cohort cannot be split so: a group is missing or has one subject only, a subject stands in both groups or
        has no name, or a training side lacks a label.
    """
    subjects, groups, labels = _checked(frames)
    patients = list(dict.fromkeys(subjects[groups == "patient"]))
    healthy = list(dict.fromkeys(subjects[groups == "healthy"]))
    portraits = _portraits(frames)
    portraits_of = {s: set(portraits[subjects == s]) - {""} for s in (*patients, *healthy)}
    dealt = deal_healthy(patients, healthy, portraits_of, seed)
    folds = []
    for patient, others in zip(patients, dealt, strict=True):
        held_out = np.isin(subjects, [patient, *others])
        seen = np.isin(portraits, list(set(portraits[held_out]) - {""}))
        train, test = np.flatnonzero(~held_out & ~seen), np.flatnonzero(held_out)
        if set(labels[train]) != {0, 1}:
            why = " once frames of the same portrait are left out" if (seen & ~held_out).any() else ""
            found = ", ".join(f"{(labels[train] == k).sum()} of {k}" for k in (0, 1))
            raise SplitError(
                f"without {patient} and {', '.join(others)} the training side has frames of labels {found}{why};"
                " both labels are needed: add subjects" + (" or portraits" if why else "")
            )
        folds.append((train, test))
    yield from folds


def deal_healthy(
    patients: Sequence[str], healthy: Sequence[str], portraits_of: Mapping[str, set[str]], seed: int
) -> list[list[str]]:
    """Deal healthy subjects to the patients' folds: everyone once, one or more a fold, counts equal within one.

    Where there are fewer than patients they are dealt again, in a new order, to the folds that have none.
    """
    rng = np.random.default_rng(seed)
    dealt: list[list[str]] = [[] for _ in patients]
    deck = _shuffled(rng, healthy)
    again = False
    while deck:
        folds = [int(i) for i in rng.permutation(len(patients)) if not (again and dealt[i])]
        for of_own_portrait in (True, False):
            for fold in list(folds):
                own = portraits_of[patients[fold]]
                fits = [s for s in deck if not of_own_portrait or portraits_of[s] & own]
                if fits:
                    dealt[fold].append(fits[0])
                    deck.remove(fits[0])
                    folds.remove(fold)
        if all(dealt) and (again or not deck):
            break
        if not deck:
            again, deck = True, _shuffled(rng, healthy)
    return dealt


def _shuffled(rng: np.random.Generator, names: Sequence[str]) -> list[str]:
    return [names[i] for i in rng.permutation(len(names))]


def _checked(frames: pd.DataFrame) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64]]:
    missing = [c for c in ("subject_id", "group", "label") if c not in frames.columns]
    if missing:
        raise SplitError(f"the table of frames lacks {', '.join(missing)}; folds are made of subjects and groups")
    nameless = frames["subject_id"].isna() | (frames["subject_id"].astype(str).str.strip() == "")
    if nameless.any():
        raise SplitError(f"{int(nameless.sum())} of {len(frames)} frames name no subject; give each a subject_id")
    subjects = frames["subject_id"].astype(str).to_numpy(dtype=object)
    groups = frames["group"].astype(str).to_numpy(dtype=object)
    unknown = sorted(set(groups) - {"patient", "healthy"})
    if unknown:
        raise SplitError(f"unknown group {unknown[0]!r}; a subject's group is patient or healthy")
    both = sorted(set(subjects[groups == "patient"]) & set(subjects[groups == "healthy"]))
    if both:
        raise SplitError(f"{both[0]} stands in both groups ({len(both)} such); a subject has one group")
    for group in ("patient", "healthy"):
        n = len(set(subjects[groups == group]))
        if n < 2:
            raise SplitError(f"{n} {group} subject(s); two or more are needed, one to hold out and one to train on")
    if not frames["label"].isin((0, 1)).all():
        raise SplitError("a frame's label is 1 (palsy) or 0 (none); others stand in the table")
    labels = frames["label"].to_numpy(dtype=np.int64)
    wrong = (groups == "healthy") & (labels == 1)
    if wrong.any():
        raise SplitError(f"healthy subject {subjects[wrong][0]} has frames labelled palsy; correct group or label")
    return subjects, groups, labels


def _portraits(frames: pd.DataFrame) -> NDArray[np.object_]:
    """Return each frame's portrait, empty where it has none or the cohort has only one."""
    none = np.full(len(frames), "", dtype=object)
    if "portrait" not in frames.columns:
        return none
    portraits = frames["portrait"].fillna("").astype(str).to_numpy(dtype=object)
    return portraits if len(set(portraits) - {""}) > 1 else none
