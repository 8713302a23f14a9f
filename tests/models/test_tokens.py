"""The frozen part runs once a picture: what is kept, under which name, and how it goes on after a kill."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from facialis.errors import FacialisError, WeightsError
from facialis.files import locked
from facialis.modalities.crops import ten_crops
from facialis.models.cuts import build_model, cut
from facialis.models.encoders import ENCODERS, Encoder, load_encoder
from facialis.models.estimator import seeded
from facialis.models.tokens import CENTRE, frozen_tokens
from facialis.models.weights import Weights


def frozen_tiny(seed: int = 0) -> Encoder:
    """A small Mixer with a frozen first block, so that its trunk does something."""
    spec = replace(ENCODERS["mixer_tiny"], name="frozen", frozen=True, token_shape=(49, 64))
    return Encoder(spec, *cut(build_model(spec, seed), spec), Weights("random", seed=seed))


@pytest.fixture
def crops() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, size=(7, 256, 256), dtype=np.uint8)


class Counting(nn.Module):
    def __init__(self, module: nn.Module, fail_after: int | None = None) -> None:
        super().__init__()
        self.module, self.n, self.fail_after = module, 0, fail_after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.fail_after is not None and self.n >= self.fail_after:
            raise KeyboardInterrupt
        self.n += len(x)
        out: torch.Tensor = self.module(x)
        return out


def direct(encoder: Encoder, crops: np.ndarray) -> np.ndarray:
    x = torch.from_numpy(ten_crops(crops)).float() / 255
    return encoder.frozen(x.flatten(0, 1)[:, None]).reshape(len(crops), 10, *encoder.token_shape).numpy()


@pytest.mark.parametrize(("mode", "n"), [("ten", 10), ("centre", 1)])
def test_tokens_are_the_trunks_own(mode: str, n: int, crops: np.ndarray, tmp_path: Path) -> None:
    encoder = frozen_tiny()
    tokens = frozen_tokens(encoder, crops, mode, tmp_path / "derived", dtype="float32", batch_size=25)  # type: ignore[arg-type]
    assert isinstance(tokens, np.memmap)
    assert tokens.shape == (7, n, 49, 64)
    expected = direct(encoder, crops)
    np.testing.assert_allclose(tokens, expected if n == 10 else expected[:, CENTRE : CENTRE + 1], atol=1e-5)


def test_the_centre_crop_is_the_middle(crops: np.ndarray) -> None:
    assert np.array_equal(ten_crops(crops)[:, CENTRE], crops[:, 16:240, 16:240])


def test_nothing_is_computed_twice_and_each_input_has_its_own_file(crops: np.ndarray, tmp_path: Path) -> None:
    encoder = frozen_tiny()
    encoder.frozen.module = counter = Counting(encoder.frozen.module)  # type: ignore[assignment]
    frozen_tokens(encoder, crops, "centre", tmp_path)
    assert counter.n == 7
    frozen_tokens(encoder, crops, "centre", tmp_path)
    assert counter.n == 7
    frozen_tokens(encoder, crops, "centre", tmp_path, dtype="float32")
    frozen_tokens(encoder, crops, "ten", tmp_path)
    frozen_tokens(encoder, crops[:6], "centre", tmp_path)
    frozen_tokens(frozen_tiny(seed=1), crops, "centre", tmp_path)
    assert len(list(tmp_path.glob("tokens-*.npy"))) == 5


def test_a_stopped_run_goes_on_where_it_stopped(crops: np.ndarray, tmp_path: Path) -> None:
    encoder = frozen_tiny()
    encoder.frozen_hash  # noqa: B018  # fixed before the counter changes the names in the trunk
    inner = encoder.frozen.module
    encoder.frozen.module = Counting(inner, fail_after=4)  # type: ignore[assignment]
    with pytest.raises(KeyboardInterrupt):
        frozen_tokens(encoder, crops, "centre", tmp_path, batch_size=2)
    assert not list(tmp_path.glob("tokens-*.npy"))
    (partial,) = tmp_path.glob(".tokens-*.partial")
    with partial.open("ab") as file:
        file.write(b"half a row")
    encoder.frozen.module = counter = Counting(inner)  # type: ignore[assignment]
    resumed = frozen_tokens(encoder, crops, "centre", tmp_path, batch_size=2)
    assert counter.n == 3
    encoder.frozen.module = inner  # type: ignore[assignment]
    fresh = frozen_tokens(encoder, crops, "centre", tmp_path / "fresh", batch_size=2)
    assert np.array_equal(resumed, fresh)
    assert not list(tmp_path.glob(".tokens-*.partial"))


def test_two_processes_at_once_are_told(crops: np.ndarray, tmp_path: Path) -> None:
    encoder = frozen_tiny()
    path = frozen_tokens(encoder, crops, "centre", tmp_path).filename  # type: ignore[attr-defined]
    Path(path).unlink()
    with (
        locked(tmp_path / f".{Path(path).name}.lock", "busy"),
        pytest.raises(FacialisError, match="another process is computing"),
    ):
        frozen_tokens(encoder, crops, "centre", tmp_path)


def test_tokens_too_large_for_float16_are_refused(crops: np.ndarray, tmp_path: Path) -> None:
    encoder = frozen_tiny()
    last = encoder.frozen.module[-1].mlp_channels.fc2  # type: ignore[index,union-attr]
    last.bias.data += 1e6  # type: ignore[union-attr,operator]
    with pytest.raises(WeightsError, match="too large for float16; set image.token_dtype to float32"):
        frozen_tokens(encoder, crops, "centre", tmp_path)
    assert np.isfinite(frozen_tokens(encoder, crops, "centre", tmp_path, dtype="float32")).all()


def test_float16_moves_the_logits_of_mixer_b16_by_little(tmp_path: Path) -> None:
    encoder = load_encoder("mixer_b16", random_weights=True, seed=0)
    crops = np.random.default_rng(1).integers(0, 256, size=(4, 256, 256), dtype=np.uint8)
    full = torch.from_numpy(np.array(frozen_tokens(encoder, crops, "centre", tmp_path, dtype="float32")))
    half = full.half().float()
    with seeded(0):
        head = nn.Linear(768, 2)
    with torch.no_grad():
        difference = (head(encoder.tail(full[:, 0])) - head(encoder.tail(half[:, 0]))).abs().max()
    assert 0 < difference < 1e-3


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux tells what is loaded in a file")
def test_pages_of_the_crops_are_given_back(tmp_path: Path) -> None:
    def loaded() -> int:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssFile")) * 1024

    np.save(tmp_path / "crops.npy", np.full((1000, 256, 256), 7, np.uint8))
    crops = np.load(tmp_path / "crops.npy", mmap_mode="r")
    encoder = load_encoder("mixer_tiny", random_weights=True).training("head")
    frozen_tokens(encoder, crops[:1], "centre", tmp_path)  # what torch loads is not counted
    before = loaded()
    frozen_tokens(encoder, crops, "centre", tmp_path)
    assert loaded() - before < crops.nbytes // 4
    assert (crops[::100, 0, 0] == 7).all()
