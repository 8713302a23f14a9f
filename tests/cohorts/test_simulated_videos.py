"""Simulated videos: what is prompted when, the truth of each frame, and a manifest that extraction reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facialis.cohorts.folder import read_folder
from facialis.cohorts.simulated.draw import draws
from facialis.cohorts.simulated.sequences import LAG, course_of
from facialis.cohorts.simulated.videos import RATE, simulate_videos
from facialis.cohorts.writing import remove_cohort
from facialis.errors import CohortError
from facialis.faces.images import read_video
from tests.cohorts.test_extraction import files


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("videos") / "set"
    simulate_videos(out, 2, 1, 8, seed=3, movement="rest,large_smile,nasal_base")
    return out


def test_the_same_seed_gives_the_same_bytes(prompted: Path, tmp_path: Path) -> None:
    simulate_videos(tmp_path / "again", 2, 1, 8, seed=3, movement="rest,large_smile,nasal_base")
    assert files(tmp_path / "again") == files(prompted)
    simulate_videos(tmp_path / "other", 0, 1, 8, seed=4, movement="rest,large_smile,nasal_base")
    other, here = (folder / "videos/healthy-0001.mp4" for folder in (tmp_path / "other", prompted))
    assert other.read_bytes() != here.read_bytes()


def test_the_manifest_is_a_data_set_of_its_own(prompted: Path) -> None:
    table, _ = read_folder(prompted)
    table = table.drop_duplicates("subject_id")  # the table of an extraction has a row for each sampled frame
    assert table["subject_id"].tolist() == ["patient-0001", "patient-0002", "healthy-0001"]
    assert table["group"].tolist() == ["patient", "patient", "healthy"]
    assert set(table["source"]) == {"simulated"}
    assert set(table["sequence"]) == {"prompted"}
    truth = pd.read_parquet(prompted / "truth.parquet")
    assert table.set_index("subject_id")["label"].to_dict() == truth.groupby("subject_id")["label"].max().to_dict()
    for path, frames in zip(table["path"], table["frames"], strict=True):
        read = list(read_video(prompted / path, rate=float(RATE)))
        assert len(read) == frames == 24
        assert read[0].rgb.shape == (512, 512, 3)


def test_prompts_say_when_and_the_truth_says_what(prompted: Path) -> None:
    prompts, truth = pd.read_csv(prompted / "prompts.csv"), pd.read_parquet(prompted / "truth.parquet")
    assert len(prompts) == 9
    assert len(truth) == 72
    assert truth["frame_id"].is_unique
    smile = prompts[(prompts["subject_id"] == "healthy-0001") & (prompts["movement"] == "large_smile")].iloc[0]
    assert (smile["start"], smile["number"]) == (pytest.approx(8 / RATE, abs=1e-4), 2)
    frames = truth[truth["subject_id"] == "healthy-0001"].set_index("time")
    effort = frames["effort_zygomaticus_major_subject_left"]
    assert effort.max() > 0.5
    assert smile["apex"] - 1 / RATE <= effort.idxmax() <= smile["offset"] + 1 / RATE
    assert effort[frames.index < smile["onset"]].max() < 0.3
    assert frames["movement"].tolist() == ["rest"] * 8 + ["large_smile"] * 8 + ["nasal_base"] * 8
    assert (frames["palsy_mm"] == 0).all()
    assert (truth.loc[truth["group"] == "patient", "palsy_mm"] > 0).all()


def test_one_person_before_one_camera_makes_all_movements_the_weak_side_later() -> None:
    draw, _ = next(draws(1, 3, 5, movement="nasal_base,pucker,rest"))
    lag = LAG * 0.9
    courses = [course_of(draw, row, 90, lag, rate=RATE, first=0, start=90 * row) for row in range(3)]
    assert all(np.array_equal(course.identity[7], draw.identity[0]) for course in courses)
    assert [course.frame[0] for course in courses] == [0, 90, 180]
    base, pucker, rest = (course.camera.angles[:, 1] for course in courses)
    assert np.ptp(pucker) == np.ptp(rest) == 0.0
    assert base[0] == pucker[0] == rest[0]  # the chin comes up with the view, and goes down again
    assert base.max() - base[0] == pytest.approx(30.0, abs=0.1)
    efforts = courses[1].intended.efforts.sum(axis=1)
    weak = int(draw.palsy.side[0])
    begun = [int(np.argmax(efforts[:, side] > 0.5 * efforts[:, side].max())) for side in (weak, 1 - weak)]
    assert begun[0] - begun[1] == pytest.approx(lag * RATE, abs=1.0)


def test_an_everyday_video_shows_one_movement(tmp_path: Path) -> None:
    table = simulate_videos(tmp_path / "v", 1, 0, 2, seed=3)
    prompts = pd.read_csv(tmp_path / "v" / "prompts.csv")
    assert prompts["movement"].tolist() == table["sequence"].tolist()
    assert table["frames"].tolist() == [2]
    with pytest.raises(CohortError, match="holds a simulation already"):
        simulate_videos(tmp_path / "v", 1, 0, 2, seed=3)
    assert remove_cohort(tmp_path / "v") == []


def test_what_cannot_be_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    for frames, movement, message in (
        (1, "mixed", "at least 2"),
        (4, "larg_smile", "the nearest is large_smile"),
        (0, "mixed", "number of frames"),
    ):
        with pytest.raises(CohortError, match=message):
            simulate_videos(tmp_path / "v", 1, 1, frames, movement=movement)
    assert not (tmp_path / "v").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "holiday.mp4").write_bytes(b"mine")
    with pytest.raises(CohortError, match="files that are no cohort's"):
        simulate_videos(tmp_path / "mine", 1, 1, 4)
    (tmp_path / "mine" / "simulation.json").write_text("{}")
    with pytest.raises(CohortError, match="nothing was removed"):
        remove_cohort(tmp_path / "mine")
