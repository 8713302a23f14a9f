"""People followed through frames: who moves, leaves, comes back, crosses another."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.faces.face import Face
from facialis.faces.following import Follower, steady_shape

SIZE = (480, 960)


def people(n, frames):
    """Return faces [person][frame] of simulated people, and the colour of each one's skin."""
    drawn = simulate_faces(n, n, frames, 3)
    faces = [
        Face(points, np.zeros(52, np.float32), transform, SIZE, "simulated")
        for points, transform in zip(drawn.landmarks, drawn.transforms, strict=True)
    ]
    # pairs differ in palsy alone: one of each pair is taken
    return [faces[frames * k : frames * (k + 1)] for k in range(n)], [(190, 140, 110), (120, 80, 60)][:n]


def put(face, x, y, iod=60.0):
    points = face.landmarks * (iod / face.interocular_px)
    middle = (points[468:473].mean(axis=0) + points[473:478].mean(axis=0)) / 2
    points = points - middle
    points[:, :2] += (x, y)
    return dataclasses.replace(face, landmarks=points.astype(np.float32))


def picture(*shown):
    rgb = np.full((*SIZE, 3), 40, np.uint8)
    for face, colour in shown:
        x, y = face.landmarks[:, 0], face.landmarks[:, 1]
        low, high = np.clip([y.min(), y.max()], 0, SIZE[0]).astype(int)
        rgb[low:high, max(0, int(x.min())) : max(0, int(x.max()))] = colour
    return rgb


def test_two_who_cross_keep_their_numbers():
    (one, other), (light, dark) = people(2, 40)
    follower, tints = Follower(), {}
    for k in range(40):
        near, far = put(one[k], 200 + 14 * k, 240), put(other[k], 760 - 14 * k, 250, iod=55)
        hidden = abs(near.landmarks[1, 0] - far.landmarks[1, 0]) < 80
        # as in a real crossing, the one behind is not found; and faces come in any order
        found = [(near, light)] if hidden else [(near, light), (far, dark)][:: 1 if k % 2 else -1]
        owners = follower.follow([face for face, _ in found], picture(*found), k / 10)
        for (_, colour), owner in zip(found, owners, strict=True):
            assert tints.setdefault(owner.number, colour) == colour
    assert len(follower.people) == 2
    assert follower.people[0].frames + follower.people[1].frames == pytest.approx(73, abs=6)


def test_who_leaves_and_returns_elsewhere_is_known_again_and_a_stranger_is_not():
    (one, other), (light, dark) = people(2, 30)
    follower = Follower()
    for k in range(10):
        face = put(one[k], 200, 240)
        assert follower.follow([face], picture((face, light)), k / 10)[0].number == 1
    for k in range(10, 20):
        assert follower.follow([], picture(), k / 10) == []
    numbers = []
    for k in range(20, 30):
        back, stranger = put(one[k], 700, 200), put(other[k], 200, 240)
        owners = follower.follow([back, stranger], picture((back, light), (stranger, dark)), 1 + k / 10)
        numbers.append([owner.number for owner in owners])
    assert numbers == [[1, 2]] * 10
    first = follower.people[0]
    assert (first.frames, first.first, first.last) == (20, 0.0, pytest.approx(3.9))
    assert first.presence == pytest.approx(20 * 60, rel=0.01)


def test_the_shape_is_free_of_place_size_roll_and_side():
    (one,), _ = people(1, 2)
    face = one[0]
    moved = dataclasses.replace(face, landmarks=put(face, 500, 100, iod=90).landmarks)
    assert np.allclose(steady_shape(face), steady_shape(moved), atol=0.003)
    assert np.isfinite(steady_shape(dataclasses.replace(face, landmarks=np.zeros_like(face.landmarks)))).all()
