"""The authors' checkpoint, made here in its layout, becomes safetensors and answers the same; others are refused."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from facialis.errors import WeightsError
from facialis.models import published
from facialis.models.cuts import build_model
from facialis.models.encoder_table import ENCODERS, EncoderSpec
from facialis.models.encoders import load_encoder
from facialis.models.estimator import seeded
from facialis.models.published import convert, load_published


class AuthorsFusion(nn.Module):
    """The net as the authors' program builds it, under names that are none of ours."""

    def __init__(self, spec: EncoderSpec, picture_first: bool = False) -> None:
        super().__init__()
        self.picture_first = picture_first
        self.mixer: Any = build_model(spec, seed=0)
        self.mixer.head = nn.Linear(spec.n_features, 2)
        self.fnn = nn.ModuleList()
        for n in (29, *[59] * 14):
            self.fnn.append(nn.Sequential(nn.Linear(n, 59), nn.ReLU(), nn.BatchNorm1d(59)))
        self.fnn_out = nn.Linear(59, 2)
        self.fc1, self.bn1 = nn.Linear(59 + spec.n_features, 256), nn.BatchNorm1d(256)
        self.fc2, self.bn2 = nn.Linear(256, 128), nn.BatchNorm1d(128)
        self.fc3, self.bn3 = nn.Linear(128, 64), nn.BatchNorm1d(64)
        self.fc4 = nn.Linear(64, 2)

    def forward(self, measures: Tensor, crops: Tensor) -> Tensor:
        for layer in self.fnn:
            measures = layer(measures)
        answers = []
        for k in range(crops.shape[1]):
            rgb = crops[:, k].unsqueeze(1).expand(-1, 3, -1, -1)
            picture = self.mixer.forward_head(self.mixer.forward_features(rgb), pre_logits=True)
            x = torch.cat([picture, measures] if self.picture_first else [measures, picture], dim=1)
            for fc, bn in ((self.fc1, self.bn1), (self.fc2, self.bn2), (self.fc3, self.bn3)):
                x = nn.functional.leaky_relu(bn(fc(x)), 0.2)
            answers.append(self.fc4(x))
        return torch.stack(answers).mean(dim=0)


def filled(model: nn.Module) -> nn.Module:
    """Give a model made without numbers small random ones, quickly."""
    model.to_empty(device="cpu")
    with seeded(0), torch.no_grad():
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                value.uniform_(0.5, 1.5) if "var" in name else value.normal_(0.0, 0.1)
    return model.eval()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> EncoderSpec:
    """The same layout with a tiny Mixer in place of the large one."""
    spec = replace(ENCODERS["mixer_tiny"], frozen=True)
    monkeypatch.setattr(published, "MIXER", spec)
    return spec


def test_the_published_size_becomes_safetensors_and_answers_the_same(tmp_path: Path) -> None:
    with torch.device("meta"):
        model = AuthorsFusion(ENCODERS["mixer_b16"])
    model = filled(model)  # type: ignore[assignment]
    torch.save(model.state_dict(), tmp_path / "epoch50.pth")
    assert convert(tmp_path / "epoch50.pth", tmp_path / "ours.safetensors") == "published-fusion"
    ours = load_published(tmp_path / "ours.safetensors")
    assert ours.fusion.hidden[0].weight.shape == (256, 827)
    measures, crops = torch.randn(2, 29), torch.rand(2, 1, 224, 224)
    with torch.no_grad():
        expected = model(measures, crops)
        torch.testing.assert_close(ours(measures, crops), expected, rtol=1e-4, atol=1e-4)
    assert expected.std() > 0


