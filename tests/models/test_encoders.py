"""The encoders' table, each walked once, and the cut into a frozen part and a trained one."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest
import timm
import torch
from torch import nn

from facialis.errors import WeightsError
from facialis.models.cuts import build_model, cut
from facialis.models.encoder_table import ENCODERS, EncoderSpec
from facialis.models.encoders import Encoder, load_encoder, state_hash
from facialis.models.estimator import seeded
from facialis.models.image import TokenNet
from facialis.models.weights import Weights

SMALL: dict[str, EncoderSpec] = {
    "mixer": replace(ENCODERS["mixer_tiny"], frozen=True),
    "resnet": ENCODERS["resnet_tiny"],
    "fastervit": ENCODERS["fastervit_tiny"],
    "efficientnet": ENCODERS["efficientnet_lite0"],
    "vit": ENCODERS["vit_b16"],
    "swin": ENCODERS["swin_tiny"],
    "convnext": ENCODERS["convnext_tiny"],
}
"""One spec of each family, of a small net where `small_model` can make one."""


def small_model(spec: EncoderSpec) -> Any:
    options: dict[str, dict[str, object]] = {
        "vit": {"depth": 2, "embed_dim": 48, "num_heads": 4},
        "swin": {"depths": (1, 1, 1, 2), "embed_dim": 16, "num_heads": (1, 1, 2, 2)},
        "convnext": {"depths": (1, 1, 1, 2), "dims": (8, 16, 16, 32)},
    }
    if spec.family in options:
        with seeded(1):
            return timm.create_model(spec.make, pretrained=False, **options[spec.family]).eval()
    return build_model(spec, seed=1).eval()


def whole_forward(model: Any, spec: EncoderSpec, grey: torch.Tensor) -> torch.Tensor:
    """Run the library's own forward pass up to its classifier, on input normalised by hand."""
    mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (spec.mean, spec.std))
    features = model.forward_features((grey.expand(-1, 3, -1, -1) - mean) / std)
    if spec.family == "fastervit":
        return model.avgpool(features).flatten(1)  # type: ignore[no-any-return]
    return model.forward_head(features, pre_logits=True)  # type: ignore[no-any-return]


def config_of(spec: EncoderSpec) -> dict[str, Any]:
    """Return what the library says of the published weights."""
    if spec.family == "fastervit":
        from fastervit.models.faster_vit import default_cfgs

        return dict(default_cfgs[spec.make])
    return timm.get_pretrained_cfg(spec.make).to_dict()


@pytest.mark.parametrize("name", list(ENCODERS))
def test_each_entry_of_the_table(name: str) -> None:
    """At random weights: number of parameters, shapes of tokens and features (without numbers where it is large)."""
    spec = ENCODERS[name]
    assert spec.name == name
    assert spec.licence
    assert spec.source
    large = spec.parameters > 20_000_000 and spec.family != "fastervit"
    device = "meta" if large else "cpu"
    with torch.device(device):
        model = build_model(spec, seed=0).eval()
        trunk, block = cut(model, spec)
    assert sum(p.numel() for p in model.parameters()) == spec.parameters
    encoder = Encoder(spec, trunk, block, Weights("random", seed=0))
    tokens = encoder.frozen(torch.rand(2, 1, spec.input_size, spec.input_size, device=device))
    assert tokens.shape == (2, *spec.token_shape) == (2, *encoder.token_shape)
    with torch.no_grad():
        assert encoder.tail(tokens).shape == (2, spec.n_features)
        net = TokenNet(encoder.tail, spec.n_features, spec.neck).to(device)
        assert net.embed(tokens.unsqueeze(1)).shape == (2, 1, spec.embedding_size)
    head = encoder.training("head")
    assert head.token_shape == (spec.n_features,)
    assert head.frozen(torch.rand(1, 1, spec.input_size, spec.input_size, device=device)).shape == (1, spec.n_features)
    assert not list(head.tail.parameters())


@pytest.mark.parametrize("name", [name for name, spec in ENCODERS.items() if spec.make is not None])
def test_mean_and_deviation_are_those_of_the_weights_own_config(name: str) -> None:
    spec = ENCODERS[name]
    config = config_of(spec)
    assert (tuple(config["mean"]), tuple(config["std"])) == (spec.mean, spec.std)
    assert tuple(config["input_size"]) == (3, spec.input_size, spec.input_size)
    assert spec.published is not None
    if spec.published.where.startswith("timm/"):
        assert config["hf_hub_id"] == spec.published.where == f"timm/{spec.make}"
        assert config["license"].lower() == spec.licence.lower()


