"""One small net trained on a cohort's labels, and on these labels shuffled: for checks of explanations."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from facialis.models.export import to_onnx
from facialis.models.feedforward import FeedForwardClassifier
from facialis.models.inputs import Inputs
from facialis.models.study_net import StudyNet

LAYERS, UNITS, EPOCHS, RATE, BATCH = 2, 32, 60, 0.05, 64


def trained_pairs(
    measures: NDArray[Any], labels: NDArray[Any], *, seeds: tuple[int, ...] = (0, 1, 2)
) -> list[tuple[bytes, bytes]]:
    """Return for each seed two ONNX graphs from measures to logits: trained on the labels, and on these shuffled.

    Both are the study's net for measures, but small (`LAYERS`, `UNITS`), and start from the same weights.

    Parameters
    ----------
    measures : (n, 29).
    labels : (n,) 1 palsy, 0 none; shuffled over all faces.
    """
    inputs = Inputs({"measures": np.asarray(measures, dtype=np.float32)})
    pairs = []
    for seed in seeds:
        shuffled = np.random.default_rng(seed).permutation(labels)
        true, false = (_graph(inputs, kind, seed) for kind in (labels, shuffled))
        pairs.append((true, false))
    return pairs


def _graph(inputs: Inputs, labels: NDArray[Any], seed: int) -> bytes:
    model = FeedForwardClassifier(
        seed=seed,
        module__n_inputs=inputs.width("measures"),
        module__n_layers=LAYERS,
        module__n_units=UNITS,
        lr=RATE,
        batch_size=BATCH,
        max_epochs=EPOCHS,
    ).fit(inputs, labels)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        to_onnx(StudyNet(model, None, ten_crops=False).eval(), torch.zeros(1, inputs.width("measures")), path)
        return path.read_bytes()
