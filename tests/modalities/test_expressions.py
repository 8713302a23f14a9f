"""The expression scores' names, pairs and shape."""

from pathlib import Path

import numpy as np
import pytest

from facialis.modalities.expressions import BLENDSHAPES, LEFT_RIGHT, expressions, mirror_expressions

FIXTURES = Path(__file__).parents[1] / "fixtures"


def test_names():
    assert len(BLENDSHAPES) == len(set(BLENDSHAPES)) == 52
    assert BLENDSHAPES[0] == "_neutral"
    assert list(BLENDSHAPES[1:]) == sorted(BLENDSHAPES[1:])


def test_pairs():
    paired = {name for pair in LEFT_RIGHT for name in pair}
    assert len(LEFT_RIGHT) == 20
    assert paired <= set(BLENDSHAPES)
    assert paired == {name for name in BLENDSHAPES if name.endswith(("Left", "Right"))}
    firsts = [BLENDSHAPES.index(subject_left) for subject_left, _ in LEFT_RIGHT]
    assert firsts == sorted(firsts)


def test_scores_of_a_smile():
    scores = expressions(np.load(FIXTURES / "astronaut_landmarks.npz")["blendshapes"])
    named = dict(zip(BLENDSHAPES, scores, strict=True))
    assert named["mouthSmileLeft"] > 0.8 < named["mouthSmileRight"]
    assert named["_neutral"] < 0.01 > named["mouthFrownLeft"]
    assert scores.dtype == np.float32


def test_mirroring_swaps_pairs():
    scores = np.arange(104, dtype=np.float32).reshape(2, 52) / 104
    mirrored = mirror_expressions(scores)
    left, right = (BLENDSHAPES.index(name) for name in ("eyeBlinkLeft", "eyeBlinkRight"))
    np.testing.assert_array_equal(mirrored[:, left], scores[:, right])
    np.testing.assert_array_equal(mirrored[:, 0], scores[:, 0])
    np.testing.assert_array_equal(mirror_expressions(mirrored), scores)


def test_result_is_a_copy():
    scores = np.zeros(52, dtype=np.float32)
    expressions(scores)[0] = 1
    assert scores[0] == 0


def test_wrong_shape():
    with pytest.raises(ValueError, match=r"scores of shape \(3, 51\); expected \(..., 52\)"):
        expressions(np.zeros((3, 51)))
