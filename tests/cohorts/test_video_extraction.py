"""Videos on their way into a cohort: sampled, decoded once, a damaged tail accounted for, resumed to the same bytes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facialis.cohorts import extraction, extraction_jobs
from facialis.cohorts.cohort import Cohort
from facialis.cohorts.sources import extract_sources
from facialis.faces import videos
from facialis.faces.videos import read_video, sample_video
from tests.data_sets import FPS, healthy, ill, write_people, write_picture, write_video


@pytest.fixture
def films(tmp_path):
    root = tmp_path / "films"
    write_video(root / "patient" / "a" / "film.mp4", [ill(0, n // 4) for n in range(3 * FPS)])
    write_video(root / "healthy" / "b" / "film.mp4", [healthy(1, n // 4) for n in range(FPS)])
    write_picture(root / "healthy" / "b" / "still.png", healthy(1, 1))
    return root


def contents(path):
    return {str(f.relative_to(path)): f.read_bytes() for f in sorted(path.rglob("*")) if f.is_file()}


def test_frames_are_sampled_and_are_those_of_the_video(films, tmp_path, landmarker):
    cohort = extract_sources([str(films)], tmp_path / "c")
    of_film = cohort.frames[cohort.frames["path"] == "patient/a/film.mp4"]
    expected = list(read_video(films / "patient" / "a" / "film.mp4", rate=6))
    assert list(of_film["video_frame"]) == [frame.index for frame in expected]
    np.testing.assert_allclose(of_film["time"], [frame.time for frame in expected])
    for row in (0, 7, len(expected) - 1):
        arrays = extraction_jobs.face_arrays(landmarker.detect(expected[row].rgb)[0], expected[row].rgb)
        for name, array in arrays.items():
            np.testing.assert_array_equal(cohort.array(name)[of_film.index[row]], array)
    assert set(of_film["sequence"]) == {"patient/a/film.mp4"}
    assert cohort.frames["frame_id"].is_unique
    assert list(cohort.frames.loc[cohort.frames["path"].str.endswith("png"), "video_frame"]) == [-1]


def test_each_video_is_decoded_once_whatever_the_size_of_a_part(films, tmp_path, monkeypatch):
    opened = []
    read = extraction_jobs.read_frames
    monkeypatch.setattr(extraction_jobs, "read_frames", lambda path, which: opened.append(path) or read(path, which))
    monkeypatch.setattr(extraction, "PART", 4)
    extract_sources([str(films)], tmp_path / "c")
    assert sorted(path.parent.name for path in opened) == ["a", "b"]


def test_processes_and_resuming_change_nothing(films, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "PART", 4)
    extract_sources([str(films)], tmp_path / "whole")
    extract_sources([str(films)], tmp_path / "two", workers=2)
    assert contents(tmp_path / "two") == contents(tmp_path / "whole")

    work, done = extraction_jobs._extract_part, []

    def stopped(*arguments):
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(1)
        return work(*arguments)

    monkeypatch.setattr(extraction_jobs, "_extract_part", stopped)
    with pytest.raises(KeyboardInterrupt):
        extract_sources([str(films)], tmp_path / "c")
    parts = sorted((tmp_path / "c" / ".parts").glob("0*.npz"))
    assert len(parts) == 3
    held = [part.stat().st_mtime_ns for part in parts]
    monkeypatch.setattr(extraction_jobs, "_extract_part", work)
    monkeypatch.setattr(extraction, "_assemble", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        extract_sources([str(films)], tmp_path / "c")
    assert [part.stat().st_mtime_ns for part in parts] == held  # what was done was not done again
    monkeypatch.undo()
    monkeypatch.setattr(extraction, "PART", 4)
    extract_sources([str(films)], tmp_path / "c")
    assert contents(tmp_path / "c") == contents(tmp_path / "whole")


def test_a_damaged_tail_keeps_the_good_frames_and_is_accounted_for(films, tmp_path):
    film = films / "patient" / "a" / "film.mp4"
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) * 6 // 10])
    (films / "healthy" / "b" / "none.mp4").write_bytes(b"not a video")
    cohort = extract_sources([str(films)], tmp_path / "c", pictures=False)
    good = cohort.frames[cohort.frames["path"] == "patient/a/film.mp4"]
    assert 5 <= len(good) < 18
    unusable = pd.read_parquet(cohort.path / "unusable.parquet")
    lost = unusable[unusable["path"] == "patient/a/film.mp4"]
    assert len(lost) >= 1
    assert lost["reason"].str.contains(r"film\.mp4: the video breaks off after \d\.\d s").all()
    assert lost["time"].min() > good["time"].max()
    assert unusable.loc[unusable["path"] == "healthy/b/none.mp4", "reason"].str.contains("not a video").tolist() == [
        True
    ]


def test_a_part_of_a_video_is_in_memory_not_the_whole(films, tmp_path, monkeypatch):
    alive, most = set(), [0]
    rgb = videos.frame_rgb

    class Counted(np.ndarray):
        def __del__(self):
            alive.discard(id(self))

    def counted(*arguments):
        frame = rgb(*arguments).view(Counted)
        alive.add(id(frame))
        most[0] = max(most[0], len(alive))
        return frame

    monkeypatch.setattr(videos, "frame_rgb", counted)
    extract_sources([str(films)], tmp_path / "c", pictures=False)
    assert most[0] <= 3


def test_packets_tell_which_frames_decoding_will_give(tmp_path):
    path = write_video(tmp_path / "a.mp4", [healthy(0)[:64, :64]] * 50)
    for rate in (1.0, 5.0, 6.0, 1000.0):
        sampling = sample_video(path, rate=rate)
        decoded = [(frame.index, frame.time) for frame in read_video(path, rate=rate)]
        assert [index for index, _ in sampling.frames] == [index for index, _ in decoded]
        np.testing.assert_allclose([t for _, t in sampling.frames], [t for _, t in decoded], atol=1e-6)
        assert sampling.end is None


def test_videos_can_be_left_out_and_without_consent_nothing_is_opened(tmp_path):
    root = write_people(tmp_path)
    text = (root / "manifest.csv").read_text().replace("Ward 1,yes", "Ward 1,no")
    (root / "manifest.csv").write_text(text)
    for file in [*(root / "p1").iterdir(), *(root / "p3").iterdir()]:
        file.write_bytes(b"this must not be read")
    cohort = extract_sources([str(root)], tmp_path / "c", videos=False, pictures=False)
    assert sorted(cohort.frames["subject_id"]) == ["p0", "p0", "p2", "p2"]
    unusable = pd.read_parquet(cohort.path / "unusable.parquet")
    assert list(unusable["reason"]) == ["no consent"] * 4
    assert len(Cohort.open(tmp_path / "c")) == 4


def test_a_process_leaves_a_long_video_at_the_end_of_a_part_when_the_parent_stops(tmp_path, monkeypatch):
    monkeypatch.setattr(extraction_jobs, "work", lambda job: iter([4, 4, 4]))
    job = extraction_jobs.Job([], {}, tmp_path, False)
    assert extraction_jobs.work_whole(job) == 12
    (tmp_path / extraction_jobs.STOP).touch()
    assert extraction_jobs.work_whole(job) == 4
