from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facialis.faces.landmarks import Face
from facialis.faces.mesh import CONTOURS, canonical_face
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
        (lambda p: np.rot90(p), "head on its side: 8"),
        (lambda p: np.rot90(p, 3), "head on its side: 7"),
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


@pytest.mark.parametrize("gain", [2, 3, 4, 5, 6, 8, 10])
def test_what_light_has_bleached_is_not_called_hidden(landmarker, astronaut, astronaut_face, gain):
    picture = np.clip(astronaut * float(gain), 0, 255).astype(np.uint8)
    assert any(text.startswith("too bright") for text in assess(astronaut_face, picture).reasons)
    for face in (astronaut_face, *landmarker.detect(picture)):
        assert not any("hidden" in text for text in assess(face, picture).reasons)


def test_a_bright_face_that_shows_all_is_fit_and_a_white_mask_hides(landmarker, astronaut, astronaut_face):
    pale = np.clip(astronaut + 80.0, 0, 255).astype(np.uint8)
    quality = assess(landmarker.detect(pale)[0], pale)
    assert quality.brightness > Limits().bleached
    assert not quality.reasons
    light = np.clip(astronaut * 1.5, 0, 255).astype(np.uint8)
    masked = assess(astronaut_face, under_a_mask(light, astronaut_face, (250, 250, 250)))
    assert [text.split(":")[0] for text in masked.reasons] == ["the lower half of the face is hidden"]


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


def under_a_mask(rgb: np.ndarray, face: Face, colour: tuple[int, int, int]) -> np.ndarray:
    """Cover the face from the middle of the nose down, with folds and grain."""
    oval = face.landmarks[[start for start, _ in CONTOURS["face_oval"]], :2]
    nose = 0.4 * face.landmarks[6, :2] + 0.6 * face.landmarks[1, :2]
    low = oval[oval[:, 1] > nose[1]]
    low = low[np.argsort(np.arctan2(*(low - nose).T[::-1]))]
    shape = np.zeros(rgb.shape[:2], np.uint8)
    cv2.fillPoly(shape, [low.round().astype(np.int32)], 255)
    folds = 8 * np.sin(np.arange(rgb.shape[0]) / max(2.0, face.interocular_px / 8))[:, None, None]
    cloth = np.clip(np.array(colour) + folds + np.random.default_rng(0).normal(0, 4, (*rgb.shape[:2], 1)), 0, 255)
    share = cv2.GaussianBlur(shape, (5, 5), 1.5)[..., None] / 255
    return (rgb * (1 - share) + cloth * share).astype(np.uint8)


@pytest.mark.parametrize("colour", [(120, 170, 200), (30, 30, 35), (235, 235, 235)])
def test_under_a_mask_the_lower_half_is_hidden(landmarker, astronaut, astronaut_face, colour):
    assert not any("hidden" in reason for reason in assess(astronaut_face, astronaut).reasons)
    covered = under_a_mask(astronaut, astronaut_face, colour)
    for face in landmarker.detect(covered):
        assert any("lower half" in reason for reason in assess(face, covered).reasons)


def test_a_grey_picture_is_not_taken_for_a_mask(landmarker, astronaut):
    grey = np.repeat(cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    for face in landmarker.detect(grey):
        quality = assess(face, grey)
        assert quality.cover.lip_redness == pytest.approx(0, abs=1e-6)
        assert not quality.reasons
