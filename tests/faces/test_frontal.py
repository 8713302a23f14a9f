"""A face from the front: the pose is undone in points and picture."""

from __future__ import annotations

import numpy as np
import pytest

from facialis.cohorts.simulated.camera import rotation
from facialis.faces.face import Face
from facialis.faces.frontal import EYES_APART, EYES_AT, frontal, frontal_points
from facialis.faces.geometry import iris_centres
from facialis.faces.mesh import canonical_face


def canonical(angles=(0.0, 0.0, 0.0), scale: float = 12.0, middle=(160.0, 150.0)) -> Face:
    """A canonical face, turned by yaw, pitch and roll in degrees, in a picture of 320 x 300 px."""
    turn = rotation(np.array(angles))
    points = (canonical_face() @ turn.T) * [scale, -scale, -scale] + [*middle, 0.0]
    transform = np.eye(4, dtype=np.float32)
    transform[:3, :3] = turn
    return Face(points.astype(np.float32), np.zeros(52, np.float32), transform, (300, 320), "test")


@pytest.mark.parametrize("angles", [(20.0, 0.0, 0.0), (0.0, -12.0, 0.0), (15.0, 10.0, -25.0)])
def test_a_turned_head_has_the_points_of_a_frontal_one(angles):
    np.testing.assert_allclose(frontal_points(canonical(angles)), frontal_points(canonical()), atol=1e-4)


def test_the_irises_are_where_the_frame_wants_them():
    points = frontal(None, canonical((12.0, 5.0, 30.0)), (200, 240)).points
    right, left = iris_centres(points)
    np.testing.assert_allclose((right + left) / 2, [100, EYES_AT * 240], atol=1e-3)
    np.testing.assert_allclose(left - right, [EYES_APART * 200, 0], atol=1e-3)


def test_the_picture_goes_with_the_points():
    """Dots painted on landmarks of a turned head are found where the frontal points say."""
    face = canonical((18.0, -6.0, 10.0), scale=12.0)
    chosen = [33, 263, 61, 291, 1, 152]
    rgb = np.full((300, 320, 3), 255, np.uint8)
    y, x = np.mgrid[:300, :320] + 0.5
    for i in chosen:
        rgb[np.hypot(x - face.landmarks[i, 0], y - face.landmarks[i, 1]) < 4] = 0
    made = frontal(rgb, face, (300, 370))
    assert made.rgb is not None
    dark = made.rgb[..., 0] < 128
    y, x = np.mgrid[:370, :300] + 0.5
    for i in chosen:
        column, row = made.points[i].astype(int)
        assert dark[row, column]
        near = dark & (np.hypot(x - made.points[i, 0], y - made.points[i, 1]) < 12)
        # the nose's dot is drawn out on the side that the turned head foreshortened
        np.testing.assert_allclose([x[near].mean(), y[near].mean()], made.points[i], atol=3.0 if i == 1 else 0.8)


def test_the_landmarker_sees_the_front(astronaut, landmarker):
    """The portrait rolled by 20 degrees stands level in its frame."""
    from PIL import Image

    rolled = np.asarray(Image.fromarray(astronaut).rotate(20, Image.Resampling.BICUBIC))
    face = landmarker.detect(rolled)[0]
    made = frontal(rolled, face, (300, 370))
    assert made.rgb is not None
    right, left = iris_centres(landmarker.detect(made.rgb)[0].landmarks[:, :2])
    assert abs(np.degrees(np.arctan2(*(left - right)[::-1]))) < 2
    np.testing.assert_allclose((right + left) / 2, [150, EYES_AT * 370], atol=3)
