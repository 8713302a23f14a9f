"""The encoders' table, the cut into trunk and tail, and weights that cannot be had or do not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn

from facialis.errors import WeightsError
from facialis.models.encoders import (
    ENCODERS,
    Encoder,
    Weights,
    build_model,
    load_encoder,
    load_weights,
    split_mixer,
    state_hash,
)

TINY = ENCODERS["mixer_tiny"]


@pytest.fixture(scope="module")
def models() -> dict[str, nn.Module]:
    return {name: build_model(spec, seed=0) for name, spec in ENCODERS.items()}


@pytest.mark.parametrize("name", list(ENCODERS))
def test_each_entry_of_the_table(name: str, models: dict[str, nn.Module]) -> None:
    spec, model = ENCODERS[name], models[name].eval()
    assert spec.name == name
    assert spec.licence
    assert spec.source
    assert sum(p.numel() for p in model.parameters()) == spec.parameters
    if spec.timm_name is not None:
        config = timm.data.resolve_model_data_config(model)
        assert (config["mean"], config["std"]) == (spec.mean, spec.std)
        assert config["input_size"] == (3, spec.input_size, spec.input_size)
    encoder = Encoder(spec, *split_mixer(model, spec), weights=Weights("random", seed=0))
    grey = torch.rand(2, 1, spec.input_size, spec.input_size)
    tokens = encoder.trunk(grey)
    assert tokens.shape[1:] == spec.token_shape
    with torch.no_grad():
        embedding = encoder.tail(tokens)
        whole = model.forward_head(  # type: ignore[operator]
            model.forward_features(grey.expand(-1, 3, -1, -1)),  # type: ignore[operator]
            pre_logits=True,
        )
    assert embedding.shape[1:] == (spec.embedding_size,)
    torch.testing.assert_close(embedding, whole)


def test_mixer_b16_is_the_published_size_and_trains_its_last_block_only(models: dict[str, nn.Module]) -> None:
    spec = ENCODERS["mixer_b16"]
    assert spec.parameters == 59_880_472
    encoder = Encoder(spec, *split_mixer(models["mixer_b16"], spec), weights=Weights("random"))
    block = models["mixer_b16"].blocks[-1]  # type: ignore[index]
    trained = sum(p.numel() for p in encoder.tail.parameters() if p.requires_grad)
    assert trained == sum(p.numel() for p in block.parameters()) + 2 * 768
    assert not any(p.requires_grad for p in encoder.trunk.parameters())


def test_statistics_of_a_frozen_batch_normalisation_never_move() -> None:
    model = timm.create_model("resnet10t", pretrained=False)
    trunk = nn.Sequential(model.conv1, model.bn1, model.act1, model.maxpool, model.layer1)
    encoder = Encoder(TINY, trunk, model.layer2, weights=Weights("random"))
    before = state_hash(encoder.trunk)
    both = nn.ModuleList([encoder.trunk, encoder.tail]).train()
    assert any(isinstance(m, nn.BatchNorm2d) for m in encoder.trunk.modules())
    assert not any(m.training for m in encoder.trunk.modules())
    optimiser = torch.optim.SGD([p for p in both.parameters() if p.requires_grad], lr=1.0)
    for _ in range(2):
        optimiser.zero_grad()
        encoder.tail(encoder.trunk(torch.randn(4, 3, 64, 64))).square().mean().backward()
        optimiser.step()
    assert state_hash(encoder.trunk) == before


def test_random_weights_follow_their_seed_and_leave_the_global_state() -> None:
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = load_encoder("mixer_tiny", random_weights=True, seed=4)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert first.weights == Weights("random", seed=4)
    assert state_hash(first.tail) == state_hash(load_encoder("mixer_tiny", random_weights=True, seed=4).tail)
    assert state_hash(first.tail) != state_hash(load_encoder("mixer_tiny", random_weights=True, seed=5).tail)


def test_a_local_file_loads_with_or_without_its_head(tmp_path: Path) -> None:
    model = build_model(TINY, seed=9)
    state = dict(model.state_dict())
    save_file(state, tmp_path / "whole.safetensors")
    save_file({k: v for k, v in state.items() if not k.startswith("head.")}, tmp_path / "headless.safetensors")
    for name in ("whole", "headless"):
        encoder = load_encoder("mixer_tiny", weights=tmp_path / f"{name}.safetensors", seed=1)
        assert encoder.weights.kind == "file"
        assert len(encoder.weights.sha256 or "") == 64
        torch.testing.assert_close(encoder.tail.state_dict()["1.proj.weight"], state["stem.proj.weight"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("norm.weight"), r"bad\.safetensors.*missing: norm\.weight"),
        (lambda s: s.update(extra=torch.zeros(1)), r"bad\.safetensors.*unexpected: extra"),
        (lambda s: s.update({"norm.bias": torch.zeros(3)}), r"bad\.safetensors.*another shape: norm\.bias"),
        (lambda s: s.update({"norm.bias": torch.full((64,), torch.nan)}), r"norm\.bias.*not finite"),
    ],
)
def test_a_file_that_does_not_fit_is_refused_by_name(change, message: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    state = dict(build_model(TINY, seed=0).state_dict())
    change(state)
    save_file(state, tmp_path / "bad.safetensors")
    with pytest.raises(WeightsError, match=message) as caught:
        load_encoder("mixer_tiny", weights=tmp_path / "bad.safetensors")
    assert "\n" not in str(caught.value)


def test_a_file_of_another_encoder_names_the_first_keys_only(tmp_path: Path) -> None:
    save_file({f"layer{i}": torch.zeros(1) for i in range(9)}, tmp_path / "w.safetensors")
    with pytest.raises(WeightsError, match=r"and \d+ more.*unexpected: layer0, layer1, layer2 and 6 more"):
        load_weights(build_model(TINY, seed=0), tmp_path / "w.safetensors")


def test_no_file_and_no_safetensors(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.safetensors"):
        load_encoder("mixer_tiny", weights=tmp_path / "none.safetensors")
    torch.save({"a": 1}, tmp_path / "pickle.pth")
    with pytest.raises(WeightsError, match=r"pickle\.pth: not a safetensors file"):
        load_encoder("mixer_tiny", weights=tmp_path / "pickle.pth")
    with pytest.raises(WeightsError, match="exclude each other"):
        load_encoder("mixer_tiny", weights=tmp_path / "x", random_weights=True)
    with pytest.raises(WeightsError, match="unknown encoder 'resnet'; known: mixer_b16"):
        load_encoder("resnet")


@pytest.mark.enable_socket
def test_weights_not_to_be_had_name_the_file_and_the_options(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WeightsError, match=r"timm/mixer_b16_224\.miil_in21k_ft_in1k.*--weights FILE.*--random-weights"):
        load_encoder("mixer_b16")
