"""Painted faces, folds, portraits from a folder and videos."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from facialis.cohorts.simulated import palsy, picture, raster
from facialis.cohorts.simulated.draw import draws
from facialis.cohorts.simulated.movements import typical
from facialis.cohorts.simulated.patients import make_palsy
from facialis.cohorts.simulated.photo import draw_photos, in_photo, take_photo
from facialis.cohorts.simulated.portraits import astronaut, read_portrait_folder, read_portraits
from facialis.cohorts.simulated.shading import FOLDS, fold_depths, shade_folds
from facialis.errors import CohortError
from facialis.faces.geometry import interocular_distance
from facialis.faces.landmarks import FaceLandmarker
from facialis.faces.mesh import canonical_face, mirror_permutation, triangles


def test_the_triangles_are_symmetric_and_face_outwards() -> None:
    table = triangles()
    assert table.shape == (898, 3)
    kept = {frozenset(row) for row in table.tolist()}
    assert {frozenset(row) for row in mirror_permutation()[table].tolist()} == kept
    assert raster.normals(canonical_face())[1, 2] > 0.8, "the nose's tip faces the viewer"


def test_a_pixel_shows_the_nearest_triangle_at_its_place() -> None:
    points = canonical_face()[:, :2] * [20.0, -20.0] + 256.0
    seen = raster.rasterise(points, canonical_face()[:, 2], 512, triangles())
    back = seen.mix(points)
    away = np.abs(back - np.stack([seen.columns, seen.rows], axis=-1)).max(axis=-1)
    assert np.quantile(away, 0.99) < 1.0


def test_the_landmarker_finds_painted_faces_where_they_are() -> None:
    sitters = picture.Sitters(None, 6)
    draw, _ = next(draws(3, 1, 6))
    away = []
    with FaceLandmarker() as landmarker:
        for row in range(3):
            for sick in (draw.palsy, palsy.no_palsy(len(draw.pair))):
                drawn = picture.draw_face(draw, row, sick, sitters(row))
                (face,) = landmarker.detect(drawn.rgb)
                gap = np.linalg.norm(face.landmarks[:, :2] - drawn.reported, axis=1)
                away.append(np.median(gap) / interocular_distance(drawn.reported))
    assert np.median(away) < 0.045


def test_a_painted_pair_is_one_picture_without_the_palsy() -> None:
    sitter = picture.Sitters(None, 2)(0)
    draw, _ = next(draws(1, 1, 2))
    well = picture.draw_face(draw, 0, palsy.no_palsy(len(draw.pair)), sitter)
    none = picture.draw_face(draw, 0, draw.palsy.scaled(0.0), sitter)
    ill = picture.draw_face(draw, 0, draw.palsy, sitter)
    assert np.array_equal(well.rgb, none.rgb)
    assert not np.array_equal(well.rgb, ill.rgb)
    assert np.array_equal(well.rgb[:30], ill.rgb[:30])


def test_the_photos_of_a_pair_differ_only_in_focus_and_compression() -> None:
    pairs = [draw_photos(np.random.default_rng(seed)) for seed in range(200)]
    for one, other in pairs:
        assert one._replace(blur=other.blur, quality=other.quality) == other
    first, second = (np.array([(photo.blur, photo.quality) for photo in shots]) for shots in zip(*pairs, strict=True))
    np.testing.assert_allclose(first.mean(axis=0) / second.mean(axis=0), 1.0, atol=0.15)
    assert (first != second).any(axis=0).all()


def test_a_photo_puts_points_where_it_puts_their_pixels() -> None:
    photo = draw_photos(np.random.default_rng(3))[0]
    grey = np.zeros((512, 512, 3), np.uint8)
    grey[99:102, 299:302] = 255
    rows, columns = np.nonzero(take_photo(grey, photo)[..., 0] > 100)
    expected = in_photo(np.array([300.5, 100.5]), photo, 512, 512)
    np.testing.assert_allclose([columns.mean() + 0.5, rows.mean() + 0.5], expected, atol=0.5)


def test_lips_that_fold_over_leave_no_bright_pixel() -> None:
    sitter = picture.Sitters(None, 11)(1)
    draw, _ = next(draws(4, 1, 11))
    n = len(draw.pair)
    smile = typical("large_smile", 0.9).take(np.zeros(n, dtype=np.intp))
    camera = draw.camera._replace(angles=np.zeros((n, 3)), distance=np.full(n, 80.0))
    drawn = picture.draw_face(
        draw._replace(intended=smile, camera=camera), 0, make_palsy("subject_left", 1.0, n=n), sitter
    )
    x, y = drawn.points[[61, 291]].mean(axis=0).round().astype(int)
    mouth = drawn.rgb[y - 60 : y + 60, x - 80 : x + 80]
    assert mouth.min(axis=-1).max() < 240


def test_folds_are_flat_on_the_weak_side_and_darken_the_picture() -> None:
    brow = list(FOLDS).index("forehead")
    smile, raised = typical("large_smile"), typical("brow_raise")
    sick = make_palsy("subject_right", 1.0)
    healthy = fold_depths(smile, palsy.no_palsy(1))[0]
    assert healthy[0, 0] == healthy[1, 0] > 0.3
    right, left = fold_depths(smile, sick)[0][:, 0]
    assert right < 0.3 * left
    assert fold_depths(raised, sick)[0][0, brow] < 0.1 < fold_depths(raised, sick)[0][1, brow]
    grey = np.full((512, 512, 3), 180, np.uint8)
    points = canonical_face()[:, :2] * [14.0, -14.0] + 256.0
    shaded = shade_folds(grey, points, fold_depths(smile, sick)[0]).astype(float)
    x, y = points[206].round().astype(int)
    other = points[426].round().astype(int)
    assert shaded[other[1], other[0], 0] < shaded[y, x, 0] - 5, "the healthy side's fold is darker"
    assert np.array_equal(shade_folds(grey, points, np.zeros((2, 3))), grey)


def test_portraits_of_a_folder_are_read_and_bad_ones_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "anna.jpg"), astronaut()[..., ::-1])
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((64, 64, 3), 200, np.uint8))
    (tmp_path / "broken.png").write_bytes(b"no picture")
    read = read_portrait_folder(tmp_path)
    assert [name for name, _ in read] == ["anna", "wall"]
    assert [one.name for one, _ in read_portraits(read)] == ["anna"]
    said = capsys.readouterr().err
    assert "broken.png" in said
    assert "portrait wall: no face found" in said
    (tmp_path / "empty").mkdir()
    with pytest.raises(CohortError, match="no readable picture"):
        read_portrait_folder(tmp_path / "empty")
    with pytest.raises(CohortError, match="no such folder"):
        read_portrait_folder(tmp_path / "nowhere")


def test_a_stopped_run_keeps_its_pictures(tmp_path: Path) -> None:
    first = picture.simulate_pictures(tmp_path, 1, 1, 1, seed=1)
    kept, redrawn = (tmp_path / path for path in first["path"])
    whole = redrawn.read_bytes()
    kept.write_bytes(b"kept")
    redrawn.unlink()
    picture.simulate_pictures(tmp_path, 1, 1, 1, seed=1)
    assert kept.read_bytes() == b"kept"
    assert redrawn.read_bytes() == whole


def test_threads_do_not_change_a_byte(tmp_path: Path) -> None:
    code = (
        "import sys; from facialis.cohorts.simulated.picture import simulate_pictures as s; s(sys.argv[1], 1, 1, 1, 9)"
    )
    totals = []
    for threads in ("1", "2"):
        folder = tmp_path / threads
        folder.mkdir()
        extra = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        subprocess.run([sys.executable, "-c", code, str(folder)], check=True, env=os.environ | extra)
        files = sorted(folder.rglob("*.png"))
        assert len(files) == 2
        totals.append(hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest())
    assert totals[0] == totals[1]
