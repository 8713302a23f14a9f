"""What is trained of an encoder, as an estimator: its last block and head, or the head alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from facialis.modalities.crops import ten_crops
from facialis.models.encoders import load_encoder, state_hash
from facialis.models.image import ImageClassifier, TokenNet
from facialis.models.inputs import Inputs
from facialis.models.tokens import CENTRE


@pytest.fixture(scope="module")
def data() -> tuple[Inputs, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    tokens = rng.random((24, 10, 1, 224, 224)).astype(np.float16) * 0.2 + 0.6 * y[:, None, None, None, None]
    measures = rng.normal(size=(24, 29)) + 2 * y[:, None]
    return Inputs({"crops": tokens.astype(np.float16), "measures": measures}), y


def image(seed: int = 1, **kwargs: object) -> ImageClassifier:
    encoder = load_encoder("mixer_tiny", random_weights=True)
    settings = {"test_crops": 10, "max_epochs": 4, **kwargs}
    return ImageClassifier(seed=seed, module__tail=encoder.tail, module__n_features=64, **settings)


def test_logits_are_the_mean_over_ten_crops(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    model = image().fit(X, y)
    module = model.module_.eval()
    with torch.no_grad():
        slow = np.mean(
            [module.head(module.tail(torch.from_numpy(X.arrays["crops"][:, k]).float())).numpy() for k in range(10)],
            axis=0,
        )
    np.testing.assert_allclose(model.predict_logits(X), slow, atol=1e-5)


def test_one_crop_is_the_centre_in_training_and_testing(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    tokens = X.arrays["crops"]
    noise = np.random.default_rng(9).random(tokens.shape).astype(np.float16)
    noise[:, CENTRE] = tokens[:, CENTRE]
    logits = image(test_crops=1).fit(X, y).predict_logits(X)
    other = Inputs({"crops": noise})
    assert np.array_equal(image(test_crops=1).fit(other, y).predict_logits(other), logits)
    alone = Inputs({"crops": tokens[:, CENTRE : CENTRE + 1]})
    assert np.array_equal(image(test_crops=1).fit(alone, y).predict_logits(alone), logits)


def test_training_on_ten_crops_differs_from_one(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    one, ten = (image(train_crops=n).fit(X, y).predict_logits(X) for n in (1, 10))
    assert not np.allclose(one, ten)


def test_every_fit_starts_from_the_encoders_weights(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    model = image()
    before = state_hash(model.get_params()["module__tail"])
    first = model.fit(X, y).predict_logits(X)
    assert state_hash(model.get_params()["module__tail"]) == before
    assert state_hash(model.module_.tail) != before
    assert np.array_equal(model.fit(X, y).predict_logits(X), first)


def test_embeddings_are_the_trained_tails(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    model = image().fit(X, y)
    assert model.embed(X).shape == (24, 10, 64)
    assert model.embed(X, training=True).shape == (24, 1, 64)
    np.testing.assert_array_equal(model.embed(X)[:, [CENTRE]].shape, (24, 1, 64))
    np.testing.assert_allclose(model.embed(X)[:, [CENTRE]], model.embed(X, training=True), atol=1e-5)


def test_the_neck_is_linear_relu_dropout_batch_normalisation() -> None:
    """On the paper's ResNet50: 2048 to 512 numbers, which are the embedding."""
    net = TokenNet(nn.Identity(), 2048, 512)
    assert [type(layer).__name__ for layer in net.neck] == ["Linear", "ReLU", "Dropout", "BatchNorm1d"]  # type: ignore[arg-type]
    assert net.neck[2].p == 0.4  # type: ignore[index]
    assert sum(p.numel() for p in net.neck.parameters()) == 2048 * 512 + 512 + 2 * 512
    assert net.embed(torch.rand(3, 2, 2048)).shape == (3, 2, 512)


def test_the_head_alone_is_trained_on_embeddings_and_learns() -> None:
    encoder = load_encoder("resnet_tiny", random_weights=True).training("head")
    rng = np.random.default_rng(0)
    y = np.arange(8) % 2
    grey = np.clip(rng.normal(100, 20, size=(8, 256, 256)) + 60 * y[:, None, None], 0, 255).astype(np.uint8)
    x = torch.from_numpy(ten_crops(grey)).float().flatten(0, 1).unsqueeze(1) / 255
    X = Inputs({"lines": encoder.frozen(x).reshape(8, 10, -1).numpy()})
    model = ImageClassifier(
        inputs=("lines",),
        seed=0,
        module__tail=encoder.tail,
        module__n_features=encoder.spec.n_features,
        module__neck=encoder.spec.neck,
        lr=0.1,
        max_epochs=20,
    ).fit(X, y)
    assert (model.predict(X) == y).all()
    assert model.embed(X).shape == (8, 10, 64)
    rows = model.predict_logits(X[[5, 1]])
    np.testing.assert_allclose(rows, model.predict_logits(X)[[5, 1]], atol=1e-5)


def test_token_net_has_a_head_of_two() -> None:
    encoder = load_encoder("mixer_tiny", random_weights=True)
    assert TokenNet(encoder.tail, 64)(torch.rand(2, 10, 1, 224, 224)).shape == (2, 2)
