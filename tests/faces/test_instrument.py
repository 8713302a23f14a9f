"""The instrument's functions reproduce its tables."""

from __future__ import annotations

import numpy as np
import pytest

from facialis.faces import instrument
from facialis.faces.fields import bump
from facialis.faces.mesh import N_LANDMARKS, mirror_permutation


@pytest.mark.parametrize("place", instrument.GAIN)
def test_gain_at_a_place_of_the_table_is_near_the_table(place: int) -> None:
    assert np.abs(instrument.gain()[place] - instrument.GAIN[place]).max() < 0.18  # lids share their neighbourhood
    np.testing.assert_allclose(instrument.gain(), instrument.gain()[mirror_permutation()], atol=1e-12)


def test_what_is_done_on_both_sides_is_reported_whole_and_on_one_side_by_the_gain() -> None:
    one = np.zeros((1, N_LANDMARKS, 3))
    one[0, :, 1] = bump(105, 0.5)
    both = one + one[:, mirror_permutation()]
    np.testing.assert_allclose(instrument.pull_to_symmetry(both), both, atol=1e-12)
    seen = instrument.pull_to_symmetry(one)[0, :, 1]
    left = int(mirror_permutation()[105])
    truly = one[0, 105, 1] - one[0, left, 1]
    assert 0.4 < (seen[105] - seen[left]) / truly < 0.7


def test_chin_goes_sideways_with_the_mouth_and_the_contour_down_with_its_corner() -> None:
    one = np.zeros((2, N_LANDMARKS, 3))
    one[0, :, 0] = bump(0, 1.5)
    corner = bump(61, 0.9)
    one[1, :, 1] = -(corner - corner[mirror_permutation()])
    seen = instrument.pull_to_symmetry(one)
    assert seen[0, 152, 0] > 0.2 * seen[0, 0, 0] > 0.05
    assert seen[1, 127, 1] < 0.1 * seen[1, 61, 1] < -0.03
    assert abs(seen[0, 10, 0]) < 0.02


def test_an_iris_is_reported_between_its_lids() -> None:
    lid = np.zeros((1, N_LANDMARKS, 3))
    down = bump(159, 0.3)
    lid[0, :, 1] = -(down - down[mirror_permutation()])
    seen = instrument.pull_to_symmetry(lid)[0, :, 1]
    assert seen[159] < seen[468] < 0.0
    assert seen[468] == pytest.approx(-seen[473])


def test_landmark_noise_falls_with_size_grows_with_yaw_and_is_wider_than_measured() -> None:
    noise = instrument.landmark_noise(np.array([[25.0], [50.0], [100.0]]), np.array([0.0, -20.0]))
    assert noise.shape == (3, 2, N_LANDMARKS)
    assert (noise[1:, 0] < noise[0, 0]).all()
    assert (noise[:, 1] > noise[:, 0]).all()
    plain = np.hypot(*instrument.noise_scale(np.array([50.0]))[:, 0])
    np.testing.assert_allclose(noise[1, 0], instrument.WIDENING * plain)


def test_removing_the_residue_is_linear_and_odd_in_yaw_and_leaves_y_alone() -> None:
    faces = np.random.default_rng(0).normal(size=(2, N_LANDMARKS, 3))
    there = instrument.remove_pose_residue(faces, np.array([20.0, -20.0]), np.zeros(2))
    moved = there - faces
    np.testing.assert_allclose(moved[0], -moved[1], atol=1e-12)
    assert not moved[..., 1:].any()
    assert moved[0, 1, 0] == pytest.approx(-20 * instrument.YAW_RESIDUE[1], rel=0.25)
    back = instrument.remove_pose_residue(there, np.array([-20.0, 20.0]), np.zeros(2))
    np.testing.assert_allclose(back, faces, atol=1e-12)
