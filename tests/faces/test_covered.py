"""Hair, glasses, hands and masks drawn over the free portrait, and what must not be taken for them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

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
from facialis.cohorts.simulated.patients import make_palsy
from facialis.cohorts.simulated.picture import Sitters, draw_face
from facialis.cohorts.simulated.simulate import draws
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
    """Twelve painted people, rest and tight closure, healthy and with a complete palsy: picture and landmarks."""
    sitters, made = Sitters([("none", np.zeros((1, 1, 3), np.uint8))], 3) if False else Sitters(None, 3), []
    for draw, _ in draws(12, 2, 3, movement="rest,tight_closure"):
        for row in np.flatnonzero(draw.pair < 12).tolist():
            if int(draw.pair[row]) % 4 == 3:
                continue  # the portrait
            for sick in (no_palsy(len(draw.pair)), draw.palsy):
                drawn = draw_face(draw, row, sick, sitters(int(draw.pair[row])))
                made.append((drawn.rgb, drawn.points))
    return made


def hidden(face, picture, limits=None):
    return [reason for reason in assess(face, picture, limits).reasons if "hidden" in reason]


@pytest.mark.parametrize(
    ("occluder", "reason", "least"),
    [(fringe, "a brow is hidden", 4), (hair_over_a_brow, "a brow is hidden", 4),
     (hair_over_an_eye, "half of the face is hidden", 5), (hand_over_an_eye, "half of the face is hidden", 4),
     (sunglasses, "the eyes are hidden", 5), (mask, "the lower half of the face is hidden", 5)],
)  # fmt: skip
def test_what_is_covered_is_noticed(landmarker, large, face, occluder, reason, least):
    assert not hidden(face, large)
    noticed = 0
    for seed in SEEDS:
        picture = occluder(large, face.landmarks.astype(np.float64), np.random.default_rng(seed))
        found = landmarker.detect(picture)
        noticed += not found or any(text.startswith(reason) for text in hidden(found[0], picture))
    assert noticed >= least


@pytest.mark.parametrize("occluder", [clear_glasses, short_fringe])
def test_spectacles_and_hair_above_the_brows_hide_nothing(landmarker, large, face, occluder):
    # the portrait's own hair reaches its brows: what is laid over it lies higher
    for seed in SEEDS:
        picture = occluder(large, face.landmarks.astype(np.float64), np.random.default_rng(seed))
        assert not hidden(landmarker.detect(picture)[0], picture)
