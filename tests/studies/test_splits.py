"""Leave one patient out: properties that hold for any cohort, and cohorts that are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from facialis.errors import SplitError
from facialis.studies.splits import leave_one_patient_out, make_folds


def table(n_patients: int, n_healthy: int, seed: int = 0, n_portraits: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for group, n in (("patient", n_patients), ("healthy", n_healthy)):
        for i in range(n):
            portrait = f"portrait {rng.integers(n_portraits)}" if n_portraits else ""
            for k in range(int(rng.integers(1, 4))):
                label = int(group == "patient" and (k == 0 or rng.random() < 0.7))
                rows.append((f"{group[0]}{i}", group, label, portrait))
    frames = pd.DataFrame(rows, columns=["subject_id", "group", "label", "portrait"])
    return frames.sample(frac=1, random_state=seed).reset_index(drop=True)


sizes = st.integers(2, 24)


@settings(max_examples=60, deadline=None)
@given(n_patients=sizes, n_healthy=sizes, seed=st.integers(0, 10**6))
def test_properties(n_patients: int, n_healthy: int, seed: int) -> None:
    frames = table(n_patients, n_healthy, seed)
    folds = list(leave_one_patient_out(frames, seed=seed))
    assert len(folds) == n_patients
    subject, group = frames["subject_id"].to_numpy(), frames["group"].to_numpy()
    patients, healthy = [], []
    for train, test in folds:
        assert not set(train) & set(test)
        assert sorted([*train, *test]) == list(range(len(frames)))
        assert not set(subject[train]) & set(subject[test])
        assert set(frames["label"].to_numpy()[train]) == {0, 1}
        held_out = set(subject[test])
        assert set(np.flatnonzero(np.isin(subject, list(held_out)))) == set(test)
        patients += sorted({s for s in held_out if s.startswith("p")})
        healthy.append(sorted(s for s in held_out if s.startswith("h")))
        assert (group[test] == "patient").any()
    assert sorted(patients) == sorted(set(subject[group == "patient"]))
    counts = [len(h) for h in healthy]
    assert min(counts) >= 1
    assert max(counts) - min(counts) <= 1
    tested = [s for fold in healthy for s in fold]
    assert set(tested) == set(subject[group == "healthy"])
    times = [tested.count(s) for s in set(tested)]
    assert max(times) - min(times) <= 1
    if n_healthy >= n_patients:
        assert max(times) == 1
    again = list(leave_one_patient_out(frames, seed=seed))
    assert all(np.array_equal(a, b) for x, y in zip(folds, again, strict=True) for a, b in zip(x, y, strict=True))


@settings(max_examples=60, deadline=None)
@given(n_patients=sizes, n_healthy=sizes, seed=st.integers(0, 10**6), n_portraits=st.integers(2, 6))
def test_both_sides_never_share_a_portrait(n_patients: int, n_healthy: int, seed: int, n_portraits: int) -> None:
    frames = table(n_patients, n_healthy, seed, n_portraits)
    assume(frames["portrait"].nunique() > 1)
    try:
        folds = list(leave_one_patient_out(frames, seed=seed))
    except SplitError:
        assume(False)
    portrait, subject = frames["portrait"].to_numpy(), frames["subject_id"].to_numpy()
    for train, test in folds:
        assert not set(portrait[train]) & set(portrait[test])
        assert not set(subject[train]) & set(subject[test])
        left_out = np.setdiff1d(np.arange(len(frames)), [*train, *test])
        assert set(portrait[left_out]) <= set(portrait[test])


def test_two_portraits_in_both_groups_can_be_split() -> None:
    rows = [
        (f"{group[0]}{i}", group, int(group == "patient"), "ab"[i % 2])
        for group in ("patient", "healthy")
        for i in range(6)
    ]
    frames = pd.DataFrame(rows, columns=["subject_id", "group", "label", "portrait"])
    for seed in range(20):
        for train, test in leave_one_patient_out(frames, seed=seed):
            assert frames["portrait"].iloc[test].nunique() == 1
            assert len(train) == 6


def test_one_portrait_for_all_drops_nothing() -> None:
    frames = table(4, 4, n_portraits=1)
    assert all(len(train) + len(test) == len(frames) for train, test in leave_one_patient_out(frames, seed=0))


def test_the_papers_21_folds_and_another_deal_by_another_seed() -> None:
    frames = table(21, 20)
    deals = [[tuple(test) for _, test in leave_one_patient_out(frames, seed=s)] for s in (0, 1)]
    assert len(deals[0]) == 21
    assert deals[0] != deals[1]


def _change(**columns: object) -> pd.DataFrame:
    return table(3, 3).assign(**columns)


def _both_groups() -> pd.DataFrame:
    frames = table(3, 3)
    frames.loc[frames["subject_id"] == "h0", "subject_id"] = "p0"
    return frames


def _one_palsy_only() -> pd.DataFrame:
    frames = table(3, 3)
    frames.loc[frames["subject_id"] != "p1", "label"] = 0
    return frames


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        (_change(group="patient"), "0 healthy subject"),
        (_change(group="healthy", label=0), "0 patient subject"),
        (table(1, 5), "1 patient subject"),
        (table(5, 1), "1 healthy subject"),
        (_both_groups(), "p0 stands in both groups"),
        (_one_palsy_only(), "without p1 .* 0 of 1; both labels"),
        (_change(label=0), "both labels are needed"),
        (_change(label=2), "label is 1"),
        (_change(group="control"), "unknown group 'control'"),
        (_change(subject_id=None), r"\d+ of \d+ frames name no subject"),
        (_change(subject_id=" "), "name no subject"),
        (table(3, 3).drop(columns="group"), "lacks group"),
        (_change(portrait=[str(i) for i in range(len(table(3, 3)))], label=1), "healthy subject .* labelled palsy"),
    ],
)
def test_what_cannot_be_split_is_refused(frames: pd.DataFrame, message: str) -> None:
    with pytest.raises(SplitError, match=message):
        list(leave_one_patient_out(frames, seed=0))


def test_a_simulated_twin_is_tested_with_its_patient_and_never_trains_against_it() -> None:
    frames = table(4, 4)
    frames["pair"] = frames["subject_id"].str[1:].astype(int)
    for split in ("leave-one-patient-out", "leave-one-subject-out", "2-fold"):
        for train, test in make_folds(frames, split, seed=3):
            assert not set(frames["pair"].iloc[train]) & set(frames["pair"].iloc[test])
    for _, test in make_folds(frames, "leave-one-patient-out", seed=3):
        assert frames["pair"].iloc[test].nunique() == 1


def test_a_training_side_emptied_by_portraits_says_so() -> None:
    frames = table(2, 2)
    frames["portrait"] = np.where(frames["subject_id"].isin(["p0", "h0"]), "a", "b")
    frames.loc[frames["subject_id"] == "h1", "portrait"] = "a"
    with pytest.raises(SplitError, match="once frames of the same portrait or simulated pair are left out"):
        list(leave_one_patient_out(frames, seed=0))


@settings(max_examples=60, deadline=None)
@given(
    n_patients=sizes,
    n_healthy=sizes,
    seed=st.integers(0, 10**6),
    n_portraits=st.integers(0, 6),
    split=st.sampled_from(["leave-one-patient-out", "leave-one-subject-out", "2-fold", "5-fold"]),
)
def test_no_subject_is_ever_on_both_sides(
    n_patients: int, n_healthy: int, seed: int, n_portraits: int, split: str
) -> None:
    frames = table(n_patients, n_healthy, seed, n_portraits)
    try:
        folds = make_folds(frames, split, seed=seed)
    except SplitError:
        assume(False)
    subject, portrait = frames["subject_id"].to_numpy(), frames["portrait"].to_numpy()
    several = frames["portrait"].nunique() > 1
    for train, test in folds:
        assert not set(subject[train]) & set(subject[test])
        assert not several or not set(portrait[train]) & set(portrait[test])
        assert set(frames["label"].to_numpy()[train]) == {0, 1}
        if not several:
            assert sorted([*train, *test]) == list(range(len(frames)))
    tested = np.concatenate([test for _, test in folds])
    if split != "leave-one-patient-out":
        assert sorted(tested) == list(range(len(frames)))  # each frame once
    assert set(subject[tested]) == set(subject)


def test_a_fold_a_subject_and_folds_of_both_groups() -> None:
    frames = table(7, 9)
    assert len(make_folds(frames, "leave-one-subject-out", seed=0)) == 16
    folds = make_folds(frames, "3-fold", seed=0)
    for _, test in folds:
        held_out = frames.iloc[test].groupby("group")["subject_id"].nunique()
        assert 2 <= held_out["patient"] <= 3
        assert held_out["healthy"] == 3
    other = make_folds(frames, "3-fold", seed=1)
    assert any(not np.array_equal(a, b) for (_, a), (_, b) in zip(folds, other, strict=True))


@pytest.mark.parametrize("split", ["1-fold", "0-fold", "leave-one-out", "fold", "-3-fold", ""])
def test_an_unknown_split_says_what_is_known(split: str) -> None:
    with pytest.raises(SplitError, match="known: leave-one-patient-out, leave-one-subject-out, or two folds"):
        make_folds(table(3, 3), split, seed=0)


def test_more_folds_than_subjects_are_refused() -> None:
    with pytest.raises(SplitError, match="5-fold asks for 5 subjects or more of each group, one has 4"):
        make_folds(table(4, 9), "5-fold", seed=0)
