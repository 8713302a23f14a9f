"""The mesh's tables: size, symmetry, sides, contours."""

import numpy as np
import pytest

from facialis.faces.mesh import (
    CONTOURS,
    IRIS_SUBJECT_LEFT,
    IRIS_SUBJECT_RIGHT,
    N_LANDMARKS,
    canonical_face,
    mirror_permutation,
)


def test_mirror_permutation_is_an_involution():
    permutation = mirror_permutation()
    assert permutation.shape == (N_LANDMARKS,)
    assert sorted(permutation) == list(range(N_LANDMARKS))
    np.testing.assert_array_equal(permutation[permutation], np.arange(N_LANDMARKS))


def test_canonical_face_is_exactly_symmetric():
    face = canonical_face()
    assert face.shape == (N_LANDMARKS, 3)
    np.testing.assert_array_equal(face[mirror_permutation()] * [-1, 1, 1], face)


def test_only_the_midline_is_its_own_partner():
    own = mirror_permutation() == np.arange(N_LANDMARKS)
    assert own.sum() > 20
    assert (canonical_face()[own, 0] == 0).all()
    assert {0, 1, 2, 4, 10, 13, 14, 17, 152, 168} <= set(np.flatnonzero(own))


def test_axes():
    face = canonical_face()
    assert face[263, 0] > 0 > face[33, 0]  # x to the subject's left
    assert face[10, 1] > face[152, 1]  # y up
    assert face[1, 2] > face[127, 2]  # z to the viewer
    assert 10 < face[356, 0] - face[127, 0] < 20  # cm


def test_irises():
    face, partner = canonical_face(), mirror_permutation()
    assert partner[list(IRIS_SUBJECT_RIGHT)].tolist() == [473, 476, 475, 474, 477]
    for iris, canthi in ((IRIS_SUBJECT_RIGHT, (33, 133)), (IRIS_SUBJECT_LEFT, (362, 263))):
        centre, *rim = face[list(iris)]
        np.testing.assert_allclose(np.linalg.norm(rim - centre, axis=1), 0.585, atol=1e-3)
        image_right, top, image_left, bottom = rim
        assert image_left[0] < centre[0] < image_right[0]
        assert bottom[1] < centre[1] < top[1]
        assert face[canthi[0], 0] < centre[0] < face[canthi[1], 0]


def test_contours_are_symmetric():
    partner = mirror_permutation()
    edges = {frozenset(edge) for contour in CONTOURS.values() for edge in contour}
    assert {frozenset(partner[list(edge)].tolist()) for edge in edges} == edges
    for name, contour in CONTOURS.items():
        other = CONTOURS.get(name.replace("_right_", "_LEFT_").replace("_left_", "_right_").replace("_LEFT_", "_left_"))
        assert other is not None
        mirrored = {frozenset(partner[list(edge)].tolist()) for edge in contour}
        assert mirrored == {frozenset(edge) for edge in other}, name


@pytest.mark.parametrize("name", sorted(CONTOURS))
def test_contours_join_neighbours_once(name):
    edges = [frozenset(edge) for edge in CONTOURS[name]]
    assert len(edges) == len(set(edges))
    face = canonical_face()
    for i, j in CONTOURS[name]:
        assert 0 < np.linalg.norm(face[i] - face[j]) < 2.5  # cm


@pytest.mark.parametrize("name", ["face_oval", "lips", "subject_left_eye", "subject_right_eye"])
def test_rings_are_closed(name):
    ends = [index for edge in CONTOURS[name] for index in edge]
    assert {ends.count(index) for index in ends} == {2}


@pytest.mark.parametrize("part", ["eye", "brow"])
def test_sides(part):
    face = canonical_face()
    assert (face[np.unique(CONTOURS[f"subject_left_{part}"]), 0] > 0).all()
    assert (face[np.unique(CONTOURS[f"subject_right_{part}"]), 0] < 0).all()


def test_tables_cannot_be_written():
    for table in (canonical_face(), mirror_permutation()):
        with pytest.raises(ValueError, match="read-only"):
            table[0] = 0
