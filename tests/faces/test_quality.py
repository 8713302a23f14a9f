from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facialis.faces.landmarks import Face
from facialis.faces.mesh import canonical_face
from facialis.faces.quality import Limits, assess, sharpness


def reasons(landmarker, picture):
    return assess(landmarker.detect(picture)[0], picture).reasons


def test_the_portrait_is_fit(landmarker, astronaut):
    assert reasons(landmarker, astronaut) == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: cv2.resize(p, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), "face too small: 21 px"),
        (lambda p: cv2.GaussianBlur(p, (0, 0), 4.5), "blurred"),
        (lambda p: p[:, 215:], "face cut by the picture's border"),
    ],
)
def test_why_a_picture_is_unfit(landmarker, astronaut, change, reason):
    found = reasons(landmarker, np.ascontiguousarray(change(astronaut)))
    assert any(text.startswith(reason) for text in found), found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda p: p * 0.1, "too dark"),
        (lambda p: 240 + p * 0.05, "too bright"),
        (lambda p: 120 + p * 0.05, "too little contrast"),
        (lambda p: np.where(np.arange(512)[:, None] > 224, 128, p), "half of the face is hidden"),
    ],
)
def test_light(astronaut_face, astronaut, change, reason):
    found = assess(astronaut_face, change(astronaut).astype(np.uint8)).reasons
    assert any(text.startswith(reason) for text in found), found


def turned(yaw: float, pitch: float, texture: np.ndarray) -> tuple[Face, np.ndarray]:
    """The canonical face turned, with a transform that says so, over a picture with texture."""
    a, b = np.radians(yaw), np.radians(-pitch)
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    transform = np.eye(4)
    transform[:3, :3] = turn @ nod
    points = canonical_face() @ transform[:3, :3].T * [10, -10, -10] + [200, 200, 0]
    return Face(points.astype(np.float32), np.zeros(52, np.float32), transform, (400, 400), "test"), texture


@given(st.floats(-60, 60), st.floats(-60, 60))
def test_pose_limits(yaw, pitch):
    texture = np.random.default_rng(0).integers(0, 255, (400, 400, 3)).astype(np.uint8)
    face, picture = turned(yaw, pitch, texture)
    quality = assess(face, picture, Limits(interocular_px=1))
    assert quality.yaw == pytest.approx(yaw, abs=0.01)
    assert quality.pitch == pytest.approx(pitch, abs=0.01)
    found = [text.split(":")[0] for text in quality.reasons]
    assert ("head turned aside" in found) == (abs(quality.yaw) > 25)
    assert any(text.startswith("head tilted") for text in found) == (abs(quality.pitch) > 25)


def test_sharpness_falls_with_blur():
    noise = np.random.default_rng(0).normal(128, 40, (90, 90)).astype(np.float32)
    values = [sharpness(cv2.GaussianBlur(noise, (0, 0), sigma)) for sigma in (0.5, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert sharpness(np.full((9, 9), 7, np.float32)) == 0
