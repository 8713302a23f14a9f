"""Numbers taken the short way are those of the long way."""

from __future__ import annotations

import numpy as np
import pytest

from facialis.detection.millimetres import millimetre_names, millimetres, millimetres_of
from facialis.detection.number_errors import noisy_copies
from facialis.detection.reference import LEVELS, Reference
from facialis.faces.geometry import undo_pose
from facialis.modalities.coordinates import in_iris_frame


def test_millimetres_of_landmarks_are_those_of_framed_points(astronaut_face):
    copies = noisy_copies(astronaut_face.landmarks, astronaut_face.interocular_px, 5.0)
    framed = in_iris_frame(undo_pose(copies.astype(np.float64), astronaut_face.transform))
    short = millimetres_of(copies, astronaut_face.transform)
    assert short.shape == (len(copies), len(millimetre_names()))
    np.testing.assert_allclose(short, millimetres(framed), atol=1e-9)
    one = millimetres_of(copies[0], astronaut_face.transform)
    np.testing.assert_allclose(one, short[0], atol=1e-12)
    stacked = millimetres_of(np.stack([copies, copies]), astronaut_face.transform)
    np.testing.assert_allclose(stacked[1], short, atol=1e-12)
    # by hand: the height of the subject's right brow's middle over the line of the irises, positive above the eyes
    assert short[0, millimetre_names().index("brow_height_subject_right")] > 5


def test_no_face_at_all_has_no_millimetres():
    assert np.isfinite(millimetres_of(np.zeros((2, 478, 3)), np.eye(4))).all()


def test_percentiles_are_those_of_interpolation():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.gamma(2.0, 1.0, 400), np.full(100, 1.5)])  # ties: quantiles that are equal
    reference = Reference.of({"x": values}, of="numbers")
    for value in (-1.0, 0.0, 1.5, 99.0, *reference.quantiles["x"], *rng.gamma(2.0, 1.0, 50)):
        expected = round(100 * float(np.interp(value, reference.quantiles["x"], LEVELS)), 1)
        assert reference.percentile("x", value) == pytest.approx(expected, abs=0.1001 if value == 1.5 else 1e-9)
