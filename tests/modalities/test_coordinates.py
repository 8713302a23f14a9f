"""Coordinates as a model input: free of place, size and roll."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facialis.faces.geometry import iris_centres, mirror
from facialis.faces.mesh import canonical_face
from facialis.modalities.coordinates import coordinates


def picture_face(seed: int = 0) -> np.ndarray:
    moved = canonical_face() + np.random.default_rng(seed).normal(0, 0.2, (478, 3))
    return moved * [40, -40, -40] + [500, 600, 0]


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), roll=st.floats(-180, 180), scale=st.floats(0.1, 10), shift=st.floats(-900, 900))
def test_shift_scale_and_roll_change_nothing(seed, roll, scale, shift):
    face = picture_face(seed)[:, :2]
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    moved = scale * face @ np.array([[c, s], [-s, c]]) + [shift, -shift]
    np.testing.assert_allclose(coordinates(moved), coordinates(face), atol=1e-6)


def test_frame():
    found = coordinates(picture_face()).reshape(478, 2)
    right, left = iris_centres(found)
    np.testing.assert_allclose([right, left], [[-0.5, 0], [0.5, 0]], atol=1e-6)
    assert found[152, 1] > 1  # the chin is below


def test_order_and_type():
    stack = np.stack([picture_face(1), picture_face(2)]).astype(np.float32)
    found = coordinates(stack)
    assert found.shape == (2, 956)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[1], coordinates(stack[1]))
    assert found[0, 2 * 356] > 0 > found[0, 2 * 127]


def test_mirroring_swaps_sides():
    face = picture_face()
    mirrored = coordinates(mirror(face, 700)).reshape(478, 2)
    np.testing.assert_allclose(mirrored, mirror(coordinates(face).reshape(478, 2)), atol=1e-6)


def test_irises_in_one_place_give_zeros():
    face = picture_face()
    face[468:] = 3
    assert not coordinates(face).any()


def test_wrong_shape():
    with pytest.raises(ValueError, match=r"landmarks of shape \(468, 3\); expected"):
        coordinates(np.zeros((468, 3)))
