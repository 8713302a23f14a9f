"""Mixed precision (bfloat16) moves what comes out by little, is kept apart from float32, and returns float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

from facialis.models.encoders import Encoder, load_encoder
from facialis.models.estimator import softmax
from facialis.models.image import ImageClassifier
from facialis.models.inputs import Inputs
from facialis.models.tokens import frozen_tokens

PRECISIONS = ("float32", "mixed")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    """EfficientNet-Lite0 with its published weights."""
    return load_encoder("efficientnet_lite0")


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    """Twelve grey pictures, (12, 256, 256): parts of a cat and of a cup."""
    whole = [np.asarray(Image.fromarray(p).convert("L").resize((288, 288))) for p in (data.chelsea(), data.coffee())]
    return np.stack([picture[6 * k : 6 * k + 256, 5 * k : 5 * k + 256] for k in range(6) for picture in whole])


def test_tokens_of_both_precisions_agree_and_are_kept_apart(
    encoder: Encoder, crops: np.ndarray, tmp_path: Path
) -> None:
    head = encoder.training("head")
    full, mixed = (
        np.array(frozen_tokens(head, crops, "centre", tmp_path, dtype="float32", precision=precision))
        for precision in PRECISIONS
    )
    assert full.dtype == mixed.dtype == np.float32
    assert len(list(tmp_path.glob("tokens-*.npy"))) == 2
    assert 0 < np.sqrt(np.mean((full - mixed) ** 2)) < 0.1 * full.std()


def test_training_in_both_precisions_gives_nearly_the_same_answers(
    encoder: Encoder, crops: np.ndarray, tmp_path: Path
) -> None:
    labels = np.arange(len(crops)) % 2
    answers = []
    for precision in PRECISIONS:
        tokens = frozen_tokens(encoder, crops, "centre", tmp_path, precision=precision)
        model = ImageClassifier(
            inputs=("crops",), seed=0, test_crops=1, batch_size=6, max_epochs=4, precision=precision,
            module__tail=encoder.tail, module__n_features=encoder.spec.n_features,
        ).fit(Inputs({"crops": tokens}), labels)  # fmt: skip
        assert {p.dtype for p in model.module_.parameters()} == {torch.float32}
        assert model.embed(Inputs({"crops": tokens})).dtype == np.float32
        answers.append(model.predict_logits(Inputs({"crops": tokens})))
    full, mixed = (softmax(logits)[:, 1] for logits in answers)
    assert answers[1].dtype == np.float32
    assert 0 < np.abs(full - mixed).max() < 0.05
    assert ((full > 0.5) == labels).all()
