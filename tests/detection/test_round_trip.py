"""From a trained torch model to a bundle and back: the same logits."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from torch import nn

from facialis.detection.bundle import Bundle
from facialis.faces.mesh import canonical_face
from facialis.modalities.measures import measure
from facialis.models.export import to_onnx
from facialis.models.feedforward import FeedForwardNet
from facialis.models.logistic import LogisticNet
from facialis.models.symmetry import FoldedMeasures


@pytest.fixture(scope="module")
def measures():
    noise = np.random.default_rng(0).normal(scale=0.2, size=(200, 478, 3))
    return measure((canonical_face() + noise) * [10, -10, -10] + 300).astype(np.float32)


@pytest.mark.parametrize(
    "build",
    [lambda: nn.Sequential(FoldedMeasures("oo-2025"), LogisticNet(29)), lambda: FeedForwardNet(29)],
    ids=["logistic", "the paper's net"],
)
def test_torch_and_the_bundle_agree(build, measures, tmp_path):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = build().eval()
    to_onnx(module, torch.from_numpy(measures[:2]), tmp_path / "m.onnx")
    card = dataclasses.replace(Bundle.load().card, name="test")
    bundle = Bundle.write(tmp_path / "b.bundle", card, (tmp_path / "m.onnx").read_bytes())
    with torch.no_grad():
        expected = module(torch.from_numpy(measures)).numpy()
    for rows in (slice(None), slice(0, 1), slice(0, 0)):
        np.testing.assert_allclose(bundle.logits(measures[rows]), expected[rows], atol=1e-5)
    assert np.ptp(expected) > 0
