"""From where the brows' heights are counted: f3 must not tell how a picture was cut."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.errors import RecipeError
from facialis.faces.geometry import mirror
from facialis.modalities.measures import CROWN, DEFINITIONS, measure


@pytest.fixture(scope="module")
def faces() -> NDArray[np.float64]:
    return simulate_faces(10, 10, 1, 7).landmarks.astype(np.float64)


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_counted_from_the_face_nothing_tells_where_it_stands_or_how_large_it_is(
    faces: NDArray[np.float64], definition: str
) -> None:
    lower = np.array([0, 300, 0])
    here = measure(faces, definition=definition, origin="face")
    there = measure(faces * 1.7 + np.array([40, 300, 0]), definition=definition, origin="face")
    np.testing.assert_allclose(there, here, rtol=1e-6, atol=1e-6)
    cut = np.delete(measure(faces + lower, definition=definition), 3, axis=1)
    np.testing.assert_allclose(cut, np.delete(here, 3, axis=1), rtol=1e-6, atol=1e-6)
    assert np.abs(measure(faces + lower, definition=definition)[:, 3] - here[:, 3]).max() > 1e-3


def test_f3_is_the_ratio_of_the_brows_distances_beneath_the_top_of_the_face(faces: NDArray[np.float64]) -> None:
    face = faces[0]
    start, end = face[127, :2], face[356, :2]
    along = (end - start) / np.hypot(*(end - start))
    down = np.array([-along[1], along[0]])
    right, left = (abs(((face[list(brow), :2] - face[CROWN, :2]) @ down).mean())
                   for brow in ((70, 63, 105, 66, 55), (285, 296, 334, 293, 300)))  # fmt: skip
    assert measure(face, origin="face")[3] == pytest.approx(max(right, left) / min(right, left))


def test_a_mirror_leaves_it_as_it_is(faces: NDArray[np.float64]) -> None:
    turned = measure(mirror(faces, 400.0), origin="face")[:, 3]
    np.testing.assert_allclose(turned, measure(faces, origin="face")[:, 3], rtol=1e-9)


def test_an_unknown_origin_is_refused() -> None:
    with pytest.raises(RecipeError, match="origin 'crop' is unknown"):
        measure(np.zeros((478, 2)), origin="crop")
