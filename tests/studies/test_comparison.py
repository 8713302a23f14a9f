"""Paired permutation over subjects against one written out, and Holm by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from facialis.studies.comparison import compare, holm
from facialis.studies.metrics import score


def row(right: float, seed: int, n_folds: int = 3, n_frames: int = 4) -> pd.DataFrame:
    """A patient and a healthy subject a fold."""
    rng = np.random.default_rng(seed)
    rows = [
        (k, f"{subject}-{i}", subject, label)
        for k in range(n_folds)
        for subject, label in ((f"p{k}", 1), (f"h{k}", 0))
        for i in range(n_frames)
    ]
    table = pd.DataFrame(rows, columns=["fold", "frame_id", "subject_id", "label"])
    called = np.where(rng.random(len(table)) < right, table["label"], 1 - table["label"])
    return table.assign(predicted=called)


def mean_f1(table: pd.DataFrame, predicted: np.ndarray) -> float:
    scores = [score(table["label"][table["fold"] == k], predicted[table["fold"] == k]).f1 for k in range(3)]
    return float(np.nanmean(scores))


def test_the_exact_test_equals_all_swaps_written_out() -> None:
    first, second = row(0.9, 0), row(0.5, 1)
    subjects = first["subject_id"].to_numpy()
    a, b = first["predicted"].to_numpy(), second["predicted"].to_numpy()
    found = []
    for swaps in itertools.product((False, True), repeat=6):
        swapped = np.isin(subjects, np.unique(subjects)[list(swaps)])
        found.append(mean_f1(first, np.where(swapped, b, a)) - mean_f1(first, np.where(swapped, a, b)))
    difference, p = compare(first, second.sample(frac=1, random_state=0), seed=0)
    assert difference == pytest.approx(found[0])
    low, high = (np.mean(np.array(found) <= found[0] + 1e-12), np.mean(np.array(found) >= found[0] - 1e-12))
    assert p == pytest.approx(min(1.0, 2 * min(low, high)))


def test_equal_rows_differ_by_nothing_and_a_better_one_by_much() -> None:
    same = row(0.8, 2, 12)
    assert compare(same, same, seed=0) == (0.0, 1.0)
    difference, p = compare(row(0.98, 3, 12), row(0.5, 4, 12), seed=0)
    assert difference > 0.3
    assert p < 0.01
    assert compare(row(0.5, 4, 12), row(0.98, 3, 12), seed=0)[0] == pytest.approx(-difference)


def test_rows_of_other_frames_are_refused() -> None:
    with pytest.raises(ValueError, match="same frames in the same folds"):
        compare(row(0.9, 0), row(0.9, 0, n_frames=3), seed=0)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.6]) == [1.0, 1.0]
    assert holm([]) == []
