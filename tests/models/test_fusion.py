"""Fusions: the paper's two, those beyond it, and branches that are missing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone

from facialis.errors import CohortError, RecipeError, SplitError
from facialis.models.encoders import load_encoder
from facialis.models.estimator import seeded, softmax
from facialis.models.feedforward import FeedForwardClassifier
from facialis.models.fusion import EmbeddingFusion, LateFusion, StackedFusion, folds_by_subject
from facialis.models.fusion_nets import AttentionNet, BranchNet, FusionNet, GatedNet, hide
from facialis.models.image import ImageClassifier
from facialis.models.inputs import Inputs

NETS = [FusionNet, GatedNet, AttentionNet]


@pytest.fixture(scope="module")
def data() -> tuple[Inputs, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(24) % 2
    tokens = rng.random((24, 10, 1, 224, 224)).astype(np.float16) * 0.2 + 0.6 * y[:, None, None, None, None]
    measures = rng.normal(size=(24, 29)) + 2 * y[:, None]
    return Inputs({"crops": tokens.astype(np.float16), "measures": measures}), y


@pytest.fixture(scope="module")
def two() -> tuple[Inputs, np.ndarray, np.ndarray]:
    """Two modalities, each with something of its own to say: rows, labels, subjects."""
    rng = np.random.default_rng(1)
    y = np.arange(400) % 2
    arrays = {name: rng.normal(size=(400, 6)) + 1.5 * y[:, None] * (np.arange(6) < 2) for name in ("a", "b")}
    return Inputs(arrays), y, np.array([f"s{i // 8}-{label}" for i, label in enumerate(y)])


def image(seed: int = 1) -> ImageClassifier:
    tail = load_encoder("mixer_tiny", random_weights=True).tail
    return ImageClassifier(seed=seed, module__tail=tail, module__n_features=64, max_epochs=4)


def net(seed: int = 1) -> FeedForwardClassifier:
    return FeedForwardClassifier(seed=seed, module__n_inputs=29, max_epochs=10)


def small(name: str, **settings: Any) -> FeedForwardClassifier:
    own = {"module__n_layers": 2, "module__n_units": 8, "max_epochs": 15, "lr": 0.05, **settings}
    return FeedForwardClassifier(inputs=(name,), seed=2, module__n_inputs=6, **own)


def fusions(**settings: Any) -> dict[str, Any]:
    branches = [small("a"), small("b")]
    made: dict[str, Any] = {
        kind.__name__: EmbeddingFusion(branches, seed=3, net=kind, max_epochs=20, **settings) for kind in NETS
    }
    return {**made, "late": LateFusion(branches), "stacked": StackedFusion(branches, seed=3)}


def fitted(model: Any, X: Inputs, y: np.ndarray, groups: np.ndarray) -> Any:
    return model.fit(X, y, groups=groups) if isinstance(model, StackedFusion) else model.fit(X, y)


def without(X: Inputs, name: str, rows: Any) -> Inputs:
    arrays = {key: np.array(array, dtype=np.float64) for key, array in X.arrays.items()}
    arrays[name][rows] = np.nan
    return Inputs(arrays)


def test_fusion_net_has_the_papers_widths() -> None:
    net = FusionNet((59, 768))
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
    model = EmbeddingFusion([net(), image()], seed=1, max_epochs=10).fit(X, y)
    assert np.array_equal(model.branches_[0].predict_logits(X), net().fit(X, y).predict_logits(X))
    assert np.array_equal(model.branches_[1].predict_logits(X), image().fit(X, y).predict_logits(X))
    logits = model.predict_logits(X)
    assert logits.shape == (24, 2)
    assert (logits.argmax(axis=1) == y).mean() > 0.9
    again = EmbeddingFusion([net(), image()], seed=1, max_epochs=10).fit(X, y)
    assert np.array_equal(again.predict_logits(X), logits)
    np.testing.assert_allclose(model.predict_logits(X[[3, 1]]), logits[[3, 1]], atol=1e-5)


def test_late_fusion_is_the_mean_of_probabilities(data: tuple[Inputs, np.ndarray]) -> None:
    X, y = data
    model = LateFusion([net(), image()]).fit(X, y)
    mean = (net().fit(X, y).predict_proba(X) + image().fit(X, y).predict_proba(X)) / 2
    np.testing.assert_allclose(softmax(model.predict_logits(X)), mean, atol=1e-6)


@pytest.mark.parametrize("kind", list(fusions()))
def test_every_fusion_learns_more_than_a_branch_and_again_the_same(
    kind: str, two: tuple[Inputs, np.ndarray, np.ndarray]
) -> None:
    X, y, subjects = two
    train, test = np.arange(200), np.arange(200, 400)
    model = fitted(clone(fusions()[kind]), X[train], y[train], subjects[train])
    right = (model.predict_logits(X[test]).argmax(axis=1) == y[test]).mean()
    alone = max((b.predict_logits(X[test]).argmax(axis=1) == y[test]).mean() for b in model.branches_)
    assert right > alone
    again = fitted(clone(fusions()[kind]), X[train], y[train], subjects[train])
    assert np.array_equal(again.predict_logits(X[test]), model.predict_logits(X[test]))
    np.testing.assert_allclose(model.predict_proba(X[test]).sum(axis=1), 1.0)


@pytest.mark.parametrize("kind", list(fusions()))
def test_a_missing_branch_degrades_softly(kind: str, two: tuple[Inputs, np.ndarray, np.ndarray]) -> None:
    """Some frames lack a modality in training, others in testing: those answer nearly as well as the branch left."""
    X, y, subjects = two
    train, test = np.arange(200), np.arange(200, 400)
    X = without(without(X, "b", slice(0, 40)), "a", slice(300, 400))
    model = fitted(fusions(dropout=0.3)[kind], X[train], y[train], subjects[train])
    lacking = np.arange(300, 400)
    left = model.branches_[1]
    alone = (left.predict_logits(X[lacking]).argmax(axis=1) == y[lacking]).mean()
    together = (model.predict_logits(X[lacking]).argmax(axis=1) == y[lacking]).mean()
    assert together > alone - 0.05
    assert np.isfinite(model.predict_logits(X[test])).all()


@pytest.mark.parametrize("kind", NETS)
def test_a_hidden_branch_has_no_say(kind: type[BranchNet]) -> None:
    with seeded(0):
        module = kind((5, 3)).eval()
        a, b = torch.randn(4, 5), torch.randn(4, 3)
    lost = torch.full((4, 3), torch.nan)
    assert torch.isfinite(module(a, lost)).all()
    present = torch.tensor([[True, False]]).expand(4, -1)
    rows = [a, torch.zeros(4, 3)]
    torch.testing.assert_close(module(a, lost), module.head(module.hidden(module.combine(rows, present))))
    assert not torch.allclose(module(a, lost), module(a, b))


def test_gates_sum_to_one_and_give_a_missing_branch_nothing() -> None:
    with seeded(0):
        module = GatedNet((5, 3))
        rows = [torch.randn(4, 5), torch.randn(4, 3)]
    weights = module.weights(rows, torch.tensor([[True, True]] * 3 + [[False, True]]))
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(4))
    assert weights[3].tolist() == [0.0, 1.0]


def test_modality_dropout_hides_at_its_rate_and_never_all() -> None:
    present = torch.ones(20_000, 3, dtype=torch.bool)
    present[:5000, 0] = False
    with seeded(0):
        kept = hide(present, 0.3)
    assert not (kept & ~present).any()
    assert kept.any(dim=1).all()
    assert abs(kept[5000:].float().mean().item() - (0.7 + 0.3**3 / 3)) < 0.01


def test_the_stack_is_fitted_on_answers_about_unseen_subjects(two: tuple[Inputs, np.ndarray, np.ndarray]) -> None:
    """A branch that learns its frames by heart is worth nothing to the stack, though it is right on all of them."""
    X, y, subjects = two
    noise = np.random.default_rng(4).normal(size=(400, 6))
    X = Inputs({"a": X.arrays["a"], "b": noise})
    heart = small("b", module__n_units=64, max_epochs=150, lr=0.2)
    model = StackedFusion([small("a"), heart], seed=0).fit(X, y, groups=subjects)
    assert (model.branches_[1].predict(X) == y).mean() > 0.9
    weight = np.abs(model.stack_.coef_[0])
    assert weight[1] < 0.3 * weight[0]


def test_inner_folds_keep_subjects_apart_and_refuse_too_few() -> None:
    labels = np.repeat([0, 1], 12)
    subjects = np.array([f"s{i // 4}" for i in range(24)])
    seen = []
    for train, test in folds_by_subject(labels, subjects, seed=0):
        assert not set(subjects[train]) & set(subjects[test])
        seen.extend(test)
    assert sorted(seen) == list(range(24))
    with pytest.raises(SplitError, match="two training subjects or more of each label"):
        list(folds_by_subject(labels, labels.astype(str), seed=0))


def test_what_no_fusion_can_do_is_said(two: tuple[Inputs, np.ndarray, np.ndarray]) -> None:
    X, y, _ = two
    with pytest.raises(CohortError, match="b: of 400 training frames 1 have it, not of both labels"):
        LateFusion([small("a"), small("b")]).fit(without(X, "b", slice(1, 400)), y)
    model = LateFusion([small("a"), small("b")]).fit(X, y)
    with pytest.raises(CohortError, match="2 of 400 frames have none of the modalities"):
        model.predict_logits(without(without(X, "b", slice(7, 9)), "a", slice(7, 9)))
    diverging = LateFusion([small("a"), small("b", lr=1e30, max_epochs=2)]).fit(X, y)
    with pytest.raises(RecipeError, match="b: the training diverged"):
        diverging.predict_logits(X)
