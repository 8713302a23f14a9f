"""The encoder's last block as an estimator, and both fusions."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from facialis.models.encoders import load_encoder, state_hash
from facialis.models.estimator import softmax
from facialis.models.feedforward import FeedForwardClassifier
from facialis.models.fusion import EarlyFusion, FusionNet, LateFusion
from facialis.models.image import ImageClassifier, TokenNet
from facialis.models.inputs import Inputs
from facialis.models.logistic import LogisticClassifier
from facialis.models.tokens import CENTRE


@pytest.fixture(scope="module")
def data() -> tuple[Inputs, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    tokens = rng.random((24, 10, 1, 224, 224)).astype(np.float16) * 0.2 + 0.6 * y[:, None, None, None, None]
    measures = rng.normal(size=(24, 29)) + 2 * y[:, None]
    return Inputs({"tokens": tokens.astype(np.float16), "measures": measures}), y


def image(seed: int = 1, **kwargs: object) -> ImageClassifier:
    encoder = load_encoder("mixer_tiny", random_weights=True)
    settings = {"test_crops": 10, "max_epochs": 4, **kwargs}
    return ImageClassifier(seed=seed, module__tail=encoder.tail, module__embedding_size=64, **settings)


def net(seed: int = 1) -> FeedForwardClassifier:
    return FeedForwardClassifier(seed=seed, module__n_inputs=29, max_epochs=10)


def test_logits_are_the_mean_over_ten_crops(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    model = image().fit(X, y)
    module = model.module_.eval()
    with torch.no_grad():
        slow = np.mean(
            [module.head(module.tail(torch.from_numpy(X.arrays["tokens"][:, k]).float())).numpy() for k in range(10)],
            axis=0,
        )
    np.testing.assert_allclose(model.predict_logits(X), slow, atol=1e-5)


def test_one_crop_is_the_centre_in_training_and_testing(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    tokens = X.arrays["tokens"]
    noise = np.random.default_rng(9).random(tokens.shape).astype(np.float16)
    noise[:, CENTRE] = tokens[:, CENTRE]
    logits = image(test_crops=1).fit(X, y).predict_logits(X)
    other = Inputs({"tokens": noise})
    assert np.array_equal(image(test_crops=1).fit(other, y).predict_logits(other), logits)
    alone = Inputs({"tokens": tokens[:, CENTRE : CENTRE + 1]})
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


def test_fusion_net_has_the_papers_widths() -> None:
    net = FusionNet(59 + 768)
    assert [tuple(layer.weight.shape) for layer in net.hidden[::3]] == [(256, 827), (128, 256), (64, 128)]
    assert [type(layer).__name__ for layer in net.hidden] == ["Linear", "BatchNorm1d", "LeakyReLU"] * 3
    assert all(layer.negative_slope == 0.2 for layer in net.hidden[2::3])
    assert net.head.weight.shape == (2, 64)
    net.eval()
    measures, picture = torch.rand(3, 59), torch.rand(3, 10, 768)
    slow = torch.stack([net.head(net.hidden(torch.cat([measures, picture[:, k]], dim=1))) for k in range(10)]).mean(
        dim=0
    )
    torch.testing.assert_close(net(measures, picture), slow)


def test_early_fusion_trains_branches_alone_first(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    model = EarlyFusion([net(), image()], seed=1, max_epochs=10).fit(X, y)
    assert np.array_equal(model.branches_[0].predict_logits(X), net().fit(X, y).predict_logits(X))
    assert np.array_equal(model.branches_[1].predict_logits(X), image().fit(X, y).predict_logits(X))
    logits = model.predict_logits(X)
    assert logits.shape == (24, 2)
    assert (logits.argmax(axis=1) == y).mean() > 0.9
    again = EarlyFusion([net(), image()], seed=1, max_epochs=10).fit(X, y)
    assert np.array_equal(again.predict_logits(X), logits)
    np.testing.assert_allclose(model.predict_logits(X[[3, 1]]), logits[[3, 1]], atol=1e-5)


def test_late_fusion_is_the_mean_of_probabilities(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    model = LateFusion([net(), image()]).fit(X, y)
    mean = (net().fit(X, y).predict_proba(X) + image().fit(X, y).predict_proba(X)) / 2
    np.testing.assert_allclose(softmax(model.predict_logits(X)), mean, atol=1e-6)


def test_token_net_has_a_head_of_two() -> None:
    encoder = load_encoder("mixer_tiny", random_weights=True)
    assert TokenNet(encoder.tail, 64)(torch.rand(2, 10, 1, 224, 224)).shape == (2, 2)


def test_logistic_equals_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = (rng.normal(5, 3, size=(200, 29)) + y[:, None] * (np.arange(29) < 4)).astype(np.float32)
    for balanced in (False, True):
        ours = LogisticClassifier(strength=0.3, balanced=balanced).fit(Inputs({"measures": x[:150]}), y[:150])
        weight = "balanced" if balanced else None
        theirs = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.3, class_weight=weight, tol=1e-6, max_iter=5000)
        )
        theirs.fit(x[:150].astype(np.float64), y[:150])
        np.testing.assert_allclose(
            ours.predict_proba(Inputs({"measures": x[150:]})), theirs.predict_proba(x[150:]), atol=1e-4
        )
