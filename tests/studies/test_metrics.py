"""Scores by hand, undefined ones named, and the bootstrap against a slow one written out."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facialis.studies.metrics import (
    METRICS,
    Score,
    best_threshold,
    bootstrap,
    confusion,
    draw_subjects,
    rates,
    score,
    summarise,
)

bits = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40)


@given(pairs=bits)
def test_score_equals_its_definition(pairs: list[tuple[bool, bool]]) -> None:
    hit = sum(y and p for y, p in pairs)
    called, palsy = sum(p for _, p in pairs), sum(y for y, _ in pairs)
    ours = score([int(y) for y, _ in pairs], [int(p) for _, p in pairs])
    assert ours.precision == pytest.approx(hit / called if called else math.nan, nan_ok=True)
    assert ours.recall == pytest.approx(hit / palsy if palsy else math.nan, nan_ok=True)
    assert ours.f1 == pytest.approx(2 * hit / (called + palsy) if called + palsy else math.nan, nan_ok=True)


def test_rates_of_counts_equal_score() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        y, p = rng.integers(0, 2, 6), rng.integers(0, 2, 6)
        counts = confusion(np.zeros(6, int), np.zeros(6, int), y, p)[0, 0]
        ours, ref = rates(counts), score(y, p)
        np.testing.assert_allclose(ours, [getattr(ref, m) for m in METRICS])


def test_confusion_counts_subjects_folds_and_the_four_outcomes() -> None:
    rows = [  # fold, subject, label, called
        (0, "b", 1, 1), (0, "b", 1, 1), (0, "b", 1, 0), (0, "a", 0, 1),
        (1, "a", 0, 0), (1, "a", 0, 0), (1, "a", 0, 0), (1, "c", 1, 0),
    ]  # fmt: skip
    counts = confusion(*(np.array(column) for column in zip(*rows, strict=True)))
    assert counts.tolist() == [
        [[0, 1, 0, 0], [0, 0, 0, 3]],
        [[2, 0, 1, 0], [0, 0, 0, 0]],
        [[0, 0, 0, 0], [0, 0, 1, 0]],
    ]


def predictions(seed: int = 0) -> dict[str, np.ndarray]:
    """Five folds: a patient and a healthy subject each, three healthy subjects in all, four frames a subject."""
    rng = np.random.default_rng(seed)
    rows = [(k, s, k_is) for k in range(5) for s, k_is in ((f"p{k}", 1), (f"h{k % 3}", 0)) for _ in range(4)]
    label = np.array([y for *_, y in rows])
    called = np.where(rng.random(len(rows)) < 0.75, label, 1 - label)
    return {
        "folds": np.array([k for k, *_ in rows]),
        "subjects": np.array([s for _, s, _ in rows]),
        "patients": label == 1,
        "labels": label,
        "predicted": called,
    }


def test_a_fold_without_a_positive_call_is_named_and_left_out() -> None:
    data = predictions()
    data["predicted"][data["folds"] == 2] = 0
    summary = summarise(**data, seed=0, n_bootstrap=100)
    assert summary.undefined == {"f1": (), "precision": (2,), "recall": ()}
    assert math.isnan(summary.folds[2].precision)
    assert summary.folds[2].f1 == 0.0
    known = [s.precision for k, s in enumerate(summary.folds) if k != 2]
    assert summary.mean.precision == pytest.approx(np.mean(known))
    assert summary.pooled == score(data["labels"], data["predicted"])


def test_every_fold_is_scored_by_itself() -> None:
    data = predictions()
    summary = summarise(**data, seed=0, n_bootstrap=1)
    every = [score(data["labels"][data["folds"] == k], data["predicted"][data["folds"] == k]) for k in range(5)]
    assert list(summary.folds) == every


def test_the_intervals_are_the_quantiles_of_the_draws_by_group() -> None:
    data = predictions(4)
    summary = summarise(**data, seed=3, n_bootstrap=200, level=0.9)
    counts = confusion(data["folds"], data["subjects"], data["labels"], data["predicted"])
    of_patient = np.char.startswith(np.unique(data["subjects"]), "p")
    mean, pooled = bootstrap(counts, of_patient, seed=3, n_bootstrap=200)
    for i, metric in enumerate(METRICS):
        assert summary.intervals[metric] == pytest.approx(np.quantile(mean[:, i], (0.05, 0.95)))
        assert summary.pooled_intervals[metric] == pytest.approx(np.quantile(pooled[:, i], (0.05, 0.95)))
    assert summary.intervals != summary.pooled_intervals


def test_patients_may_be_told_by_0_and_1() -> None:
    data = predictions(4)
    as_numbers = {**data, "patients": data["patients"].astype(int)}
    assert summarise(**as_numbers, seed=0, n_bootstrap=50) == summarise(**data, seed=0, n_bootstrap=50)


def test_what_no_fold_defines_is_nan_and_warns_of_nothing() -> None:
    data = predictions()
    data["predicted"] = np.zeros_like(data["labels"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        summary = summarise(**data, seed=0, n_bootstrap=20)
    assert math.isnan(summary.mean.precision)
    assert summary.undefined["precision"] == (0, 1, 2, 3, 4)
    for interval in (summary.intervals["precision"], summary.pooled_intervals["precision"]):
        assert np.isnan(interval).all()
    assert summary.intervals["recall"] == (0.0, 0.0)


def test_bootstrap_equals_a_slow_one_written_out() -> None:
    data = predictions(3)
    names = np.unique(data["subjects"])
    of_patient = np.char.startswith(names, "p")
    n = 40
    mean, pooled = bootstrap(
        confusion(data["folds"], data["subjects"], data["labels"], data["predicted"]),
        of_patient,
        seed=1,
        n_bootstrap=n,
    )
    rng = np.random.default_rng(1)
    drawn_patients = rng.multinomial(5, np.full(5, 0.2), size=n)
    drawn_healthy = rng.multinomial(3, np.full(3, 1 / 3), size=n)
    for b in range(n):
        times = dict(zip(names[of_patient], drawn_patients[b], strict=True))
        times |= dict(zip(names[~of_patient], drawn_healthy[b], strict=True))
        scores, labels, called = [], [], []
        for patient in names[of_patient]:
            fold = data["folds"][data["subjects"] == patient][0]
            rows = [
                i
                for i in np.flatnonzero(data["folds"] == fold)
                for _ in range(1 if data["patients"][i] else times[data["subjects"][i]])
            ]
            scores += [score(data["labels"][rows], data["predicted"][rows])] * times[patient]
        for i in range(len(data["labels"])):
            labels += [data["labels"][i]] * times[data["subjects"][i]]
            called += [data["predicted"][i]] * times[data["subjects"][i]]
        expected = [np.nanmean([getattr(s, m) for s in scores]) for m in METRICS]
        np.testing.assert_allclose(mean[b], expected)
        np.testing.assert_allclose(pooled[b], [getattr(score(labels, called), m) for m in METRICS])


def test_intervals_follow_the_seed_and_hold_the_mean() -> None:
    data = predictions(4)
    first, again, other = (summarise(**data, seed=s) for s in (0, 0, 1))
    assert first == again
    assert first != other
    for metric in METRICS:
        low, high = first.intervals[metric]
        assert 0 <= low <= getattr(first.mean, metric) <= high <= 1
        low, high = first.pooled_intervals[metric]
        assert low <= getattr(first.pooled, metric) <= high


def test_a_perfect_row_has_an_interval_of_no_width() -> None:
    data = predictions()
    data["predicted"] = data["labels"]
    summary = summarise(**data, seed=0)
    assert summary.mean == summary.pooled == Score(1.0, 1.0, 1.0)
    assert summary.intervals["f1"] == (1.0, 1.0)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=30))
def test_best_threshold_is_the_best_of_all(pairs: list[tuple[bool, int]]) -> None:
    y = np.array([int(y) for y, _ in pairs])
    p = np.array([v / 20 for _, v in pairs])
    ours = best_threshold(y, p)

    def f1(t: float) -> float:
        s = score(y, (p >= t).astype(int)).f1
        return 0.0 if math.isnan(s) else s

    values = np.unique(p)
    every = [0.5, *((values[1:] + values[:-1]) / 2)]
    best = max(f1(t) for t in every)
    assert f1(ours) == pytest.approx(best)
    assert abs(ours - 0.5) <= min(abs(t - 0.5) for t in every if f1(t) >= best - 1e-12) + 1e-9


def test_neighbours_in_single_precision_are_told_apart() -> None:
    below = np.float32(0.7)
    above = np.nextafter(below, np.float32(1))
    assert float(below) < best_threshold([0, 1], np.array([below, above])) < float(above)


def test_bootstrap_of_folds_with_several_patients_equals_a_slow_one() -> None:
    """A fold of several patients counts once, each subject in it as often as drawn; of one subject, as often as it."""
    rng = np.random.default_rng(5)
    tested = [["p0", "p1", "h0", "h1"], ["p2", "p3", "h2"], ["p4"], ["h3"]]
    rows = [(k, s, int(s[0] == "p")) for k, names in enumerate(tested) for s in names for _ in range(5)]
    folds, subjects = np.array([k for k, *_ in rows]), np.array([s for _, s, _ in rows])
    labels = np.array([y for *_, y in rows])
    called = np.where(rng.random(len(rows)) < 0.7, labels, 1 - labels)
    names = np.unique(subjects)
    of_patient = np.char.startswith(names, "p")
    mean, pooled = bootstrap(confusion(folds, subjects, labels, called), of_patient, seed=2, n_bootstrap=30)
    weights = draw_subjects(of_patient, seed=2, n_bootstrap=30)
    assert (weights[:, of_patient].sum(axis=1) == 5).all()
    assert (weights[:, ~of_patient].sum(axis=1) == 4).all()
    for b in range(30):
        times = dict(zip(names, weights[b].astype(int), strict=True))
        figures, counts, every = [], [], []
        for k, inside in enumerate(tested):
            single = len(inside) == 1
            rows_of = [i for i in np.flatnonzero(folds == k) for _ in range(1 if single else times[subjects[i]])]
            fold = score(labels[rows_of], called[rows_of]) if rows_of else Score(math.nan, math.nan, math.nan)
            figures.append([getattr(fold, m) for m in METRICS])
            counts.append(times[inside[0]] if single else 1)
            every += [i for i in np.flatnonzero(folds == k) for _ in range(times[subjects[i]])]
        for i, metric in enumerate(METRICS):
            values = [(f[i], n) for f, n in zip(figures, counts, strict=True) if n and not math.isnan(f[i])]
            assert mean[b, i] == pytest.approx(np.average([v for v, _ in values], weights=[n for _, n in values]))
            assert pooled[b, i] == pytest.approx(getattr(score(labels[every], called[every]), metric))