@pytest.mark.parametrize("picture_first", [False, True])
@pytest.mark.parametrize("wrapped", [False, True])
def test_wrapped_renamed_and_the_other_way_round(
    picture_first: bool, wrapped: bool, small: EncoderSpec, tmp_path: Path
) -> None:
    with torch.device("meta"):
        model = AuthorsFusion(small, picture_first)
    model = filled(model)  # type: ignore[assignment]
    state: Any = model.state_dict()
    if wrapped:
        state = {"epoch": 50, "model_state_dict": {f"module.{name}": value for name, value in state.items()}}
    torch.save(state, tmp_path / "c.pth")
    convert(tmp_path / "c.pth", tmp_path / "o.safetensors", picture_first=picture_first)
    ours = load_published(tmp_path / "o.safetensors")
    measures, crops = torch.randn(5, 29), torch.rand(5, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(ours(measures, crops), model(measures, crops), rtol=1e-4, atol=1e-4)
    with safe_open(tmp_path / "o.safetensors", "pt") as file:
        assert file.metadata()["kind"] == "published-fusion"
        assert len(file.metadata()["converted_from_sha256"]) == 64


class Bomb:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def refused(path: Path, tmp_path: Path, message: str) -> None:
    with pytest.raises(WeightsError, match=message) as caught:
        convert(path, tmp_path / "out.safetensors")
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)
    assert not (tmp_path / "out.safetensors").exists()


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path) -> None:
    for legacy in (False, True):
        path = tmp_path / f"bomb{legacy}.pth"
        torch.save({"a": Bomb(tmp_path / "gone-off")}, path, _use_new_zipfile_serialization=not legacy)
        refused(path, tmp_path, "would run code when opened")
    assert not (tmp_path / "gone-off").exists()


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04 no zip", b"just text\n", b"\x80\x02K\x01.", bytes(range(256)) * 9]
)
def test_what_is_no_checkpoint(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "c.pth"
    path.write_bytes(content)
    refused(path, tmp_path, "checkpoint|state dict")
    refused(tmp_path / "none.pth", tmp_path, "none.pth: cannot be read")
    refused(tmp_path, tmp_path, "cannot be read")


def test_a_cut_off_file(small: EncoderSpec, tmp_path: Path) -> None:
    torch.save(AuthorsFusion(small).state_dict(), tmp_path / "c.pth")
    content = (tmp_path / "c.pth").read_bytes()
    (tmp_path / "half.pth").write_bytes(content[: len(content) // 2])
    refused(tmp_path / "half.pth", tmp_path, "half.pth: not a torch checkpoint")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("fc2.weight"), r"no linear layer \(128, 256\) for fusion\.hidden\.3: not the published"),
        (
            lambda s: s.update({"fc1.weight": torch.zeros(200, 123)}),
            r"no linear layer \(256, 123\) for fusion\.hidden\.0",
        ),
        (lambda s: s.pop("bn2.running_var"), r"missing: fusion\.hidden\.4\.running_var"),
        (lambda s: s.pop("mixer.norm.bias"), r"missing: image\.norm\.bias"),
        (lambda s: s.pop("mixer.stem.proj.weight"), "no Mixer in it"),
        (lambda s: s.update({"fc9.weight": torch.zeros(3, 12)}), "unexpected: fc9"),
        (
            lambda s: s.update({"fc4.bias": torch.full((2,), torch.nan)}),
            "fusion.head.bias holds numbers that are not finite",
        ),
        (lambda s: s.pop("fnn.0.0.weight"), "neither the published early fusion nor an encoder"),
    ],
)
def test_another_shape_is_named(change: Any, message: str, small: EncoderSpec, tmp_path: Path) -> None:
    state = dict(AuthorsFusion(small).state_dict())
    change(state)
    torch.save(state, tmp_path / "c.pth")
    refused(tmp_path / "c.pth", tmp_path, message)


def test_an_encoders_checkpoint_goes_in_under_timms_names(tmp_path: Path) -> None:
    from facialis.models.weights import fetch_weights

    spec = ENCODERS["efficientnet_lite0"]
    assert convert(fetch_weights(spec), tmp_path / "lite.safetensors") == "efficientnet_lite0"
    local = load_encoder("efficientnet_lite0", weights=tmp_path / "lite.safetensors")
    assert local.frozen_hash == load_encoder("efficientnet_lite0").frozen_hash
    state = load_file(tmp_path / "lite.safetensors")
    torch.save({"state_dict": state}, tmp_path / "again.pth.tar")
    assert convert(tmp_path / "again.pth.tar", tmp_path / "again.safetensors") == "efficientnet_lite0"


def test_a_file_that_was_not_converted_is_not_loaded(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": torch.zeros(1)}, tmp_path / "a.safetensors")
    with pytest.raises(WeightsError, match="not the published model as `facialis weights convert` writes it; missing"):
        load_published(tmp_path / "a.safetensors")
