"""Levelling, mirroring, head pose and its undoing, on constructed heads."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facialis.faces.geometry import head_pose, interocular_distance, iris_centres, level, mirror, undo_pose
from facialis.faces.mesh import canonical_face

FIXTURES = Path(__file__).parents[1] / "fixtures"
FLIP = np.array([1.0, -1.0, -1.0])  # camera axes (y up, z to the viewer) to those of the picture

seeds = st.integers(0, 2**32 - 1)
degrees = st.floats(-60, 60)


def transform(yaw: float, pitch: float, roll: float) -> np.ndarray:
    """A head transform, in the camera's axes: first the chin is lifted, then the head turned, then tilted."""
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    tilt = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3] = tilt @ turn @ nod
    matrix[:3, 3] = [1, 2, -40]
    return matrix


def seen(head: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """The picture's landmarks, px, of a head in cm under a transform."""
    return (head @ matrix[:3, :3].T) * FLIP * 30 + [400, 300, 0]


def random_head(seed: int) -> np.ndarray:
    return canonical_face() + np.random.default_rng(seed).normal(0, 0.2, (478, 3))


@settings(max_examples=50, deadline=None)
@given(yaw=degrees, pitch=degrees, roll=degrees)
def test_head_pose_of_constructed_rotations(yaw, pitch, roll):
    np.testing.assert_allclose(head_pose(transform(yaw, pitch, roll)), [yaw, pitch, roll], atol=1e-9)


def test_signs_of_head_pose_in_the_picture():
    face = canonical_face()
    middle = face[[127, 356]].mean(axis=0)
    assert seen(face - middle, transform(20, 0, 0))[1, 0] > 400 + 10  # the nose goes to image right
    assert seen(face - middle, transform(0, 20, 0))[1, 1] < seen(face - middle, transform(0, 0, 0))[1, 1]  # up
    tilted = seen(face, transform(0, 0, 20))
    assert tilted[473, 1] < tilted[468, 1] - 10  # the subject's left eye moves up


def test_head_pose_of_a_stack():
    stack = np.stack([transform(10, 0, 0), transform(0, -5, 3)])
    np.testing.assert_allclose(head_pose(stack[None]), [[[10, 0, 0], [0, -5, 3]]], atol=1e-9)


def test_head_pose_of_a_real_face():
    data = np.load(FIXTURES / "astronaut_landmarks.npz")
    yaw, pitch, roll = head_pose(data["transform"])
    points = data["landmarks"]
    assert abs(yaw) < 5
    assert -25 < pitch < 0  # the canonical face looks up
    eye_line = points[473, :2] - points[468, :2]
    assert roll == pytest.approx(-np.degrees(np.arctan2(eye_line[1], eye_line[0])), abs=2)


@settings(max_examples=50, deadline=None)
@given(seed=seeds, yaw=degrees, pitch=degrees, roll=degrees)
def test_undo_pose_inverts_a_constructed_rotation(seed, yaw, pitch, roll):
    head = random_head(seed)
    matrix = transform(yaw, pitch, roll)
    found = undo_pose(seen(head, matrix), matrix)
    expected = undo_pose(seen(head, np.eye(4)), np.eye(4))
    np.testing.assert_allclose(found, expected, atol=1e-9)
    right, left = iris_centres(found)
    np.testing.assert_allclose(right + left, 0, atol=1e-9)
    assert np.linalg.norm(left - right) == pytest.approx(1)


def test_undo_pose_of_a_symmetric_head_is_symmetric():
    matrix = transform(25, -10, 8)
    found = undo_pose(seen(canonical_face(), matrix), matrix)
    np.testing.assert_allclose(mirror(found), found, atol=1e-12)
    assert found[152, 1] > 0 > found[10, 1]  # y down
    assert found[1, 2] < found[127, 2]  # nearer is smaller


def test_undo_pose_of_a_stack():
    heads, matrices = [random_head(seed) for seed in (1, 2)], [transform(5, 6, 7), transform(-20, 0, 1)]
    pictures = np.stack([seen(head, matrix) for head, matrix in zip(heads, matrices, strict=True)])
    found = undo_pose(pictures, np.stack(matrices))
    np.testing.assert_allclose(found[1], undo_pose(pictures[1], matrices[1]))


@settings(max_examples=50, deadline=None)
@given(seed=seeds, roll=st.floats(-179, 179))
def test_level_makes_the_iris_line_horizontal(seed, roll):
    face = seen(random_head(seed), transform(0, 0, roll))
    found = level(face)
    right, left = iris_centres(found)
    assert left[1] == pytest.approx(right[1], abs=1e-9)
    assert left[0] > right[0]
    np.testing.assert_allclose(iris_centres(found)[:, :2].mean(axis=0), iris_centres(face)[:, :2].mean(axis=0))
    assert interocular_distance(found) == pytest.approx(float(interocular_distance(face)))
    np.testing.assert_array_equal(found[:, 2], face[:, 2])
    np.testing.assert_allclose(level(found), found, atol=1e-9)


def test_level_of_two_dimensions_and_stacks():
    stack = np.stack([seen(random_head(seed), transform(0, 0, 30)) for seed in (1, 2)]).astype(np.float32)
    np.testing.assert_allclose(level(stack[..., :2]), level(stack)[..., :2])
    np.testing.assert_allclose(level(stack)[1], level(stack[1]))


def test_level_turns_nothing_where_the_irises_lie_in_one_place():
    face = seen(canonical_face(), transform(0, 0, 30))
    face[468:] = [400, 300, 0]
    np.testing.assert_array_equal(level(face), face)


@settings(max_examples=25, deadline=None)
@given(seed=seeds, width=st.floats(0, 5000))
def test_mirror_is_an_involution_that_swaps_sides(seed, width):
    face = seen(random_head(seed), np.eye(4))
    mirrored = mirror(face, width)
    np.testing.assert_allclose(mirror(mirrored, width), face, atol=1e-9)
    np.testing.assert_allclose(mirrored[61, 0], width - face[291, 0])
    np.testing.assert_array_equal(mirrored[61, 1:], face[291, 1:])
    assert interocular_distance(mirrored) == pytest.approx(float(interocular_distance(face)))


def test_mirror_leaves_its_input_and_halves_of_pixels_alone():
    whole = np.arange(478 * 2).reshape(478, 2)
    before = whole.copy()
    assert mirror(whole, 1000.5)[1, 0] == 1000.5 - whole[1, 0]
    np.testing.assert_array_equal(whole, before)


def test_interocular_distance_is_that_in_the_picture():
    face = canonical_face() * FLIP
    expected = face[473, 0] - face[468, 0]
    assert interocular_distance(face) == pytest.approx(expected)
    face[473:, 2] += 5
    assert interocular_distance(face) == pytest.approx(expected)