@pytest.mark.parametrize("family", list(SMALL))
def test_the_two_parts_are_the_whole_net(family: str) -> None:
    spec = SMALL[family]
    model = small_model(spec)
    encoder = Encoder(spec, *cut(model, spec), Weights("random"))
    grey = torch.rand(2, 1, 224, 224)
    with torch.no_grad():
        whole = whole_forward(model, spec, grey)
        torch.testing.assert_close(encoder.tail(encoder.frozen(grey)), whole)
        torch.testing.assert_close(encoder.training("head").frozen(grey), whole)
    assert whole.std() > 0


@pytest.mark.parametrize("family", list(SMALL))
def test_running_it_leaves_its_state_and_hash_as_they_were(family: str) -> None:
    """Else the same pictures would go through the frozen part anew for every recipe."""
    spec = SMALL[family]
    encoder = Encoder(spec, *cut(small_model(spec), spec), Weights("random"))
    before = encoder.training("head").frozen_hash
    encoder.training("head").frozen(torch.rand(1, 1, 224, 224))
    assert encoder.training("head").frozen_hash == before


def test_every_family_of_the_table_has_its_cut_tested() -> None:
    assert {spec.family for spec in ENCODERS.values()} == set(SMALL)


def test_mixer_b16_is_the_published_size_and_trains_its_last_block_only() -> None:
    spec = ENCODERS["mixer_b16"]
    assert spec.parameters == 59_880_472
    with torch.device("meta"):
        model: Any = build_model(spec, seed=0)
        encoder = Encoder(spec, *cut(model, spec), Weights("random"))
    net = TokenNet(encoder.tail, spec.n_features)
    trained = sum(p.numel() for p in net.tail.parameters() if p.requires_grad)
    assert trained == sum(p.numel() for p in model.blocks[-1].parameters()) + 2 * 768
    assert not any(p.requires_grad for p in encoder.frozen.parameters())
    alone = TokenNet(encoder.training("head").tail, spec.n_features)
    assert sum(p.numel() for p in alone.parameters() if p.requires_grad) == 2 * 768 + 2


def test_the_last_block_is_trained_even_where_the_same_net_was_frozen_whole_before() -> None:
    encoder = load_encoder("resnet_tiny", random_weights=True)
    encoder.training("head").frozen(torch.rand(1, 1, 224, 224))
    net = TokenNet(encoder.tail, encoder.spec.n_features, encoder.spec.neck)
    assert all(p.requires_grad for p in net.parameters())


def test_statistics_of_a_frozen_batch_normalisation_never_move() -> None:
    encoder = load_encoder("resnet_tiny", random_weights=True)
    before = state_hash(encoder.frozen)
    both = nn.ModuleList([encoder.frozen, encoder.tail]).train()
    assert any(isinstance(m, nn.BatchNorm2d) for m in encoder.frozen.modules())
    assert not any(m.training for m in encoder.frozen.modules())
    optimiser = torch.optim.SGD([p for p in both.parameters() if p.requires_grad], lr=1.0)
    for _ in range(2):
        optimiser.zero_grad()
        encoder.tail(encoder.frozen(torch.rand(4, 1, 224, 224))).square().mean().backward()
        optimiser.step()
    assert state_hash(encoder.frozen) == before


def test_random_weights_follow_their_seed_and_leave_the_global_state() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = load_encoder("mixer_tiny", random_weights=True, seed=4)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first.weights == Weights("random", seed=4)
    assert state_hash(first.tail) == state_hash(load_encoder("mixer_tiny", random_weights=True, seed=4).tail)
    assert state_hash(first.tail) != state_hash(load_encoder("mixer_tiny", random_weights=True, seed=5).tail)


def test_each_frozen_part_has_its_own_hash() -> None:
    encoders = [load_encoder("resnet_tiny", random_weights=True, seed=seed) for seed in (0, 1)]
    hashes = {e.training(trains).frozen_hash for e in encoders for trains in ("last-block", "head")}
    assert len(hashes) == 4


def test_without_the_package_the_row_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fastervit", None)
    monkeypatch.setitem(sys.modules, "fastervit.models", None)
    with pytest.raises(WeightsError, match=r"pip install 'facialis\[fastervit\]'.*License-NC") as caught:
        load_encoder("fastervit", random_weights=True)
    assert "\n" not in str(caught.value)
