"""The paper's net, and the estimator interface that all torch models share."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.base import clone

from facialis.models.estimator import softmax
from facialis.models.feedforward import FeedForwardClassifier, FeedForwardNet, statistics
from facialis.models.inputs import Batches, Inputs


def make(n: int, d: int = 29, seed: int = 0) -> tuple[Inputs, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    x = rng.normal(100.0, 30.0, size=(n, d)) + 60.0 * y[:, None] * (np.arange(d) < 8)
    return Inputs({"measures": x}), y


def classifier(seed: int = 1, epochs: int = 4, **kwargs: object) -> FeedForwardClassifier:
    return FeedForwardClassifier(seed=seed, module__n_inputs=29, max_epochs=epochs, **kwargs)


def test_parameter_count_and_order_of_layers() -> None:
    net = FeedForwardNet(29)
    by_hand = (29 * 59 + 59) + 14 * (59 * 59 + 59) + 15 * 2 * 59 + (59 * 2 + 2)
    assert sum(p.numel() for p in net.parameters()) == by_hand == 53_220
    assert [type(layer).__name__ for layer in net.hidden] == ["Linear", "ReLU", "BatchNorm1d"] * 15
    assert net.embed(torch.zeros(3, 29)).shape == (3, 59)
    assert net(torch.zeros(3, 29)).shape == (3, 2)


def test_it_learns_and_the_scale_of_inputs_does_not_matter() -> None:
    X, y = make(600)
    model = classifier(epochs=10).fit(X, y)
    assert (model.predict(X) == y).mean() > 0.9
    scaled = Inputs({"measures": X.arrays["measures"] * 1000.0 - 5.0})
    again = classifier(epochs=10).fit(scaled, y)
    assert (again.predict(scaled) == y).mean() > 0.9


def test_standardisation_is_fitted_on_the_training_rows_alone() -> None:
    X, y = make(100)
    half = np.arange(50)
    model = classifier().fit(X[half], y[half])
    x = X.arrays["measures"][:50]
    np.testing.assert_allclose(model.module_.standardise.mean.numpy(), x.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(model.module_.standardise.scale.numpy(), x.std(axis=0), rtol=1e-5)
    assert "standardise.mean" in model.module_.state_dict()


def test_a_constant_input_is_only_centred() -> None:
    X = Inputs({"measures": np.full((10, 29), 7.3)})
    net = FeedForwardNet(29)
    net.standardise.set_statistics(*statistics(X, "measures"))
    assert torch.equal(net.standardise.scale, torch.ones(29))


def test_statistics_in_chunks_equal_numpys() -> None:
    x = np.random.default_rng(0).normal(1e4, 1.0, size=(20_000, 3))
    mean, deviation = statistics(Inputs({"m": x.astype(np.float32)}), "m")
    np.testing.assert_allclose(mean, x.astype(np.float32).astype(np.float64).mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(deviation, x.astype(np.float32).astype(np.float64).std(axis=0), rtol=1e-9)


def test_same_seed_same_net_another_seed_another_and_the_global_state_stays() -> None:
    X, y = make(300)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    first = classifier().fit(X, y).predict_logits(X)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(6)
    assert np.array_equal(classifier().fit(X, y).predict_logits(X), first)
    assert np.array_equal(clone(classifier()).fit(X, y).predict_logits(X), first)
    assert not np.array_equal(classifier(seed=2).fit(X, y).predict_logits(X), first)


def test_the_number_of_threads_is_restored() -> None:
    X, y = make(40)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        classifier().fit(X, y).predict_logits(X)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("n", [2, 3, 9, 257])
def test_a_last_batch_of_one_trains(n: int) -> None:
    X, y = make(n)
    logits = classifier(batch_size=8).fit(X, y).predict_logits(X)
    assert logits.shape == (n, 2)
    assert np.isfinite(logits).all()


def test_one_frame_is_refused() -> None:
    X, y = make(1)
    with pytest.raises(ValueError, match="2 frames or more"):
        classifier().fit(X, y)


@pytest.mark.parametrize(("n", "sizes"), [(9, [4, 5]), (8, [4, 4]), (10, [4, 4, 2]), (1, [1])])
def test_batches_hold_every_row_once(n: int, sizes: list[int]) -> None:
    batches = [np.asarray(b) for b in Batches(n, 4, lambda rows: rows, seed=0)]
    assert [len(b) for b in batches] == sizes
    assert sorted(np.concatenate(batches)) == list(range(n))


def test_batches_in_order_without_a_seed_and_anew_each_pass_with_one() -> None:
    def passes(seed: int | None) -> list[list[int]]:
        batches = Batches(50, 7, lambda rows: rows, seed)
        return [np.concatenate([np.asarray(b) for b in batches]).tolist() for _ in range(2)]

    assert passes(None) == [list(range(50))] * 2
    assert passes(3)[0] != passes(3)[1]
    assert passes(3) == passes(3)


def test_inputs_of_inputs() -> None:
    X = Inputs({"a": np.arange(10)[:, None], "b": np.arange(10)[:, None] * 2})
    part = X[[8, 6, 4]][[2, 0]]
    assert part.take("b")[:, 0].tolist() == [8, 16]
    assert part.take("a", [1])[:, 0].tolist() == [8]
    with pytest.raises(ValueError, match="common length"):
        Inputs({"a": np.zeros(3), "b": np.zeros(4)})


def test_probabilities_are_the_softmax_of_the_logits() -> None:
    X, y = make(50)
    model = classifier().fit(X, y)
    p = model.predict_proba(X)
    np.testing.assert_allclose(p, torch.softmax(torch.tensor(model.predict_logits(X)).double(), 1).numpy())
    np.testing.assert_allclose(softmax(np.array([[1000.0, -1000.0]])), [[1.0, 0.0]])
