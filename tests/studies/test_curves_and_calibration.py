"""Curves and calibration against scikit-learn and against formulas written out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score, roc_curve

from facialis.studies.calibration import calibration
from facialis.studies.curves import DECISIONS, GRID, curves


def answers(seed: int = 0, n_subjects: int = 12, n: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    subjects = np.repeat(np.arange(n_subjects), n)
    labels = (subjects < n_subjects // 2).astype(int)
    return subjects, labels, np.round(np.clip(rng.normal(0.4 + 0.2 * labels, 0.25), 0, 1), 2)


def test_areas_and_roc_are_scikit_learns() -> None:
    subjects, y, p = answers()
    found = curves(subjects, y == 1, y, p, seed=0, n_bootstrap=50)
    assert found["auc"] == pytest.approx(roc_auc_score(y, p), abs=1e-4)
    assert found["average_precision"] == pytest.approx(average_precision_score(y, p), abs=1e-4)
    fpr, tpr, _ = roc_curve(y, p, drop_intermediate=False)
    np.testing.assert_allclose(found["roc"]["y"], np.interp(GRID, fpr, tpr), atol=1e-4)
    low, high = found["auc_interval"]
    assert low < found["auc"] < high
    for x, precision in zip(found["pr"]["x"], found["pr"]["y"], strict=True):
        threshold = max(t for t in np.unique(p) if recall_score(y, p >= t) >= x - 1e-9)
        assert precision == pytest.approx(precision_score(y, p >= threshold), abs=1e-4)


def test_many_thresholds_change_the_area_little() -> None:
    rng = np.random.default_rng(1)
    subjects = np.repeat(np.arange(20), 300)
    y = (subjects < 10).astype(int)
    p = 1 / (1 + np.exp(-rng.normal(1.2 * y)))
    assert curves(subjects, y == 1, y, p, seed=0, n_bootstrap=0)["auc"] == pytest.approx(roc_auc_score(y, p), abs=2e-3)


def test_net_benefit_by_hand_and_bands_around_it() -> None:
    subjects, y, p = answers(2)
    found = curves(subjects, y == 1, y, p, seed=0, n_bootstrap=200)["decision"]
    k = 20
    t = DECISIONS[k]
    called = p >= t
    benefit = (np.sum(called & (y == 1)) - np.sum(called & (y == 0)) * t / (1 - t)) / len(y)
    assert found["y"][k] == pytest.approx(benefit, abs=1e-4)
    assert found["treat_all"][k] == pytest.approx(0.5 - 0.5 * t / (1 - t), abs=1e-4)
    assert found["low"][k] <= found["y"][k] <= found["high"][k]


def test_one_label_alone_has_no_curves() -> None:
    found = curves(["a", "a", "b"], [True] * 3, [1, 1, 1], [0.2, 0.4, 0.6], seed=0, n_bootstrap=5)
    assert found["roc"] is None
    assert found["auc"] is None


@settings(max_examples=60)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 100)), min_size=1, max_size=60))
def test_calibration_by_its_definition(pairs: list[tuple[bool, int]]) -> None:
    y = np.array([int(a) for a, _ in pairs])
    p = np.array([b / 100 for _, b in pairs])
    found = calibration(y, p)
    assert found["brier"] == pytest.approx(np.mean((p - y) ** 2), abs=1e-5)
    bins = [(p * 10).astype(int).clip(0, 9) == k for k in range(10)]
    ece = sum(abs(y[b].mean() - p[b].mean()) * b.sum() for b in bins if b.any()) / len(y)
    assert found["ece"] == pytest.approx(ece, abs=1e-5)
    assert sum(b["n"] for b in found["reliability"]) == len(y)
