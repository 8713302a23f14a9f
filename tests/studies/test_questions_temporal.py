"""Does time help? Asked of simulated sequences, and refused where there is no time."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.cohort import Cohort
from facialis.cohorts.simulated.cohort import simulate_cohort
from facialis.cohorts.simulated.sequences import LAG, RATE
from facialis.errors import CohortError
from facialis.studies.questions import question
from facialis.studies.questions.question import Asking
from facialis.studies.questions.temporal import COUNT, FRAMES, MEAN, NET, SHUFFLED, sequences

MOVEMENTS = "rest,large_smile,brow_raise"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    out = tmp_path_factory.mktemp("sequences") / "cohort"
    return simulate_cohort(out, 6, 6, 24, seed=2, sequences=True, movement=MOVEMENTS)


def test_the_answer_has_every_way_and_the_controls(cohort: Cohort, tmp_path: Path) -> None:
    answer = question("temporal")(Asking(cohort, tmp_path / "out", split="3-fold", n_bootstrap=50))
    written = json.loads(answer.write(tmp_path / "out").read_text())
    values = {f["what"]: f["value"] for f in written["figures"] if f["figure"] == "AUC, sequences"}
    assert {MEAN, FRAMES, NET, SHUFFLED, COUNT} < set(values)
    assert all(0 <= value <= 1 for value in values.values())
    assert values[COUNT] == pytest.approx(0.5, abs=0.2)  # patients and healthy people are filmed alike
    assert values[NET] > 0.6
    assert "simulated" in answer.sentences[0]
    assert {f["n_subjects"] for f in written["figures"]} == {12}
    again = question("temporal")(Asking(cohort, tmp_path / "again", split="3-fold", n_bootstrap=50))
    assert again.figures == answer.figures


def test_sequences_are_a_subjects_frames_of_one_movement_in_time(cohort: Cohort, tmp_path: Path) -> None:
    found = sequences(Asking(cohort, tmp_path))
    assert len(found.rows) == 12 * 3
    assert found.palsy.sum() >= 12
    frames = cohort.frames
    for rows, times in zip(found.rows, found.times, strict=True):
        assert frames.iloc[rows]["subject_id"].nunique() == frames.iloc[rows]["sequence"].nunique() == 1
        assert (np.diff(times) > 0).all()
        assert np.diff(times) == pytest.approx(1 / RATE, abs=1e-6)


def test_the_weak_side_comes_later_and_pairs_share_the_rest(cohort: Cohort) -> None:
    frames = cohort.frames
    one = frames[(frames["subject_id"] == "patient-0001") & (frames["sequence"] == "large_smile")]
    twin = frames[(frames["subject_id"] == "healthy-0001") & (frames["sequence"] == "large_smile")]
    weak = str(one["weak_side"].iloc[0])
    strong = "subject_left" if weak == "subject_right" else "subject_right"
    effort = {side: one[f"effort_zygomaticus_major_{side}"].to_numpy() for side in (weak, strong)}
    rising = [int(np.argmax(course >= 0.5 * course.max())) for course in (effort[weak], effort[strong])]
    assert 0 <= (rising[0] - rising[1]) / RATE <= LAG + 1 / RATE
    columns = ["yaw", "pitch", "roll", "iod_px"]
    assert np.allclose(one[columns].to_numpy(), twin[columns].to_numpy())


def test_without_time_it_is_refused(tmp_path: Path) -> None:
    stills = simulate_cohort(tmp_path / "stills", 2, 2, 3)
    with pytest.raises(CohortError, match="--sequences"):
        question("temporal")(Asking(stills, tmp_path / "out"))


def test_the_command_simulates_sequences_and_not_pictures_of_them(tmp_path: Path) -> None:
    given = ["simulate", "-o", str(tmp_path / "c"), "--sequences", "--subjects", "1+1", "--frames", "8"]
    run = CliRunner().invoke(app, [*given, "--movements", "pucker"])
    assert run.exit_code == 0, run.output
    made = Cohort.open(tmp_path / "c")
    assert len(made) == 16
    assert made.frames["time"].max() == pytest.approx(7 / RATE)
    assert CliRunner().invoke(app, [*given, "--pictures"]).exit_code == 2
