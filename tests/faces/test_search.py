from __future__ import annotations

import itertools

import numpy as np
import pytest
from skimage import data

from facialis.faces.geometry import head_pose
from facialis.faces.search import _corners


def test_face_that_fills_the_picture_is_found_within_a_border(landmarker, astronaut, astronaut_face):
    low = astronaut_face.landmarks[:, :2].min(axis=0).astype(int) + 4
    high = astronaut_face.landmarks[:, :2].max(axis=0).astype(int) - 4
    cut = astronaut[low[1] : high[1], low[0] : high[0]]
    faces = landmarker.detect(cut)
    assert len(faces) == 1
    assert faces[0].size == cut.shape[:2]
    shift = faces[0].landmarks[:, :2] + low - astronaut_face.landmarks[:, :2]
    assert np.abs(shift).mean() < 0.05 * astronaut_face.interocular_px


def test_a_face_missed_in_the_whole_is_found_within_a_border(landmarker, astronaut, astronaut_face, monkeypatch):
    runs = []
    run = type(landmarker)._run

    def missed_at_first(self, rgb):
        runs.append(rgb.shape)
        return [] if len(runs) == 1 else run(self, rgb)

    monkeypatch.setattr(type(landmarker), "_run", missed_at_first)
    face = landmarker.detect(astronaut[:240, 100:340])[0]
    assert runs == [(240, 240, 3), (480, 480, 3)]
    assert np.abs(face.landmarks[:, :2] + [100, 0] - astronaut_face.landmarks[:, :2]).mean() < 2


@pytest.mark.parametrize(
    ("arrange", "corners"),
    [
        (lambda a: np.hstack([a] * 3), [(0, 0), (512, 0), (1024, 0)]),
        (lambda a: np.hstack([a] * 2), [(0, 0), (512, 0)]),
        (lambda a: np.vstack([np.hstack([a] * 2)] * 2), [(0, 0), (512, 0), (0, 512), (512, 512)]),
        (lambda a: np.pad(a, ((1256, 256), (256, 2256), (0, 0)), mode="edge"), [(256, 1256)]),
    ],
    ids=["three abreast", "two abreast", "two by two", "small in a large picture"],
)
def test_small_faces_are_all_found_where_they_are(landmarker, astronaut, astronaut_face, arrange, corners):
    faces = landmarker.detect(np.ascontiguousarray(arrange(astronaut)))
    assert len(faces) == len(corners)
    places = sorted((f.landmarks[:, :2] for f in faces), key=lambda p: (round(p[0, 1], -2), p[0, 0]))
    for place, corner in zip(places, corners, strict=True):
        error = np.abs(place - corner - astronaut_face.landmarks[:, :2]).mean()
        assert error < 0.05 * astronaut_face.interocular_px
    for face in faces:
        assert face.size == arrange(astronaut).shape[:2]
        assert np.abs(head_pose(face.transform)[0]) < 6


@pytest.mark.parametrize("name", ["cat", "coffee", "rocket", "retina", "brick", "coins"])
def test_what_is_no_face_is_not_found_in_tiles_either(landmarker, name):
    picture = getattr(data, name)()
    picture = picture if picture.ndim == 3 else np.stack([picture] * 3, axis=-1)
    assert landmarker.detect(np.ascontiguousarray(picture)) == []


@pytest.mark.parametrize(
    ("width", "height", "side"), [(512, 512, 512), (1536, 512, 512), (640, 427, 213), (300, 200, 200)]
)
def test_tiles_cover_the_picture_and_overlap_by_half(width, height, side):
    corners = list(_corners(width, height, side))
    assert corners[0] == (0, 0)
    assert corners[-1] == (width - side, height - side)
    for starts in (sorted({x for x, _ in corners}), sorted({y for _, y in corners})):
        assert all(b - a <= side / 2 + 1 for a, b in itertools.pairwise(starts))
