"""Half-face composites: mirror-symmetric, equal for a symmetric face, each of its own side."""

from __future__ import annotations

import numpy as np
import pytest

from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.faces.face import Face
from facialis.faces.geometry import mirror
from facialis.faces.mesh import canonical_face
from facialis.reports.composites import COMPOSITES, SIZE, composites


@pytest.fixture(scope="module")
def symmetric():
    """A symmetric face in a symmetric picture."""
    points = canonical_face() * [12, -12, -12] + [160, 150, 0]
    face = Face(points.astype(np.float32), np.zeros(52, np.float32), np.eye(4, dtype=np.float32), (300, 320), "test")
    half = np.random.default_rng(0).integers(0, 255, (300, 160, 3)).astype(np.float64)
    for _ in range(6):  # smooth, so that nothing hangs on a pixel's middle
        half = (half + np.roll(half, 1, 0) + np.roll(half, -1, 0)) / 3
    rgb = np.concatenate([half, half[:, ::-1]], axis=1).astype(np.uint8)
    return rgb, face


def test_a_symmetric_face_gives_equal_composites(symmetric):
    made = composites(*symmetric)
    assert tuple(one.name for one in made) == COMPOSITES
    for one in made[1:]:
        assert np.abs(one.rgb.astype(int) - made[0].rgb.astype(int)).mean() < 0.5
        np.testing.assert_allclose(one.points, made[0].points, atol=1e-3)


def test_halves_are_mirror_symmetric_and_of_their_side(astronaut, astronaut_face):
    seen, right, left, mirrored = composites(astronaut, astronaut_face)
    half = SIZE[0] // 2
    for one in (right, left):
        assert np.array_equal(one.rgb, one.rgb[:, ::-1])
        np.testing.assert_allclose(one.points, mirror(one.points, SIZE[0]), atol=1e-9)
    assert np.array_equal(right.rgb[:, :half], seen.rgb[:, :half])  # the subject's right lies on image left
    assert np.array_equal(left.rgb[:, half:], seen.rgb[:, half:])
    assert np.array_equal(mirrored.rgb, seen.rgb[:, ::-1])
    assert not np.array_equal(right.rgb, left.rgb)
    np.testing.assert_allclose(right.points[61], seen.points[61])
    np.testing.assert_allclose(left.points[291], seen.points[291])
    np.testing.assert_allclose(mirrored.points[61], [SIZE[0] - seen.points[291, 0], seen.points[291, 1]])


def test_two_weak_halves_smile_less_than_two_sound_ones(astronaut, astronaut_face, landmarker):
    twin = palsy_twin(astronaut, astronaut_face, 1.0, "subject_left")
    _, right, left, _ = composites(twin, landmarker.detect(twin)[0])

    def corner(rgb) -> float:
        points = landmarker.detect(np.ascontiguousarray(rgb))[0].landmarks
        return float(points[[61, 291], 1].mean())

    assert corner(left.rgb) > corner(right.rgb) + 3  # y counts down: the weak corners hang


def test_without_a_photo_only_points(astronaut_face):
    assert all(one.rgb is None and one.points.shape == (478, 2) for one in composites(None, astronaut_face))
