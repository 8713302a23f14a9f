"""Landmark pairs: zero on a symmetric face, turned by a mirror, free of place, size and roll."""

from __future__ import annotations

import numpy as np
import pytest

from facialis.faces.geometry import mirror
from facialis.faces.mesh import canonical_face, mirror_permutation
from facialis.modalities.pairs import CHANNELS, N_PAIRS, PAIR_LANDMARKS, landmark_pairs

FACE = canonical_face() * [100, -100, -100]
BENT = FACE + np.random.default_rng(0).normal(0, 8, FACE.shape)


def test_a_symmetric_face_has_no_differences() -> None:
    pairs = landmark_pairs(FACE)
    assert pairs.shape == (N_PAIRS, len(CHANNELS))
    np.testing.assert_allclose(pairs[:, :2], 0, atol=0.02)
    assert (pairs[:, 2] > -0.01).all()  # outwards


def test_a_mirror_turns_the_differences_and_leaves_the_places() -> None:
    np.testing.assert_allclose(landmark_pairs(mirror(BENT)), landmark_pairs(BENT) * [-1, -1, 1, 1], atol=1e-6)


def test_shift_scale_and_roll_change_nothing() -> None:
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    moved = 3 * BENT[:, :2] @ turn + [500, -20]
    np.testing.assert_allclose(landmark_pairs(moved), landmark_pairs(BENT), atol=1e-5)


def test_a_drooping_corner_of_the_mouth_lies_lower_on_its_side() -> None:
    drooping = FACE.copy()
    drooping[61, 1] += 50  # the subject's right, down
    token = landmark_pairs(drooping)[PAIR_LANDMARKS.index(61)]
    assert token[1] == pytest.approx(-50 / 635, abs=0.02)


def test_each_landmark_of_the_subjects_right_is_named_once() -> None:
    assert len(set(PAIR_LANDMARKS)) == N_PAIRS
    right = FACE[list(PAIR_LANDMARKS), 0]
    midline = mirror_permutation()[list(PAIR_LANDMARKS)] == np.array(PAIR_LANDMARKS)
    assert ((right < -1) | midline).all()
