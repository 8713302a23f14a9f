"""The model of videos with movement in them: fitted to a few simulated people, mirror-symmetric, and plain numbers."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from facialis.detection.bundle import Bundle
from facialis.faces.geometry import mirror
from facialis.faces.mesh import canonical_face
from facialis.modalities.movements import MEASURED, PAIRED, Event, displacement
from facialis.modalities.trajectories import CHANNELS, channels
from facialis.modalities.video_evidence import VideoModel, differences
from facialis.studies.video_model import answers, calibrate, facts, strata, watch, weigh
from facialis.studies.video_sequences import noise_of

NOISE = np.full(len(CHANNELS), 0.001)


@pytest.fixture(scope="module")
def watched():
    bundle = Bundle.load()

    def ask(landmarks, transforms):
        return bundle.answers(landmarks=landmarks, transform=transforms)

    return [
        watch(pairs, seed, ask, bundle.movements, bent=bent) for pairs, seed, bent in ((30, 1, True), (20, 3, False))
    ]


@pytest.fixture(scope="module")
def model(watched):
    return calibrate(weigh(watched[0], 0.6), watched[0])


def test_on_people_kept_apart_movements_tell_more_than_the_frames_mean(watched, model):
    told = facts(model, watched[1])
    odds, read = answers(model, watched[1])
    rows = strata(watched[1])["with movement"]
    palsy, frames = watched[1].palsy, watched[1].odds

    def auc(values):
        ill, well = values[rows & palsy], values[rows & ~palsy]
        return float((ill[:, None] > well).mean())

    assert auc(odds) > auc(frames)
    scores = [model.scores(found) for found in watched[1].found]
    alone = np.array([model.weighed(row)[1] if known else 0.0 for row, known in zip(scores, read, strict=True)])
    assert auc(alone) > 0.8  # few people to learn from; by chance 0.5
    right = [(model.weighed(row)[0] > 0) == (side > 0)
             for row, side, known in zip(scores, watched[1].weak, read & palsy, strict=True) if known]  # fmt: skip
    assert np.mean(right) > 0.85
    assert any(name.startswith("videos, with movement (simulated, ") for name in told)
    still = strata(watched[1])["rest alone"]
    assert odds[~read] == pytest.approx(frames[~read])  # nothing to read: the frames' mean, unchanged
    assert read[still].mean() < 0.2
    assert read[rows].mean() > 0.8


def test_the_threshold_keeps_the_specificity_it_was_chosen_for(watched, model):
    odds, read = answers(model, watched[0])
    healthy = odds[read & ~watched[0].palsy]
    share = (1 / (1 + np.exp(-healthy)) < model.threshold).mean()
    assert share == pytest.approx(0.90, abs=0.02)
    assert 0 < model.uncertain[0] < model.threshold < model.uncertain[1] < 1
    assert "simulated videos without palsy" in model.basis


def test_simulated_videos_differ_in_what_is_in_them(watched):
    films = watched[0].films
    assert {len(film.shown) for film in films} >= {1, 2, 3, 4, 8}
    assert {bool(film.prompts) for film in films} == {True, False}
    rates = [len(film.times) / film.times[-1] for film in films]
    assert min(rates) < 8
    assert max(rates) > 24
    gaps = [np.isnan(film.values).any(axis=1).mean() for film in films]
    assert min(gaps) == 0
    assert max(gaps) > 0.1
    patients = [person.patient for person in watched[0].people]
    assert 2 * sum(patients) == len(patients)


def course(right, left, movement="brow_raise"):
    """Channels of a face whose sides go so far in a movement, and the times."""
    times = np.arange(0, 3, 1 / 20)
    effort = np.clip(np.minimum(times - 0.8, 2.4 - times) / 0.4, 0, 1)
    values = np.zeros((len(times), len(CHANNELS)))
    for side, way in (("subject_right", right), ("subject_left", left)):
        values[:, CHANNELS.index(f"{MEASURED[movement][0]}_{side}")] = way * effort
    return values, times


def test_differences_are_of_the_apex_and_turn_with_the_mirror():
    rest, event = np.zeros(len(CHANNELS)), Event("brow_raise", 0.5, 2.9)
    (one,) = differences(*course(0.06, 0.18), rest, NOISE, [event])
    row = [name.removesuffix("_subject_right") for name in CHANNELS[:PAIRED]].index("brow_middle_height")
    assert one.size == pytest.approx(np.hypot(0.18, 0.03), rel=0.02)
    assert one.sides[row] == pytest.approx(-0.12 / one.size, rel=0.05)
    (other,) = differences(*course(0.18, 0.06), rest, NOISE, [event])
    assert other.sides == pytest.approx(-one.sides)
    # a gap at the apex leaves something to read, a gap throughout nothing
    values, times = course(0.06, 0.18)
    values[25:35] = np.nan
    assert differences(values, times, rest, NOISE, [event])[0].sides == pytest.approx(one.sides, abs=0.02)
    assert differences(values * np.nan, times, rest, NOISE, [event]) == []


def test_what_was_found_but_does_not_go_beyond_the_noise_is_left_out_what_was_asked_for_is_not():
    values, times = course(0.004, 0.004)
    rest, noise = np.zeros(len(CHANNELS)), np.full(len(CHANNELS), 0.003)
    for by, count in (("found", 0), ("prompt", 1)):
        assert len(differences(values, times, rest, noise, [Event("brow_raise", 0.5, 2.9, by)])) == count
    assert differences(values, times, rest, noise, [Event("rest", 0.5, 2.9)]) == []


def test_a_mirrored_face_has_the_same_odds_of_palsy_and_the_opposite_side(model):
    rng = np.random.default_rng(0)
    face = canonical_face() * [1.0, -1.0, -1.0]
    still = face + 0.02 * rng.standard_normal(face.shape)
    moved = still + np.where(np.abs(face[:, :1]) > 2, 0.1, 0.0) * rng.standard_normal(face.shape)
    times = np.arange(40) / 20
    share = np.clip(np.minimum(times - 0.4, 1.6 - times) / 0.3, 0, 1)[:, None, None]
    film = (1 - share) * still + share * moved
    said = []
    for points in (film, np.stack([mirror(one, 0.0) for one in film])):
        values = channels(points)
        found = differences(values, times, values[0], NOISE, [Event("large_smile", 0.1, 1.9)])
        scores = model.scores(found)
        sign = 1 if points is film else -1
        said.append((model.log_odds(scores, 0.3), model.side_log_odds(scores, sign * 0.2)))
    assert said[0][0] == pytest.approx(said[1][0], abs=1e-6)
    assert said[0][1] == pytest.approx(-said[1][1], abs=1e-6)


def test_a_missing_movement_is_left_out_not_zero(model):
    scores = np.full(len(MEASURED), np.nan)
    scores[2] = 3.0
    alone = model.log_odds(scores, 0.0)
    assert model.log_odds(np.nan_to_num(scores), 0.0) < alone  # eight movements of which seven are even: less
    with pytest.raises(ValueError, match="no movement's score"):
        model.log_odds(np.full(len(MEASURED), np.nan), 0.0)
    assert np.isnan(model.scores([])).all()


def test_it_goes_through_json_unchanged_and_what_is_no_model_is_refused(model, watched):
    table = json.loads(json.dumps(model.as_dict(), allow_nan=False))
    again = VideoModel.from_dict(table)
    assert answers(again, watched[1])[0] == pytest.approx(answers(model, watched[1])[0], abs=1e-3)
    for wrong in (
        {"weights": [[0.0] * PAIRED]}, {"covariance": np.zeros((8, 8)).tolist()}, {"palsy": [1.0, 2.0]},
        {"threshold": 0.01}, {"mean": [float("nan")] * 8},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r".+"):
            VideoModel.from_dict(table | wrong)
    bundle = Bundle.load()
    bare = dataclasses.replace(bundle.card, video={"weights": []})
    from facialis.errors import BundleError

    with pytest.raises(BundleError, match="video cannot be read"):
        _ = Bundle(bare, bundle.graph, bundle.hash).video


def test_noise_grows_as_faces_get_smaller():
    sizes = [np.sqrt(np.trace(noise_of(px))) for px in (150.0, 60.0, 30.0, 20.0)]
    assert sizes == sorted(sizes)
    assert displacement(np.zeros((2, len(CHANNELS))), "pucker").shape == (2, 2)
