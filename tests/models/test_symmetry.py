from __future__ import annotations

import numpy as np
import pytest
import torch

from facialis.faces.geometry import mirror
from facialis.faces.mesh import canonical_face
from facialis.modalities.asymmetry import (
    distance_from_symmetry,
    folded_measures,
    has_symmetric_value,
    is_signed,
    with_sign_of,
    without_sign,
)
from facialis.modalities.measures import DEFINITIONS, measure
from facialis.models.symmetry import FoldedMeasures


@pytest.fixture(params=DEFINITIONS)
def measures(request):
    noise = np.random.default_rng(0).normal(scale=0.3, size=(50, 478, 3))
    return request.param, measure((canonical_face() + noise) * [10, -10, -10] + 300, definition=request.param)


def test_torch_and_numpy_agree(measures):
    definition, values = measures
    with torch.no_grad():
        answer = FoldedMeasures(definition)(torch.from_numpy(values.astype(np.float32))).numpy()
    np.testing.assert_allclose(answer, folded_measures(values, definition), rtol=1e-4, atol=1e-4)


def test_a_symmetric_face_has_no_distance_and_no_face_a_negative_one(measures):
    definition, values = measures
    straight = distance_from_symmetry(
        measure(canonical_face() * [10, -10, -10] + 300, definition=definition), definition
    )
    assert straight.shape == (21,) == (has_symmetric_value(definition).sum(),)
    np.testing.assert_allclose(straight, 0, atol=1e-6)
    assert (distance_from_symmetry(values, definition) > 0).mean() > 0.99


def test_sign_is_taken_off_and_put_back(measures):
    definition, values = measures
    sizes = without_sign(values, definition)
    np.testing.assert_allclose(with_sign_of(values, sizes, definition), values, atol=1e-9)
    mirrored = measure(mirror((canonical_face() + 0.1) * [10, -10, -10] + 300, 600), definition=definition)
    plain = measure((canonical_face() + 0.1) * [10, -10, -10] + 300, definition=definition)
    signed = is_signed(definition)
    np.testing.assert_allclose(
        without_sign(mirrored, definition)[signed], without_sign(plain, definition)[signed], atol=1e-6
    )
    assert signed.sum() == (7 if definition == "oo-2025" else 1)
