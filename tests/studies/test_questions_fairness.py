"""A disparity that was put in is found with its interval; where there is none, none is; small groups are named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facialis.cohorts.writing import write_cohort
from facialis.studies.metrics import score as frame_score
from facialis.studies.questions.fairness import ask, described, score
from facialis.studies.questions.question import Answer, Asking
from facialis.studies.questions.tables import predictions
from facialis.studies.recipes import RECIPES
from tests.studies.conftest import frames_of

N = 24


def asking(folder: Path, unseen: bool) -> Asking:
    """24 + 24 subjects; nothing tells the palsy of women (`unseen`); one healthy subject is neither woman nor man."""
    frames = frames_of(N, N, 2).assign(age=30 + np.arange(4 * N) // 2 % 40)
    rng = np.random.default_rng(4)
    sex = np.where(np.arange(4 * N) // 2 % 2 == 0, "female", "male")
    sex[-2:] = "other"
    signal = 4.0 * frames["label"].to_numpy() * ((not unseen) | (sex != "female"))
    measures = rng.normal(size=(len(frames), 29)) + signal[:, None] * (np.arange(29) < 3)
    cohort = write_cohort(folder / "cohort", frames.assign(sex=sex), {"measures": measures}, {"simulated": True})
    return Asking(cohort, folder / "out", split="4-fold", n_bootstrap=400)


def values(answer: Answer, metric: str) -> dict[str, float | None]:
    return {f.what: f.value for f in answer.figures if f.figure.startswith(metric)}


@pytest.mark.parametrize("unseen", [True, False])
def test_a_disparity_is_found_where_there_is_one(tmp_path: Path, unseen: bool) -> None:
    asked = asking(tmp_path, unseen)
    answer = ask(asked)
    recall = values(answer, "recall")
    (apart,) = (f for f in answer.figures if f.figure == "difference of recall, % points" and "female" in f.what)
    assert apart.value is not None
    assert apart.low is not None
    assert apart.high is not None
    assert apart.low <= apart.value <= apart.high
    assert ("recall of sex: female" in answer.sentences[0]) == unseen == (apart.high < 0)
    assert "simulated" in answer.sentences[0]
    table = predictions(asked, RECIPES["measures-logistic"]).merge(described(asked.cohort.frames), on="frame_id")
    women = table[table["sex"] == "female"]
    assert recall["sex: female"] == pytest.approx(100 * frame_score(women["label"], women["predicted"]).recall)
    assert values(answer, "F1")["all"] == pytest.approx(100 * frame_score(table["label"], table["predicted"]).f1)


def test_small_groups_and_missing_columns_are_named(tmp_path: Path) -> None:
    answer = ask(asking(tmp_path, unseen=False))
    other = next(f for f in answer.figures if f.what == "sex: other")
    assert (other.value, other.n_subjects, other.n_frames) == (None, 1, 2)
    assert "too small to be judged: 0 patients, 1 healthy" in other.note
    assert any("sex: other (0 + 1 subjects)" in sentence for sentence in answer.sentences)
    assert any(note.endswith("skin_tone, source, site.") for note in answer.notes)
    assert {"age_band: 0 to 39", "age_band: 40 to 59", "age_band: 60 and over"} <= set(values(answer, "F1"))


def test_intervals_are_wider_for_fewer_subjects(tmp_path: Path) -> None:
    asked = asking(tmp_path, unseen=True)
    table = predictions(asked, RECIPES["measures-logistic"])
    few = table[table["subject_id"].isin([f"{kind}{k:02d}" for kind in "ph" for k in range(6)])]
    spread = [np.std(score("", part, 0, 400).figures["recall"][1]) for part in (table, few)]
    assert spread[1] > 1.5 * spread[0]
