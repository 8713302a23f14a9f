"""The six left-right ratios."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import ConvexHull

from facialis.faces import geometry
from facialis.faces.mesh import canonical_face
from facialis.modalities.ratios import BROW, EYELIDS, RATIOS, hull_area, ratios

NAMES = list(RATIOS)


def face(seed: int | None = None) -> np.ndarray:
    points = canonical_face()[:, :2] * [100.0, -100.0]
    return points if seed is None else points + np.random.default_rng(seed).normal(0.0, 10.0, points.shape)


def written_out(points: np.ndarray) -> list[float]:
    """The definitions word by word, on one face, with line E and midpoint O in the picture's own axes."""
    iris = [points[468:473].mean(axis=0), points[473:478].mean(axis=0)]
    middle = (iris[0] + iris[1]) / 2
    along = (iris[1] - iris[0]) / np.linalg.norm(iris[1] - iris[0])
    down = np.array([-along[1], along[0]])

    def foot(p: np.ndarray) -> np.ndarray:
        return np.asarray(middle + down * ((p - middle) @ down))

    values = []
    for side, brow, lids, corner in (
        (0, [70, 63, 105, 66, 107], "33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246", 61),
        (1, [336, 296, 334, 293, 300], "263 249 390 373 374 380 381 382 362 398 384 385 386 387 388 466", 291),
    ):
        centroid = points[brow].mean(axis=0)
        triangle = [points[corner], foot(points[corner]), foot(points[17])]
        (ax, ay), (bx, by), (cx, cy) = triangle
        values.append(
            [
                np.linalg.norm(centroid - iris[side]),
                abs((centroid - middle) @ down),
                np.linalg.norm(centroid - middle),
                ConvexHull(points[[int(i) for i in lids.split()]]).volume,
                np.linalg.norm(points[corner] - points[0]),
                abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2,
            ]
        )
    return [float(min(a, b) / max(a, b)) for a, b in zip(*values, strict=True)]


@pytest.mark.parametrize("seed", range(4))
def test_they_are_the_written_definitions(seed: int) -> None:
    points = face(seed)
    assert ratios(points) == pytest.approx(written_out(points), abs=1e-9)


def test_symmetric_faces_have_one_and_stacks_keep_their_shape() -> None:
    assert ratios(face()) == pytest.approx(np.ones(6))
    stack = np.stack([face(1), face(2)])[:, None]
    assert ratios(stack).shape == (2, 1, 6)
    assert ratios(stack)[1, 0] == pytest.approx(ratios(face(2)))


def test_shift_roll_scale_and_mirror_change_nothing() -> None:
    points = face(3)
    turn = np.radians(17.0)
    rolled = 0.3 * points @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + [500.0, -20.0]
    assert ratios(rolled) == pytest.approx(ratios(points), abs=1e-9)
    assert ratios(geometry.mirror(points, 640.0)) == pytest.approx(ratios(points), abs=1e-9)


def test_each_tells_its_own_region() -> None:
    drooped = face()
    drooped[list(BROW), 1] += 60.0
    told = ratios(drooped)
    assert all(told[NAMES.index(name)] < 0.95 for name in ("brow_eye", "brow_eyeline", "brow_midpoint"))
    assert told[3:] == pytest.approx(np.ones(3))
    closed = face()
    closed[list(EYELIDS), 1] = closed[33, 1]
    assert ratios(closed)[NAMES.index("eye_area")] == pytest.approx(0.0, abs=1e-12)
    closed[[249, 263, 362, 373, 374, 380, 381, 382, 384, 385, 386, 387, 388, 390, 398, 466], 1] = closed[33, 1]
    assert ratios(closed)[NAMES.index("eye_area")] == 1.0, "both eyes shut are alike"


def test_landmarks_without_irises_are_refused() -> None:
    with pytest.raises(ValueError, match="478"):
        ratios(np.zeros((468, 2)))


@given(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=3, max_size=12))
@settings(max_examples=60, deadline=None)
def test_the_hull_is_that_of_scipy_and_flat_sets_have_none(corners: list[tuple[int, int]]) -> None:
    points = np.array(corners, dtype=np.float64)
    flat = np.linalg.matrix_rank(points - points[0]) < 2
    expected = 0.0 if flat else ConvexHull(points).volume
    assert hull_area(points) == pytest.approx(expected, abs=1e-9)


def test_a_thousand_faces_take_less_than_two_seconds() -> None:
    stack = np.stack([face(seed) for seed in range(10)] * 100)
    start = time.perf_counter()
    ratios(stack)
    assert time.perf_counter() - start < 2.0
