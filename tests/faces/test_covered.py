"""Hair, glasses, hands and masks drawn over the free portrait, and what must not be taken for them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from facialis.cohorts.simulated.draw import draws
from facialis.cohorts.simulated.occluders import (
    clear_glasses,
    fringe,
    hair_over_a_brow,
    hair_over_an_eye,
    hand_over_an_eye,
    mask,
    short_fringe,
    sunglasses,
)
from facialis.cohorts.simulated.palsy import no_palsy
from facialis.cohorts.simulated.picture import Sitters, draw_face
from facialis.faces.covered import covered
from facialis.faces.quality import Limits, assess

SEEDS = range(6)


@pytest.fixture(scope="module")
def large(astronaut):
    """The portrait with 84 px between the eyes."""
    return cv2.resize(astronaut[:256, 96:352], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


@pytest.fixture(scope="module")
def face(landmarker, large):
    return landmarker.detect(large)[0]


@pytest.fixture(scope="module")
def painted():
    """Nine painted people of several skins, at rest and with eyes shut tight, healthy and with a palsy: pictures."""
    sitters, made = Sitters(None, 3), []
    for draw, _ in draws(12, 2, 3, movement="rest,tight_closure"):
        for row in np.flatnonzero((draw.pair < 12) & (draw.pair % 4 != 3)).tolist():
            for sick in (no_palsy(len(draw.pair)), draw.palsy):
                made.append(draw_face(draw, row, sick, sitters(int(draw.pair[row]))).rgb)
    return made


def hidden(face, picture, limits=None):
    return [reason for reason in assess(face, picture, limits).reasons if "hidden" in reason]


@pytest.mark.parametrize(
    ("occluder", "reason", "least"),
    [(fringe, "a brow is hidden", 4), (hair_over_a_brow, "a brow is hidden", 4),
     (hair_over_an_eye, "half of the face is hidden", 5), (hand_over_an_eye, "half of the face is hidden", 2),
     (sunglasses, "the eyes are hidden", 4), (mask, "the lower half of the face is hidden", 5)],
)  # fmt: skip
def test_what_is_covered_is_noticed(landmarker, large, face, occluder, reason, least):
    assert not hidden(face, large)
    noticed = 0
    for seed in SEEDS:
        picture = occluder(large, face.landmarks.astype(np.float64), np.random.default_rng(seed))
        found = landmarker.detect(picture)
        limits = Limits(hair=2.8)  # not judged unless asked for
        noticed += not found or any(text.startswith(reason) for text in hidden(found[0], picture, limits))
        assert not any("a brow is hidden" in text for text in hidden(found[0], picture)) if found else True
    assert noticed >= least


@pytest.mark.parametrize("occluder", [clear_glasses, short_fringe])
def test_spectacles_and_hair_above_the_brows_hide_nothing(landmarker, large, face, occluder):
    for seed in SEEDS:
        picture = occluder(large, face.landmarks.astype(np.float64), np.random.default_rng(seed))
        assert not hidden(landmarker.detect(picture)[0], picture)


def test_no_skin_closed_eye_palsy_or_light_from_one_side_is_taken_for_a_cover(landmarker, painted):
    skins = []
    for number, picture in enumerate(painted):
        light = np.linspace(0.35, 1.0, picture.shape[1])[:: 1 if number % 2 else -1]
        grey = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
        for seen in (picture, (picture * light[None, :, None]).astype(np.uint8), grey):
            found = landmarker.detect(seen)[0]
            assert not hidden(found, seen), number
        skins.append(assess(landmarker.detect(picture)[0], picture).brightness)
    assert max(skins) > 2 * min(skins)  # from dark to fair


def test_an_eye_is_held_against_the_other_whatever_the_light(face, large):
    alike = covered(face, large).likeness
    light = np.linspace(0.4, 1.0, large.shape[1])[None, :, None]
    assert covered(face, (large * light).astype(np.uint8)).likeness == pytest.approx(alike, abs=0.15)
    over = large.copy()
    x, y = face.landmarks[468, :2].astype(int)
    over[y - 40 : y + 25, x - 40 : x + 40] = np.random.default_rng(0).integers(60, 200, (65, 80, 1))
    assert covered(face, over).likeness < Limits().likeness < alike


def test_a_face_at_the_border_or_tiny_is_measured_all_the_same(face, large):
    cut = np.ascontiguousarray(large[:, : int(face.landmarks[468, 0])])
    assert all(np.isfinite(covered(face, cut)))
    assert all(np.isfinite(covered(face, np.zeros((40, 40, 3), np.uint8))))
