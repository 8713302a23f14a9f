"""Simulated pictures and palsy twins, with the real portrait and the real landmarker."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from facialis.cohorts.simulated import palsy, picture, warp
from facialis.cohorts.simulated.draw import draws
from facialis.cohorts.simulated.photo_twin import palsy_twin
from facialis.cohorts.simulated.portraits import astronaut, frame_portrait, read_portraits
from facialis.errors import CohortError
from facialis.faces.geometry import level
from facialis.faces.landmarks import Face, FaceLandmarker
from facialis.faces.mesh import canonical_face


@pytest.fixture(scope="module")
def landmarker() -> FaceLandmarker:
    with FaceLandmarker() as found:
        yield found


@pytest.fixture(scope="module")
def portrait(landmarker: FaceLandmarker) -> tuple[NDArray[np.uint8], Face]:
    rgb = astronaut()
    framed, _ = frame_portrait(rgb, landmarker.detect(rgb)[0])
    return framed, landmarker.detect(framed)[0]


def drop(face: Face) -> float:
    """Return how much lower the subject's right mouth corner is than the left one, in interocular distances."""
    points = level(face.landmarks)
    return float(points[61, 1] - points[291, 1]) / face.interocular_px


def digest(folder: Path, table: pd.DataFrame) -> str:
    total = hashlib.sha256(table.to_csv().encode())
    for path in table["path"]:
        total.update((folder / path).read_bytes())
    return total.hexdigest()


def test_pictures_are_complete_found_and_the_same_for_the_same_seed(tmp_path: Path, landmarker: FaceLandmarker) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    tables = [picture.simulate_pictures(folder, 3, 2, 2, seed=4) for folder in folders]
    assert digest(folders[0], tables[0]) == digest(folders[1], tables[1])
    table = tables[0]
    assert len(table) == 10
    assert table["frame_id"].is_unique
    assert set(table["portrait"]) == {"painted-0001", "painted-0002", "painted-0003"}
    pairs = table.groupby("pair")["portrait"].nunique()
    assert (pairs == 1).all(), "both of a pair have one sitter"
    assert sorted(p.relative_to(folders[0]).as_posix() for p in folders[0].rglob("*.png")) == sorted(table["path"])
    for path in table["path"]:
        read = cv2.imread(str(folders[0] / path))[..., ::-1]
        assert read.shape == (512, 512, 3)
        assert len(landmarker.detect(np.ascontiguousarray(read))) == 1


def test_both_pictures_of_a_pair_are_one_picture_but_for_the_palsy() -> None:
    framed = read_portraits([("astronaut", astronaut())])[0]
    draw, _ = next(draws(2, 2, seed=8))
    for chosen in framed:
        none = picture.displacement(draw, 1, palsy.no_palsy(len(draw.pair)), chosen)
        zero = picture.displacement(draw, 1, draw.palsy.scaled(0.0), chosen)
        assert np.array_equal(none, zero)
        assert np.array_equal(warp.apply(chosen.rgb, chosen.warp, none), warp.apply(chosen.rgb, chosen.warp, zero))
        ill = warp.apply(chosen.rgb, chosen.warp, picture.displacement(draw, 1, draw.palsy, chosen))
        healthy = warp.apply(chosen.rgb, chosen.warp, none)
        assert not np.array_equal(ill, healthy)
        assert np.array_equal(ill[:40], healthy[:40]), "what is far from the face is the same"


def test_points_of_a_framed_portrait_and_its_mirror_image_lie_where_their_pixels_do(
    portrait: tuple[NDArray[np.uint8], Face], landmarker: FaceLandmarker
) -> None:
    rgb = astronaut()
    face = landmarker.detect(rgb)[0]
    marked = rgb.copy()
    x, y = (int(value) for value in face.landmarks[1, :2])
    marked[y - 2 : y + 3, x - 2 : x + 3] = (0, 255, 0)
    framed, points = frame_portrait(marked, face)
    rows, columns = np.nonzero((framed[..., 1] > 200) & (framed[..., 0] < 60))
    offset = (np.array([x, y]) + 0.5 - face.landmarks[1, :2]) * 90.0 / face.interocular_px
    np.testing.assert_allclose([columns.mean() + 0.5, rows.mean() + 0.5], points[1, :2] + offset, atol=0.35)
    one, other = read_portraits([("astronaut", rgb)])[0]
    np.testing.assert_allclose(one.points[[1, 61], 0] + other.points[[1, 291], 0], picture.SIZE)


def test_a_displacement_moves_the_pixels_by_what_it_says() -> None:
    rgb = np.zeros((512, 512, 3), np.uint8)
    scale, centre = 14.0, np.array([256.0, 280.0])
    points = np.concatenate(
        [canonical_face()[:, :2] * [scale, -scale] + centre, -canonical_face()[:, 2:] * scale], axis=1
    )
    x, y = np.round(points[205, :2]).astype(int)
    cv2.circle(rgb, (int(x), int(y)), 4, (255, 255, 255), -1)
    prepared = warp.prepare(points, np.eye(4))
    moved = warp.apply(rgb, prepared, np.tile([0.5, -1.0, 0.0], (478, 1)))
    weights = moved[..., 0].astype(float)
    rows, columns = np.mgrid[:512, :512]
    at = np.array([(weights * columns).sum(), (weights * rows).sum()]) / weights.sum()
    np.testing.assert_allclose(at - [x, y], [0.5 * scale, 1.0 * scale], atol=1.0)


@pytest.mark.parametrize(("side", "sign"), [("subject_right", 1.0), ("subject_left", -1.0)])
def test_the_landmarker_sees_the_twins_weak_side(
    portrait: tuple[NDArray[np.uint8], Face], landmarker: FaceLandmarker, side: str, sign: float
) -> None:
    rgb, face = portrait
    drops = []
    for severity in (0.5, 1.0):
        twin = palsy_twin(rgb, face, severity, side)
        assert twin.shape == rgb.shape
        drops.append(sign * (drop(landmarker.detect(twin)[0]) - drop(face)))
    assert drops[0] > 0.02
    assert drops[1] > 1.5 * drops[0]


def test_a_twin_without_palsy_is_the_photo(portrait: tuple[NDArray[np.uint8], Face]) -> None:
    rgb, face = portrait
    assert np.array_equal(palsy_twin(rgb, face, 0.0, "subject_left"), rgb)


def test_a_twin_of_a_face_at_the_pictures_edge_is_made(portrait: tuple[NDArray[np.uint8], Face]) -> None:
    rgb, face = portrait
    left = int(face.landmarks[:, 0].min()) + 10
    cut = Face(face.landmarks - np.float32([left, 0, 0]), face.blendshapes, face.transform, (512, 300), face.detector)
    assert palsy_twin(rgb[:, left : left + 300], cut, 1.0, "subject_left").shape == (512, 300, 3)


def test_what_cannot_be_is_refused(portrait: tuple[NDArray[np.uint8], Face], tmp_path: Path) -> None:
    rgb, face = portrait
    with pytest.raises(CohortError, match="side is 'left'"):
        palsy_twin(rgb, face, 0.5, "left")
    with pytest.raises(CohortError, match="severity is 1.5"):
        palsy_twin(rgb, face, 1.5, "subject_left")
    with pytest.raises(CohortError, match="at least one subject"):
        picture.simulate_pictures(tmp_path, 0, 0, 1, 0)
    with pytest.raises(CohortError, match="no portrait with exactly one face"):
        picture.simulate_pictures(tmp_path, 1, 1, 1, 0, portrait=[("wall", np.full((64, 64, 3), 200, np.uint8))])
