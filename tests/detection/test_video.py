"""A video from file to finding: one person followed, both sides measured, prompts, and what breaks."""

from __future__ import annotations

import csv
import json

import av
import numpy as np
import pytest
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.cohorts.simulated import sequences
from facialis.cohorts.simulated.videos import simulate_videos
from facialis.detection.excursions import Motion, measure_event
from facialis.detection.prompts import Prompts
from facialis.detection.video import VideoOptions, detect_frames
from facialis.errors import PictureError
from facialis.faces import webcam
from facialis.faces.videos import VideoFrame
from facialis.modalities.movements import Event
from facialis.modalities.trajectories import CHANNELS

N = len(CHANNELS)


@pytest.fixture(scope="module")
def smile(tmp_path_factory):
    """A simulated patient's video of a smile, drawn to pictures, with its prompts."""
    folder = tmp_path_factory.mktemp("smile")
    simulate_videos(folder, 1, 0, 60, seed=4, movement="large_smile")
    return folder


@pytest.fixture(scope="module")
def seen(smile, detector):
    return detector.detect_video(smile / "videos" / "patient-0001.mp4")


def test_a_smile_is_found_followed_and_measured_on_both_sides(seen):
    *frames, whole = seen
    assert len(frames) == 12
    reading = whole.video
    assert (reading.frames, reading.person, len(reading.people)) == (60, 1, 1)
    assert [row["movement"].endswith("smile") for row in reading.events] == [True]
    event = reading.events[0]
    assert event["by"] == "found"
    assert 0.7 < event["apex"] < 1.6
    for side in ("subject_right", "subject_left"):
        number = event["excursion_mm"][side]
        assert 0 < number["error"] < 2
        assert -2 < number["value"] < 20
        assert event["top_speed_mm_s"][side]["error"] > 0
    assert max(number["value"] for number in event["excursion_mm"].values()) > 4  # simulated smiles go 9 mm
    row = whole.row()
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    assert len(row["video"]["trajectories"]) == 110
    assert frames[0].row()["video"] is None
    assert "one side" in whole.advice or "moves less" in whole.advice or whole.label == "palsy"


def test_prompts_give_the_time_also_where_nothing_moves(smile, detector):
    prompts = Prompts.read(smile / "prompts.csv")
    video = smile / "videos" / "patient-0001.mp4"
    assert [event.movement for event in prompts.of(video)] == ["large_smile"]
    assert prompts.of("other.mp4") == []
    asked = Prompts([("", Event("brow_raise", 0.2, 1.8))])
    whole = detector.detect_video(video, options=VideoOptions(prompts=asked))[-1]
    (event,) = whole.video.events
    assert (event["movement"], event["by"]) == ("brow_raise", "prompt")
    assert event["excursion_mm"] is not None
    slow = detector.detect_video(video, options=VideoOptions(rate=6.0))[-1]
    assert slow.video.frames in (12, 13)
    for event in slow.video.events:
        assert event["lag_s"] is None
        assert event["top_speed_mm_s"] is None


def motion(right, left, fps=30.0, noise=0.002, scale=60.0, name="brow_middle_height"):
    values = np.zeros((len(right), N))
    values[:, CHANNELS.index(f"{name}_subject_right")] = right
    values[:, CHANNELS.index(f"{name}_subject_left")] = left
    values[:, [CHANNELS.index(f"palpebral_fissure_height_{s}") for s in ("subject_right", "subject_left")]] += 0.2
    rest = values[0].copy()
    times = np.arange(len(right)) / fps
    return Motion(times, values, np.arange(len(right)), rest, np.full(N, noise), scale)


def course(fps=30.0, lag=0.0, n=75):
    return sequences.time_course(n, fps, lag=lag)


REFERENCE = {"excursion": [0.05, 0.2], "ratio": 0.8, "moved_along": 0.05}


