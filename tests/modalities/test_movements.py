"""Movements in simulated sequences: found, named, and as far as they were made."""

from __future__ import annotations

import numpy as np
import pytest

from facialis.cohorts.simulated.sequences import simulate_sequence
from facialis.detection.bundle import Bundle
from facialis.faces.geometry import undo_pose
from facialis.modalities.movements import (
    MEASURED,
    commissure_shift,
    displacement,
    eye_narrowing,
    find_events,
    look,
    move,
    ratio_of,
    rest_of,
)
from facialis.modalities.trajectories import CHANNELS, channels

RIGHT, LEFT = (slice(0, 11), slice(11, 22))


@pytest.fixture(scope="module")
def model():
    return Bundle.load().movements


def sequence(*views, seed=1, fps=30.0):
    """Return channels and times of one simulated person who makes views one after the other, rest between them."""
    parts = [simulate_sequence(view, 75, fps, seed) for view in views]
    values = [channels(undo_pose(part.landmarks.astype(float), part.transforms)) for part in parts]
    times = np.concatenate([part.time + k * 75 / fps for k, part in enumerate(parts)])
    return np.concatenate(values), times


def change(**moved):
    row = np.zeros(len(CHANNELS))
    for name, value in moved.items():
        row[CHANNELS.index(name)] = value
    return row


def test_movements_are_found_where_they_are_and_named(model):
    views = ("large_smile", "brow_raise", "tight_closure")
    values, times = sequence(*views)
    rest = rest_of(values, model)
    events = find_events(values, times, rest, model)
    assert [event.movement.replace("gentle", "tight") for event in events] == list(views)
    for k, event in enumerate(events):
        assert 2.5 * k + 0.4 < event.start < 2.5 * k + 0.95  # rest until 0.4 s, the apex from 0.9 s
        assert 2.5 * k + 1.6 < event.end < 2.5 * k + 2.4
        assert event.by == "found"
    still = np.median(values[[*range(10), *range(75, 85), *range(150, 160)]], axis=0)
    assert np.abs(rest - still).max() < 0.02


def test_frames_without_a_face_stay_out_and_nothing_is_made_of_stillness(model):
    values, times = sequence("large_smile")
    gappy = values.copy()
    gappy[5:9] = np.nan
    events = find_events(gappy, times, rest_of(gappy, model), model)
    assert [event.movement for event in events] == ["large_smile"]
    still = np.repeat(values[:1], 60, axis=0) + np.random.default_rng(0).normal(0, 0.002, (60, 23))
    assert find_events(still, np.arange(60) / 30, rest_of(still, model), model) == []
    nothing = np.full((60, 23), np.nan)
    assert np.isnan(rest_of(nothing, model)).all()
    assert find_events(nothing, np.arange(60) / 30, rest_of(nothing, model), model) == []


def test_a_mirrored_face_is_told_the_same():
    values, _ = sequence("large_smile")
    mirrored = np.concatenate([values[:, LEFT], values[:, RIGHT], values[:, 22:]], axis=1)
    assert np.allclose(look(values), look(mirrored))
    assert np.allclose(move(values - values[0]), move(mirrored - mirrored[0]))
    ways = displacement(values - values[0], "large_smile")
    assert np.allclose(ways[:, ::-1], displacement(mirrored - mirrored[0], "large_smile"))


def test_how_far_a_side_goes():
    raised = change(brow_middle_height_subject_right=0.1, brow_middle_height_subject_left=-0.02)
    assert displacement(raised, "brow_raise") == pytest.approx([0.1, -0.02])
    closed = change(palpebral_fissure_height_subject_right=-0.15, palpebral_fissure_height_subject_left=-0.05)
    assert displacement(closed, "tight_closure") == pytest.approx([0.15, 0.05])
    smile = change(
        commissure_distance_subject_left=0.12, commissure_height_subject_left=0.09,
        commissure_distance_subject_right=-0.04, commissure_height_subject_right=-0.03,
    )  # fmt: skip
    assert displacement(smile, "large_smile") == pytest.approx([-0.05, 0.15])  # pulled across
    assert commissure_shift(smile) == pytest.approx([0.05, 0.15])
    assert displacement(np.zeros(23), "large_smile") == pytest.approx([0, 0])
    assert set(MEASURED) == set(Bundle.load().movements.reference)


def test_how_alike_the_sides_are():
    assert ratio_of([2.0, 4.0]) == 0.5
    assert ratio_of([-1.0, 4.0]) == 0.0
    assert np.isnan(ratio_of([-1.0, -2.0]))
    rest = change(palpebral_fissure_height_subject_right=0.2, palpebral_fissure_height_subject_left=0.25)
    narrower = change(palpebral_fissure_height_subject_right=-0.05)
    assert eye_narrowing(narrower, rest) == pytest.approx([0.25, 0.0])
