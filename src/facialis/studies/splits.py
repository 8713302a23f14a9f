"""Which frames train and which test: no subject is ever on both sides. Splitters give row numbers, nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from facialis.errors import SplitError

if TYPE_CHECKING:
    import pandas as pd

Rows = NDArray[np.intp]
Folds = list[tuple[Rows, Rows]]

PATIENT_OUT = "leave-one-patient-out"
SUBJECT_OUT = "leave-one-subject-out"


def check_split(split: str) -> str:
    """Return the name of a split: leave-one-patient-out, leave-one-subject-out, or a number of folds as ``5-fold``.

    Raises
    ------
    SplitError
        It is none of these.
    """
    if split in (PATIENT_OUT, SUBJECT_OUT) or re.fullmatch(r"([2-9]|[1-9]\d+)-fold", split):
        return split
    raise SplitError(f"unknown split {split!r}; known: {PATIENT_OUT}, {SUBJECT_OUT}, or two folds or more, e.g. 5-fold")


def make_folds(frames: pd.DataFrame, split: str = PATIENT_OUT, *, seed: int) -> Folds:
    """Return the folds of a named split as (rows that train, rows that test).

    Raises
    ------
    SplitError
        The name is unknown, or the cohort cannot be split so.
    """
    check_split(split)
    if split == PATIENT_OUT:
        return list(leave_one_patient_out(frames, seed=seed))
    if split == SUBJECT_OUT:
        return list(leave_one_subject_out(frames))
    return list(grouped_k_fold(frames, int(split.removesuffix("-fold")), seed=seed))


def leave_one_patient_out(frames: pd.DataFrame, *, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield the rows that train and those that test, one fold for each patient (arXiv 2503.10371, 21 folds).

    Each fold holds out all frames of one patient and of one healthy subject or more. Healthy subjects are dealt to
    the folds by `seed`: each is tested, in one fold where there are at least as many as patients, otherwise again
    until every fold has one. Frames whose portrait is also on the held-out side train in no such fold, where the
    cohort has more than one portrait; nor do simulated twins of who is held out, the same face with the other label,
    which would teach the wrong answer. Healthy subjects go, where they can, to a patient of their own portrait or pair.

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
    origins = frame_origins(frames)
    origins_of = {s: set(origins[subjects == s]) - {""} for s in (*patients, *healthy)}
    dealt = deal_healthy(patients, healthy, origins_of, seed)
    yield from _hold_out(subjects, labels, origins, [[p, *others] for p, others in zip(patients, dealt, strict=True)])


def leave_one_subject_out(frames: pd.DataFrame) -> Iterator[tuple[Rows, Rows]]:
    """Yield a fold for each subject, patients and healthy people alike, in the order of the table.

    A healthy subject's fold has no palsy to find: its precision and recall are undefined or 0, and the figure to read
    is the pooled one. Portraits are kept apart as in `leave_one_patient_out`.
    """
    subjects, _, labels = _checked(frames)
    yield from _hold_out(subjects, labels, frame_origins(frames), [[s] for s in dict.fromkeys(subjects)])


def grouped_k_fold(frames: pd.DataFrame, k: int, *, seed: int) -> Iterator[tuple[Rows, Rows]]:
    """Yield `k` folds of whole subjects, with patients and healthy subjects spread evenly over them.

    Portraits are kept apart as in `leave_one_patient_out`.

    Raises
    ------
    SplitError
        As for `leave_one_patient_out`; or a group has fewer than `k` subjects.
    """
    from sklearn.model_selection import StratifiedKFold

    subjects, groups, labels = _checked(frames)
    names = np.array(list(dict.fromkeys(subjects)), dtype=object)
    of_patient = np.isin(names, subjects[groups == "patient"])
    fewest = min(of_patient.sum(), (~of_patient).sum())
    if fewest < k:
        raise SplitError(f"{k}-fold asks for {k} subjects or more of each group, one has {fewest}; ask for fewer folds")
    deal = StratifiedKFold(k, shuffle=True, random_state=seed).split(names, of_patient)
    yield from _hold_out(subjects, labels, frame_origins(frames), [names[test] for _, test in deal])


def own_frames_without_palsy(frames: pd.DataFrame) -> Iterator[tuple[Rows, Rows]]:
    """Yield a fold for each patient of a table of patients alone, whose frames without palsy are the negatives.

    Raises
    ------
    SplitError
        There are fewer than two patients, or a training side lacks palsy or frames without it.
    """
    subjects = frames["subject_id"].astype(str).to_numpy(dtype=object)
    names = list(dict.fromkeys(subjects))
    if len(names) < 2:
        raise SplitError(f"{len(names)} patient(s); two or more are needed, one to hold out and one to train on")
    labels = frames["label"].to_numpy(dtype=np.int64)
    yield from _hold_out(subjects, labels, frame_origins(frames), [[name] for name in names])


def _hold_out(
    subjects: NDArray[np.object_],
    labels: NDArray[np.int64],
    origins: NDArray[np.object_],
    deal: Sequence[Sequence[str]],
) -> Folds:
    """Return a fold for each list of held-out subjects; frames of their portrait or twin do not train."""
    folds = []
    for names in deal:
        held_out = np.isin(subjects, list(names))
        seen = np.isin(origins, list(set(origins[held_out]) - {""}))
        train, test = np.flatnonzero(~held_out & ~seen), np.flatnonzero(held_out)
        if set(labels[train]) != {0, 1}:
            why = " once frames of the same portrait or simulated pair are left out" if (seen & ~held_out).any() else ""
            found = ", ".join(f"{(labels[train] == k).sum()} of {k}" for k in (0, 1))
            told = f"{names[0]} and {', '.join(names[1:])}" if len(names) > 1 else names[0]
            raise SplitError(
                f"without {told} the training side has frames of labels {found}{why};"
                " both labels are needed: add subjects" + (" or portraits" if why else "")
            )
        folds.append((train, test))
    return folds


def deal_healthy(
    patients: Sequence[str], healthy: Sequence[str], origins_of: Mapping[str, set[str]], seed: int
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
                own = origins_of[patients[fold]]
                fits = [s for s in deck if not of_own_portrait or origins_of[s] & own]
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


def frame_origins(frames: pd.DataFrame) -> NDArray[np.object_]:
    """Return what each frame (n,) was made from: a portrait, where there are several, or a simulated pair; or ""."""
    for column in ("portrait", "pair"):
        if column in frames.columns:
            values = frames[column].astype(object).where(frames[column].notna(), "").astype(str)
            origins = values.to_numpy(dtype=object)
            if len(set(origins) - {""}) > 1:
                return origins
    return np.full(len(frames), "", dtype=object)