def test_excursion_ratio_speed_and_lag_of_a_known_course():
    event = Event("brow_raise", 0.1, 2.4)
    row = measure_event(motion(0.04 * course(lag=0.1), 0.1 * course()), event, REFERENCE)
    ways = [row["excursion_mm"][side]["value"] for side in ("subject_right", "subject_left")]
    assert ways == pytest.approx([2.4, 6.0], abs=0.05)
    assert row["ratio"]["value"] == pytest.approx(0.4, abs=0.02)
    assert row["moves_less"] == "subject_right"
    assert row["lag_s"]["value"] == pytest.approx(0.1, abs=0.02)
    # a minimum-jerk course of 6 mm in 0.5 s has a top speed of 22.5 mm/s; over 0.2 s its mean is a little less
    assert row["top_speed_mm_s"]["subject_left"]["value"] == pytest.approx(21, abs=2)
    assert row["healthy_excursion_mm"] == [3.0, 12.0]
    assert 0.8 < row["apex"] < 1.8


def test_a_side_that_does_not_move_has_no_lag_and_a_still_face_no_ratio():
    event = Event("brow_raise", 0.1, 2.4)
    row = measure_event(motion(0.0 * course(), 0.1 * course()), event, REFERENCE)
    assert (row["lag_s"], row["moves_less"]) == (None, "subject_right")
    assert row["ratio"]["value"] == pytest.approx(0)
    still = measure_event(motion(0.001 * course(), 0.0 * course()), event, REFERENCE)
    assert (still["ratio"], still["moves_less"]) == (None, None)
    assert "no side moves" in still["note"]
    assert still["excursion_mm"]["subject_right"]["error"] > 0
    lost = motion(course(), course())
    lost.values[:] = np.nan
    assert "not found" in measure_event(lost, event, REFERENCE)["note"]


def test_an_eye_that_narrows_with_the_mouth_is_a_sign_and_both_are_none():
    def asked(right, left):
        made = motion(0.1 * course(), 0.1 * course(), name="commissure_distance")
        for side, share in (("subject_right", right), ("subject_left", left)):
            made.values[:, CHANNELS.index(f"palpebral_fissure_height_{side}")] -= 0.2 * share * course()
        return measure_event(made, Event("large_smile", 0.1, 2.4), REFERENCE)

    one = asked(0.3, 0.02)
    assert one["synkinesis_sign"] is True
    assert one["eye_narrowing"]["subject_right"]["value"] == pytest.approx(0.3, abs=0.02)
    assert asked(0.3, 0.3)["synkinesis_sign"] is False


def test_bad_prompts_are_refused_in_one_line(tmp_path):
    def refused(text):
        path = tmp_path / "p.csv"
        path.write_text(text)
        with pytest.raises(PictureError) as error:
            Prompts.read(path)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert "no column end" in refused("movement,start\nsmile,1\n")
    assert "did you mean large_smile?" in refused("movement,start,end\nlarge_smil,1,2\n")
    assert "line 2" in refused("movement,start,end\npucker,2,1\n")
    assert "expected seconds" in refused("movement,start,end\npucker,,nan\n")
    with pytest.raises(PictureError, match="No such file"):
        Prompts.read(tmp_path / "none.csv")
    (tmp_path / "p.csv").write_bytes(b"\xff\xfe\x00movement")
    with pytest.raises(PictureError):
        Prompts.read(tmp_path / "p.csv")


def frames_of(pictures, fps=10.0):
    return [VideoFrame(k, k / fps, rgb) for k, rgb in enumerate(pictures)]


