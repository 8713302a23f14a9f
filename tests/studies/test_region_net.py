"""The regions' own net: the rest stays to the bit, a mirror changes nothing, unknown truth does nothing, it learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from facialis.app.train_detector import faces_of, split
from facialis.cohorts.simulated.simulate import simulate_faces
from facialis.faces.geometry import mirror
from facialis.models.geometric_training import Features, fit, predict
from facialis.models.regions import calibrate_regions, fit_regions
from facialis.studies.detector import calibration_error


@pytest.fixture(scope="module")
def parts():
    made = simulate_faces(300, 300, 2, 12)
    return split(faces_of(made.frames, made.landmarks, made.transforms), 0)


@pytest.fixture(scope="module")
def net(parts):
    return fit(parts[0].features("oo-2025"), parts[0].truth, seed=1, steps=20)


def test_it_learns_and_leaves_the_rest_to_the_bit(net, parts):
    first, second, third = parts
    asked = third.features("oo-2025")
    before = predict(net, asked)
    unknown = np.full_like(first.truth.regions, np.nan)
    fit_regions(net, first.features("oo-2025"), unknown, seed=1)
    assert net.regional is None
    fit_regions(net, first.features("oo-2025"), first.truth.regions, seed=1, steps=120)
    taught = predict(net, asked)
    for name in ("logits", "side", "severity", "novelty"):
        np.testing.assert_array_equal(taught[name], before[name])
    truth = third.truth.regions
    areas = [roc_auc_score(truth[:, k], taught["regions"][:, k]) for k in range(4)]
    assert min(areas) > 0.7
    assert np.mean(areas) > 0.85  # simulated, 120 subjects
    calibrate_regions(net, second.features("oo-2025"), second.truth.regions)
    held = predict(net, second.features("oo-2025"))["regions"]
    for k in range(4):
        p, y = 1 / (1 + np.exp(-held[:, k])), second.truth.regions[:, k]
        assert p.mean() == pytest.approx(y.mean(), abs=0.01)
        assert calibration_error(p, y == 1, even=False) < 0.12


def test_a_mirror_changes_no_region(net, parts):
    faces = parts[2]
    with torch.random.fork_rng():
        fit_regions(net, parts[0].features("oo-2025"), parts[0].truth.regions, seed=2, steps=30)
    plain = faces.features("oo-2025")
    turn = np.diag([-1.0, 1.0, 1.0, 1.0])
    mirrored = Features.of(mirror(faces.landmarks, 500.0), turn @ faces.transforms @ turn)
    slips = [3, 21, 23]  # these measures know left from right by the published program's slips
    mirrored.measures[:, slips] = plain.measures[:, slips]
    one, other = predict(net, plain)["regions"], predict(net, mirrored)["regions"]
    np.testing.assert_allclose(other, one, atol=5e-3)
    assert one.std() > 0.2
