"""The finding on a whole video: of movements and frames, or of the frames alone, and what it says of itself."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from facialis import Detector
from facialis.cohorts.simulated.videos import simulate_videos
from facialis.detection.bundle import Bundle
from facialis.detection.excursions import Motion
from facialis.detection.finding import Finding
from facialis.detection.odds import logit_of, sigmoid
from facialis.detection.prompts import Prompts
from facialis.detection.video import VideoOptions
from facialis.detection.video_finding import FRAMES, MOVEMENTS, whole_finding
from facialis.modalities.movements import MEASURED, PAIRED, SIGNS, Event
from facialis.modalities.trajectories import CHANNELS
from facialis.modalities.video_evidence import VideoModel
from facialis.reports.model_card import as_markdown

EVENT = Event("brow_raise", 0.2, 2.6)


def plain_model():
    """A model that reads the channels a movement is measured by: the side that goes less far is the weak one."""
    weights = np.zeros((len(MEASURED), PAIRED))
    for row, (movement, names) in enumerate(MEASURED.items()):
        for name in names:
            weights[row, CHANNELS.index(f"{name}_subject_right")] = -5.0 * SIGNS.get(movement, 1.0)
    return VideoModel(
        weights,
        np.full(8, 3.0),
        np.eye(8) + 0.3,
        (-2.0, 2.0, 0.4),
        (1.0, 0.5),
        ((-2.0, 1.5),) * 4,
        (0.1, 0.2),
        0.5,
        (0.3, 0.8),
        0.6155,
        "chosen",
        {},
    )


@pytest.fixture(scope="module")
def knowing(landmarker):
    """A detector whose bundle knows videos."""
    bundle = Bundle.load()
    card = dataclasses.replace(bundle.card, video=plain_model().as_dict(), threshold=0.6155)
    return Detector(Bundle(card, bundle.graph, bundle.hash), landmarker)


def motion(right, left):
    times = np.arange(0, 3, 1 / 20)
    effort = np.clip(np.minimum(times - 0.5, 2.3 - times) / 0.5, 0, 1)
    values = np.zeros((len(times), len(CHANNELS)))
    for side, way in (("subject_right", right), ("subject_left", left)):
        values[:, CHANNELS.index(f"brow_middle_height_{side}")] = way * effort
    off = 0.002 * np.random.default_rng(0).standard_normal((12, len(CHANNELS)))
    n = len(CHANNELS)
    return Motion(times, values, np.arange(len(times)), np.zeros(n), np.full(n, 0.002), 60.0, off)


def frames(*logits, side=0.5):
    answers = [
        {"logits": np.array([-v / 2, v / 2]), "side": np.array(side), "regions": np.zeros(4), "severity": np.array(0.3)}
        for v in logits
    ]
    return [
        Finding("v", "judged", "m", logit=v, logit_error=0.4, answers=said)
        for v, said in zip(logits, answers, strict=True)
    ]


def test_one_sided_movement_makes_a_palsy_of_frames_that_show_none(knowing):
    found = frames(-1.0, -0.6, -0.8)
    even = whole_finding(knowing, found, motion(0.15, 0.15), [EVENT], "v")
    weak = whole_finding(knowing, found, motion(0.02, 0.15), [EVENT], "v")
    assert (even.made_of, weak.made_of) == (MOVEMENTS, MOVEMENTS)
    assert even.finding.label == "no palsy"
    assert (weak.finding.label, weak.finding.side) == ("palsy", "subject_right")
    assert weak.finding.probability > even.finding.probability + 0.5
    assert weak.threshold == 0.5
    assert weak.finding.severity > even.finding.severity > 0
    assert weak.finding.regions["brow"] > 0.7 > even.finding.regions["brow"]
    assert weak.finding.regions["mouth"] == 0.5  # no movement tells it: the frames' mean
    mirrored = whole_finding(knowing, frames(-1.0, -0.6, -0.8, side=-0.5), motion(0.15, 0.02), [EVENT], "v")
    assert mirrored.finding.side == "subject_left"
    assert mirrored.finding.logit == pytest.approx(weak.finding.logit)


def test_its_error_holds_the_noise_of_the_frames_and_of_the_movements(knowing):
    quiet = motion(0.08, 0.15)
    loud = dataclasses.replace(quiet, deviations=4 * quiet.deviations)
    silent = dataclasses.replace(quiet, deviations=None)
    errors = [
        whole_finding(knowing, frames(0.0, 0.0), m, [EVENT], "v").finding.logit_error for m in (silent, quiet, loud)
    ]
    assert errors[0] == pytest.approx(0.4 * 0.4)
    assert errors[0] < errors[1] < errors[2]
    finding = whole_finding(knowing, frames(0.0, 0.0), quiet, [EVENT], "v").finding
    low, high = finding.interval
    assert low < finding.probability < high


def test_between_its_own_thresholds_it_is_uncertain(knowing):
    for right in np.linspace(0.0, 0.15, 16):
        finding = whole_finding(knowing, frames(-0.5), motion(right, 0.15), [EVENT], "v").finding
        even = sigmoid(finding.logit)
        assert finding.uncertain == (0.3 <= even < 0.8)
        assert (finding.label == "palsy") == (even >= 0.5)


def test_without_movement_or_without_the_entry_it_is_the_frames_mean(knowing, detector):
    found = frames(0.2, 0.6)
    for judge, course, events in (
        (knowing, motion(0.1, 0.1), []),  # nothing was asked for or found
        (knowing, None, []),
        (knowing, motion(0.0, 0.0), [EVENT._replace(by="found")]),  # nothing goes beyond the noise
        (knowing, motion(np.nan, np.nan), [EVENT]),
        (Detector(_without(knowing.bundle), knowing.landmarker), motion(0.02, 0.15), [EVENT]),
    ):
        whole = whole_finding(judge, found, course, events, "v")
        assert whole.made_of == FRAMES
        assert whole.finding.logit == pytest.approx(0.4)
        assert whole.threshold == judge.bundle.card.threshold


def _without(bundle):
    return Bundle(dataclasses.replace(bundle.card, video=None), bundle.graph, bundle.hash)


def test_a_threshold_set_on_local_people_moves_the_frames_part(knowing):
    local = dataclasses.replace(knowing.bundle.card, threshold=0.8, uncertain=(0.7, 0.9))
    moved = Detector(Bundle(local, knowing.bundle.graph, knowing.bundle.hash), knowing.landmarker)
    before, after = (
        whole_finding(judge, frames(0.5), motion(0.08, 0.15), [EVENT], "v").finding.logit for judge in (knowing, moved)
    )
    assert before - after == pytest.approx(0.4 * (logit_of(0.8) - logit_of(0.6155)))


def test_what_could_not_be_read_or_judged_says_so(knowing):
    assert whole_finding(knowing, [], None, [], "v", broken="cut off").finding.status == "error"
    assert whole_finding(knowing, [], None, [], "v", why_not="two people").finding.reasons == ("two people",)
    dark = [Finding("v", "abstained", "m", reasons=("dark: 3",))]
    none = whole_finding(knowing, dark, motion(0.02, 0.15), [EVENT], "v")
    assert none.finding.reasons == ("no frame could be judged", "dark")
    assert (none.made_of, none.threshold) == (None, None)


def test_a_drawn_video_is_read_by_its_movement(knowing, tmp_path):
    simulate_videos(tmp_path, 1, 0, 40, seed=4, movement="large_smile")
    video = tmp_path / "videos" / "patient-0001.mp4"
    prompts = Prompts.read(tmp_path / "prompts.csv")
    options = VideoOptions(rate=10.0, prompts=prompts)
    *judged, whole = knowing.detect_video(video, options=options)
    row = whole.row()
    assert row["video"]["finding_from"] == MOVEMENTS
    assert row["video"]["threshold"] == 0.5
    assert json.loads(json.dumps(row, allow_nan=False)) == row
    logits = [finding.logit for finding in judged if finding.logit is not None]
    plain = Detector(_without(knowing.bundle), knowing.landmarker).detect_video(video, options=options)[-1]
    assert plain.logit == pytest.approx(np.mean(logits))
    assert plain.video.finding_from == FRAMES
    assert whole.logit != pytest.approx(plain.logit, abs=0.01)


def test_the_card_in_words_says_how_videos_are_judged(knowing):
    text = as_markdown(knowing.bundle)
    assert "Videos with movement in them: palsy from a probability of 0.5" in text
    assert "Videos: the mean of the frames' answers." in as_markdown(_without(knowing.bundle))
