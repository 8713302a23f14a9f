"""Leave one patient out: properties that hold for any cohort, and cohorts that are refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from facialis.errors import SplitError
from facialis.studies.splits import (
    check_split,
    frame_origins,
    leave_one_patient_out,
    make_folds,
    own_frames_without_palsy,
)


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
        (_change(label=2), "^a frame's label is 1"),
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
    why = "once frames of the same portrait or simulated pair are left out"
    with pytest.raises(SplitError, match=rf"of labels \d of 0, \d of 1 {why}; both .*: add subjects or portraits$"):
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


@pytest.mark.parametrize("frames", [table(4, 9), table(9, 4)])
def test_more_folds_than_subjects_are_refused(frames: pd.DataFrame) -> None:
    with pytest.raises(SplitError, match="5-fold asks for 5 subjects or more of each group, one has 4"):
        make_folds(frames, "5-fold", seed=0)


def test_as_many_folds_as_subjects_of_a_group_can_be_made() -> None:
    assert len(make_folds(table(4, 9), "4-fold", seed=0)) == 4


@pytest.mark.parametrize("split", ["leave-one-patient-out", "leave-one-subject-out", "2-fold", "9-fold", "10-fold"])
def test_a_known_split_is_returned(split: str) -> None:
    assert check_split(split) == split


@pytest.mark.parametrize("split", ["leave-one-patient-out", "3-fold"])
def test_a_seed_gives_the_same_folds_again(split: str) -> None:
    frames = table(6, 8)
    first, again = (make_folds(frames, split, seed=5) for _ in range(2))
    assert [[side.tolist() for side in fold] for fold in first] == [[side.tolist() for side in fold] for fold in again]


def test_a_line_counts_what_is_wrong() -> None:
    frames = table(3, 3)
    frames.loc[[0, 2], "subject_id"] = [None, "  "]
    with pytest.raises(SplitError, match=rf"^2 of {len(frames)} frames name no subject; give each a subject_id$"):
        make_folds(frames, seed=0)
    with pytest.raises(SplitError, match="^the table of frames lacks group, label; "):
        make_folds(frames.drop(columns=["group", "label"]), seed=0)
    with pytest.raises(SplitError, match=r"^h0 stands in both groups \(2 such\)"):
        both = pd.concat([table(3, 3), table(3, 3).query("subject_id in ('h0', 'h1')").assign(group="patient")])
        make_folds(both, seed=0)


def test_one_healthy_frame_labelled_palsy_is_told_by_its_subject() -> None:
    frames = table(3, 3)
    frames.loc[frames.index[frames["subject_id"] == "h1"][0], "label"] = 1
    with pytest.raises(SplitError, match="^healthy subject h1 has frames labelled palsy; "):
        make_folds(frames, seed=0)


@pytest.mark.parametrize(
    ("split", "n_healthy", "told", "left"),
    [
        ("leave-one-subject-out", 4, "p0", 6),
        ("leave-one-patient-out", 2, r"p0 and h\d", 3),
        ("leave-one-patient-out", 4, r"p0 and h\d, h\d", 4),
    ],
)
def test_a_training_side_without_a_label_says_without_whom_and_what_is_left(
    split: str, n_healthy: int, told: str, left: int
) -> None:
    frames = pd.DataFrame({"subject_id": ["p0", "p1", "p1", *(f"h{i}" for i in range(n_healthy))]})
    frames["label"] = (frames["subject_id"] == "p0").astype(int)
    frames["group"] = np.where(frames["subject_id"].str[0] == "p", "patient", "healthy")
    frames["portrait"] = frames["subject_id"]  # everyone their own: no portrait is to blame
    line = f"^without {told} the training side has frames of labels {left} of 0, 0 of 1; both labels .*: add subjects$"
    with pytest.raises(SplitError, match=line):
        make_folds(frames, split, seed=0)


def test_two_whose_portraits_are_not_known_do_not_share_one() -> None:
    rows = [("p0", "a"), ("p0", None), ("p1", "b"), ("h0", "a"), ("h1", None)]
    frames = pd.DataFrame(rows, columns=["subject_id", "portrait"])
    frames["group"] = np.where(frames["subject_id"].str[0] == "p", "patient", "healthy")
    frames["label"] = (frames["group"] == "patient").astype(int)
    for seed in range(10):
        (_, first), (train, _) = leave_one_patient_out(frames, seed=seed)
        assert set(frames["subject_id"].iloc[first]) == {"p0", "h0"}  # of one portrait
        assert set(frames["subject_id"].iloc[train]) == {"p0", "h0"}


# Patients alone, whose frames without palsy are the negatives.


def patients(n: int) -> pd.DataFrame:
    rows = [(f"p{i}", label) for i in range(n) for label in (1, 0, 1)]
    return pd.DataFrame(rows, columns=["subject_id", "label"]).sample(frac=1, random_state=1).reset_index(drop=True)


def test_of_patients_alone_each_is_held_out_once_in_the_order_of_the_table() -> None:
    frames = patients(4)
    folds = list(own_frames_without_palsy(frames))
    assert [set(frames["subject_id"].iloc[test]) for _, test in folds] == [{p} for p in frames["subject_id"].unique()]
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(len(frames)))


def test_of_patients_alone_portraits_are_kept_apart_too() -> None:
    frames = patients(4)
    frames["portrait"] = frames["subject_id"].map({"p0": "a", "p1": "a", "p2": "b", "p3": "c"})
    for train, test in own_frames_without_palsy(frames):
        assert not set(frames["portrait"].iloc[train]) & set(frames["portrait"].iloc[test])


def test_one_patient_alone_is_refused_and_two_are_not() -> None:
    assert len(list(own_frames_without_palsy(patients(2)))) == 2
    with pytest.raises(SplitError, match=r"^1 patient\(s\); two or more are needed"):
        list(own_frames_without_palsy(patients(1)))


def test_patients_alone_without_frames_free_of_palsy_are_refused() -> None:
    with pytest.raises(SplitError, match=r"^without p\d the training side has frames of labels 0 of 0, 6 of 1"):
        list(own_frames_without_palsy(patients(3).assign(label=1)))


# What a frame was made from.


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, ["", "", ""]),
        ({"portrait": ["a", None, "b"]}, ["a", "", "b"]),
        ({"portrait": ["a", None, "a"]}, ["", "", ""]),
        ({"portrait": ["a", "a", "a"], "pair": [1, 2, 2]}, ["1", "2", "2"]),
        ({"portrait": ["a", "b", "b"], "pair": [1, 2, 3]}, ["a", "b", "b"]),
        ({"pair": [7, 7, 7]}, ["", "", ""]),
    ],
)
def test_a_frame_is_of_its_portrait_or_pair_where_there_are_several(columns: dict, expected: list[str]) -> None:
    origins = frame_origins(pd.DataFrame({"subject_id": ["x", "y", "z"], **columns}))
    assert origins.tolist() == expected
    assert origins.dtype == object
