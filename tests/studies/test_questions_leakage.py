"""Each kind of leakage that can be put in is found; in a cohort without any nothing is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

from facialis.cohorts.cohort import Cohort
from facialis.cohorts.writing import write_cohort
from facialis.models.inputs import Inputs
from facialis.studies.questions import leakage, sides, telling
from facialis.studies.questions.question import Answer, Asking
from facialis.studies.questions.sides import FOUND, NOT_FOUND, TITLES, UNKNOWN
from facialis.studies.splits import Folds, make_folds
from facialis.studies.training import Answers, run_fold
from tests.studies.conftest import frames_of

N = 8


def planted(
    folder: Path, change: Callable[[pd.DataFrame, dict[str, Any]], None] = lambda frames, arrays: None
) -> Cohort:
    """8 + 8 subjects with 2 frames of noise each, in which something is changed."""
    rng = np.random.default_rng(2)
    frames = frames_of(N, N, 2).assign(height=400, width=400, portrait="", sex=["f", "f", "m", "m"] * N)
    frames["source"] = ["one", "one", "two", "two"] * N
    frames["content_hash"] = [f"{k:032x}" for k in range(len(frames))]
    frames["picture_hash"] = [rng.bytes(16).hex() for _ in range(len(frames))]
    arrays: dict[str, Any] = {"measures": rng.normal(size=(len(frames), 29))}
    change(frames, arrays)
    return write_cohort(folder / "cohort", frames, arrays, {"simulated": True})


def folds_of(frames: pd.DataFrame) -> Folds:
    return make_folds(frames, "4-fold", seed=0)


def sheet(answer: Answer) -> dict[str, str]:
    rows = answer.sheets["Model-info sheet"]
    assert [row["leakage"] for row in rows] == list(TITLES.values())
    return {row["kind"]: row["verdict"] for row in rows}


def asking(cohort: Cohort, folder: Path) -> Asking:
    return Asking(cohort, folder / "out", split="4-fold", n_bootstrap=100)


def test_nothing_is_found_where_nothing_leaks(tmp_path: Path) -> None:
    answer = leakage.ask(asking(planted(tmp_path), tmp_path))
    verdicts = sheet(answer)
    assert verdicts.pop("L3.1") == UNKNOWN
    assert set(verdicts.values()) == {NOT_FOUND}
    as_is, shuffled = answer.figures
    assert as_is.low is not None
    assert shuffled.low is not None
    assert shuffled.low < 0.5 < (shuffled.high or 0.0)
    assert "simulated" in answer.sentences[0]
    assert answer.write(tmp_path / "out").is_file()


def scaled_on_all(
    recipe: Any, inputs: Inputs, frames: Any, train: Any, test: Any, encoder: Any, **options: Any
) -> Answers:
    """Standardises on training and test frames together."""
    array = np.asarray(inputs.arrays["measures"])
    scaled = Inputs({"measures": (array - array.mean(axis=0)) / array.std(axis=0)})
    return run_fold(recipe, scaled, frames, train, test, encoder, **options)


def selected_on_all(
    recipe: Any, inputs: Inputs, frames: Any, train: Any, test: Any, encoder: Any, **options: Any
) -> Answers:
    """Takes the five numbers that go best with the labels of training and test frames together."""
    array, label = np.asarray(inputs.arrays["measures"]), frames["label"]
    gap = np.abs(array[label == 1].mean(axis=0) - array[label == 0].mean(axis=0)) / array.std(axis=0)
    best = Inputs({"measures": array[:, np.argsort(gap)[-5:]]})
    return run_fold(recipe, best, frames, train, test, encoder, **options)


@pytest.mark.parametrize(("run", "kind"), [(scaled_on_all, "L1.2"), (selected_on_all, "L1.3")])
def test_fitting_that_sees_the_test_side(tmp_path: Path, run: Any, kind: str) -> None:
    answer = leakage.examine(asking(planted(tmp_path), tmp_path), folds_of, run)
    verdicts = sheet(answer)
    assert verdicts["L1.2"] == FOUND
    assert verdicts[kind] == FOUND
    assert any(sentence.startswith(f"On simulated faces: {kind}") for sentence in answer.sentences)


def test_subjects_on_both_sides_raise_the_figure_of_shuffled_groups(tmp_path: Path) -> None:
    def alike(frames: pd.DataFrame, arrays: dict[str, Any]) -> None:
        arrays["measures"] = np.repeat(arrays["measures"][::2], 2, axis=0) + 0.01 * arrays["measures"]

    def by_frame(frames: pd.DataFrame) -> Folds:
        return list(KFold(4, shuffle=True, random_state=0).split(frames))

    cohort = planted(tmp_path, alike)
    answer = leakage.examine(asking(cohort, tmp_path), by_frame)
    verdicts = sheet(answer)
    assert verdicts["L3.2"] == FOUND
    assert verdicts["L1.3"] == FOUND
    assert verdicts["L1.1"] == NOT_FOUND


def test_a_test_frame_that_trains(tmp_path: Path) -> None:
    frames = planted(tmp_path).frames
    folds = folds_of(frames)
    assert sides.test_set(frames, folds).verdict == NOT_FOUND
    train, test = folds[0]
    found = sides.test_set(frames, [(np.append(train, test[0]), test), *folds[1:]])
    assert found.verdict == FOUND
    assert "1 frames train and test" in found.evidence


def test_pictures_and_landmarks_on_both_sides(tmp_path: Path) -> None:
    def same(frames: pd.DataFrame, arrays: dict[str, Any]) -> None:
        frames.loc[20, "content_hash"] = frames.loc[0, "content_hash"]
        frames.loc[22, "picture_hash"] = frames.loc[2, "picture_hash"][:-1] + "0"
        arrays["measures"][24] = arrays["measures"][4]

    cohort = planted(tmp_path, same)
    folds: Folds = [(np.arange(16, 32), np.arange(16)), (np.arange(16), np.arange(16, 32))]
    found = sides.duplicates(cohort, folds)
    assert found.verdict == FOUND
    assert "2 with the same pixels, 2 with nearly the same picture" in found.evidence
    assert "2 with bit-identical measures" in found.evidence


@pytest.mark.parametrize("column", ["measures", "height"])
def test_inputs_and_columns_that_tell_the_group(tmp_path: Path, column: str) -> None:
    def tell(frames: pd.DataFrame, arrays: dict[str, Any]) -> None:
        if column == "height":
            frames["height"] += 3 * frames["label"] + np.arange(len(frames)) % 3
        else:
            arrays["measures"][:, 7] = frames["label"]

    for name, change in (("clean", lambda frames, arrays: None), ("told", tell)):
        cohort = planted(tmp_path / name, change)
        found = telling.illegitimate(cohort, Inputs({"measures": cohort.array("measures")}))
        assert found.verdict == (FOUND if name == "told" else NOT_FOUND)
        if name == "told":
            assert ("measures[7]" if column == "measures" else "height (AUC ") in found.evidence


def test_training_on_what_was_recorded_later(tmp_path: Path) -> None:
    frames = planted(tmp_path).frames.assign(date=pd.date_range("2020-01-01", periods=4 * N).strftime("%Y-%m-%d"))
    first, last = np.arange(16), np.arange(16, 32)
    assert sides.temporal(frames, [(first, last)]).verdict == NOT_FOUND
    assert sides.temporal(frames, [(first, last), (last, first)]).evidence.startswith("In 1 of 2 folds")
    assert sides.temporal(frames.assign(date=pd.to_datetime(frames["date"])), [(last, first)]).verdict == FOUND
    assert sides.temporal(frames.assign(date=2000 + np.arange(4 * N)), [(last, first)]).verdict == FOUND
    assert sides.temporal(frames.assign(date="unknown"), [(last, first)]).verdict == UNKNOWN


def test_portraits_pairs_and_videos_on_both_sides(tmp_path: Path) -> None:
    frames = planted(tmp_path).frames
    folds = folds_of(frames)
    assert sides.dependence(frames, folds).verdict == NOT_FOUND
    for column, value in (("portrait", "a"), ("pair", 1), ("path", "film.mp4")):
        found = sides.dependence(frames.assign(video_frame=0 if column == "path" else -1, **{column: value}), folds)
        assert found.verdict == FOUND, column


def test_groups_from_sources_of_their_own_and_other_people(tmp_path: Path) -> None:
    def yfp_and_ckplus(frames: pd.DataFrame, arrays: dict[str, Any]) -> None:
        frames["source"] = frames["group"].map({"patient": "yfp", "healthy": "ckplus"})

    def others(frames: pd.DataFrame, arrays: dict[str, Any]) -> None:
        frames["sex"] = frames["group"].map({"patient": "f", "healthy": "m"})

    assert telling.sampling(planted(tmp_path / "clean")).verdict == NOT_FOUND
    two = planted(tmp_path / "two", yfp_and_ckplus)
    found = telling.sampling(two)
    assert found.verdict == FOUND
    assert "yfp (8 patients, 0 healthy)" in found.evidence
    assert "source (Cramér's V 1.00)" in telling.illegitimate(two, Inputs({"measures": two.array("measures")})).evidence
    assert "sex (Cramér's V 1.00) tell" in telling.sampling(planted(tmp_path / "others", others)).evidence
