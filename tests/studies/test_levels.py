"""Frames become sequences and subjects by mean logit; a frame without a face is a wrong answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facialis.studies.levels import aggregate, with_unusable


def table() -> pd.DataFrame:
    rows = [
        # fold, subject, group, sequence, label, logits, threshold
        (0, "p0", "patient", "a", 1, 0.0, 3.0, 0.5),
        (0, "p0", "patient", "a", 1, 0.0, -1.0, 0.5),
        (0, "p0", "patient", "b", 0, 1.0, 0.0, 0.5),
        (0, "h0", "healthy", "a", 0, 0.0, -2.0, 0.5),
        (0, "h0", "healthy", "a", 0, 0.0, 1.0, 0.5),
        (1, "h0", "healthy", "a", 0, 0.0, 2.0, 0.5),
    ]
    names = ["fold", "subject_id", "group", "sequence", "label", "logit_no_palsy", "logit_palsy", "threshold"]
    made = pd.DataFrame(rows, columns=names)
    made["frame_id"] = [f"f{k}" for k in range(len(made))]
    return made.assign(predicted=(made["logit_palsy"] > made["logit_no_palsy"]).astype(int))


def test_subjects_and_sequences_by_mean_logit() -> None:
    subjects = aggregate(table(), "subject").set_index(["fold", "subject_id"])
    assert subjects.loc[(0, "p0"), "label"] == 1
    assert subjects.loc[(0, "p0"), "predicted"] == 1  # mean logits 1/3 and 2/3
    assert subjects.loc[(0, "p0"), "probability"] == pytest.approx(1 / (1 + np.exp(-1 / 3)))
    assert subjects.loc[(0, "h0"), "predicted"] == 0
    assert subjects.loc[(1, "h0"), "predicted"] == 1  # each fold's model by itself
    sequences = aggregate(table(), "sequence").set_index(["fold", "subject_id", "sequence"])
    assert sequences.loc[(0, "p0", "b"), ["label", "predicted", "n_frames"]].tolist() == [0, 0, 1]
    assert sequences.loc[(0, "p0", "a"), ["label", "predicted", "n_frames"]].tolist() == [1, 1, 2]
    assert aggregate(table(), "frame")["predicted"].tolist() == table()["predicted"].tolist()


def test_the_folds_threshold_decides_where_the_recipe_says_so() -> None:
    strict = table().assign(threshold=0.9)
    assert aggregate(strict, "subject", argmax=False)["predicted"].sum() == 0
    assert aggregate(strict, "subject", argmax=True)["predicted"].sum() == 2


def test_frames_without_a_face_are_wrong_in_each_fold_of_their_subject() -> None:
    unusable = pd.DataFrame(
        {
            "subject_id": ["p0", "h0", "p9"],
            "group": ["patient", "healthy", "patient"],
            "label": [1, 0, 1],
            "reason": "no face",
        }
    )
    whole = with_unusable(table(), unusable)
    assert len(whole) == 6 + 1 + 2 + 1
    added = whole.iloc[6:]
    assert (added["predicted"] != added["label"]).all()
    assert sorted(added.loc[added["subject_id"] == "h0", "fold"]) == [0, 1]
    assert added.loc[added["subject_id"] == "p9", "fold"].tolist() == [2]  # in no fold: one of its own
    assert with_unusable(table(), pd.DataFrame()).equals(table())
