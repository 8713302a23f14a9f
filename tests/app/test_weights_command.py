"""``facialis weights``: what it lists, and one line for each file that it cannot convert."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from facialis.app.cli import app
from facialis.models.encoder_table import ENCODERS
from facialis.models.weights import fetch_weights


def call(*args: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["weights", *map(str, args)])
    return done.exit_code, done.stdout, done.stderr


def test_list_names_each_encoder_its_licence_and_how_to_get_it() -> None:
    code, out, _ = call("list")
    assert code == 0
    for name, spec in ENCODERS.items():
        assert name in out
        assert f"{spec.parameters:,}" in out
    assert "facialis[fastervit]" in out
    assert "18,826,032" in out


def test_convert_says_what_it_was(tmp_path: Path) -> None:
    file = fetch_weights(ENCODERS["efficientnet_lite0"])
    code, out, _ = call("convert", file, "-o", tmp_path / "lite.safetensors")
    assert (code, out) == (0, f"efficientnet_lite0: {tmp_path / 'lite.safetensors'}\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"a": torch.zeros(3)}, "neither the published early fusion nor an encoder of the table"),
        ({"a": 1}, "holds no state dict"),
        (len, "would run code when opened"),  # not print, which Ray replaces
    ],
)
def test_what_cannot_be_converted_is_one_line(content: object, message: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "c.pth")
    code, out, err = call("convert", tmp_path / "c.pth", "-o", tmp_path / "o.safetensors")
    assert (code, out) == (2, "")
    assert err.startswith(f"facialis: {tmp_path / 'c.pth'}: ")
    assert message in err
    assert err.count("\n") == 1
    assert not (tmp_path / "o.safetensors").exists()


def test_where_the_result_cannot_be_written(tmp_path: Path) -> None:
    file = fetch_weights(ENCODERS["efficientnet_lite0"])
    code, _, err = call("convert", file, "-o", tmp_path / "none" / "o.safetensors")
    assert code == 2
    assert "cannot write" in err
    assert err.count("\n") == 1