def test_two_people_one_is_chosen_or_asked_for(detector, astronaut):
    face = np.ascontiguousarray(astronaut[:256, 80:380])
    wall = np.full_like(face, 90)
    both, alone = np.hstack([face, face[:, ::-1] // 2]), np.hstack([face, wall])
    mostly = detect_frames(detector, frames_of([both] * 2 + [alone] * 8), "v")
    assert mostly[-1].status == "judged"
    people = mostly[-1].video.people
    assert [row["frames"] for row in people] == [10, 2]
    equal = detect_frames(detector, frames_of([both] * 6), "v")
    assert equal[-1].status == "abstained"
    assert "choose one with --face" in equal[-1].reasons[0]
    chosen = detect_frames(detector, frames_of([both] * 6), "v", choice=2)
    assert (chosen[-1].status, chosen[-1].face_number) == ("judged", 2)
    everybody = detect_frames(detector, frames_of([both] * 6), "v", choice="all")
    assert [finding.face_number for finding in everybody if finding.frame is None] == [1, 2]
    none = detect_frames(detector, frames_of([both] * 6), "v", choice=3)
    assert none[-1].reasons == ("no face 3: 2 found",)


def test_a_face_that_leaves_and_comes_back_leaves_a_gap(detector, astronaut):
    face = np.ascontiguousarray(astronaut[:256, 80:380])
    wall = np.full_like(face, 90)
    whole = detect_frames(detector, frames_of([face] * 6 + [wall] * 10 + [face] * 6), "v")[-1]
    assert [row["frames"] for row in whole.video.people] == [12]
    assert whole.video.gaps == ((0.5, 1.6),)
    assert whole.video.events == ()  # a picture that stands still moves nothing


def test_of_no_frame_and_of_one(detector, astronaut):
    nothing = detect_frames(detector, [], "v")
    assert [finding.status for finding in nothing] == ["abstained"]
    one = detect_frames(detector, frames_of([astronaut]), "v")
    assert [finding.status for finding in one] == ["judged", "judged"]
    assert one[-1].video.events == ()
    assert json.dumps(one[-1].row(), allow_nan=False)


def test_frames_without_times_and_times_that_stand_still(detector, astronaut):
    untimed = [VideoFrame(k, None, astronaut) for k in range(3)]
    assert detect_frames(detector, untimed, "v")[-1].status == "judged"
    stuck = [VideoFrame(k, 0.0, astronaut) for k in range(3)]
    assert detect_frames(detector, stuck, "v")[-1].video.frames == 3


def test_memory_of_a_long_video_is_what_is_kept_of_a_frame(detector, astronaut):
    whole = detect_frames(detector, frames_of([astronaut] * 3), "v")
    for finding in whole:
        assert finding.face is None
    assert whole[-1].video.motion.values.nbytes / 3 < 200


def test_the_command_writes_movements_and_a_page(smile, tmp_path):
    video, page, table = smile / "videos" / "patient-0001.mp4", tmp_path / "r.html", tmp_path / "e.csv"
    run = CliRunner().invoke(
        app,
        ["detect", str(video), "--report", str(page), "--events", str(table), "--prompts", str(smile / "prompts.csv")],
    )
    assert run.exit_code == 0, run.output
    assert "large smile" in run.output
    rows = list(csv.DictReader(table.open()))
    assert [row["movement"] for row in rows] == ["large_smile"]
    assert float(rows[0]["excursion_mm_subject_left_error"]) > 0
    text = page.read_text()
    assert "Timeline of the probability of palsy" in text
    assert text.count("<article") == 1
    assert "Face at the apex of large smile" in text
    for value in ("0", "fast", "-3", "nan"):
        bad = CliRunner().invoke(app, ["detect", str(video), "--rate", value])
        assert bad.exit_code == 2


def test_a_camera_is_read_for_a_while(monkeypatch, detector):
    source = "testsrc=size=320x240:rate=30"
    monkeypatch.setattr(webcam, "_device", lambda number: (source, "lavfi", {}))
    frames = list(webcam.read_webcam("webcam", seconds=0.5))
    assert len(frames) == 16
    assert frames[0].rgb.shape == (240, 320, 3)
    assert frames[-1].time == pytest.approx(0.5)
    whole = detector.detect_video("webcam", options=VideoOptions(seconds=0.2))[-1]
    assert whole.reasons == ("no frame could be judged", "no face")


def test_no_camera_is_one_line():
    with pytest.raises(PictureError, match="no camera to be read") as error:
        list(webcam.read_webcam("webcam:97"))
    assert "\n" not in str(error.value)


def test_a_video_that_breaks_off_gives_its_good_frames(detector, astronaut, tmp_path):
    path = tmp_path / "a.avi"
    with av.open(str(path), "w") as made:
        stream = made.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 300, 256, "yuvj420p"
        for _ in range(20):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(astronaut[:256, 80:380]), format="rgb24")
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    *frames, last = detector.detect_video(path)
    assert last.status == "error"
    assert "breaks off" in last.reasons[0]
    assert any(frame.status == "judged" for frame in frames)
    assert 5 < last.video.frames < 12
