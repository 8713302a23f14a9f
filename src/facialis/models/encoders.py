"""An encoder with its weights, cut in two: what is frozen, run once a picture, and what is trained in every fold."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, Self

import torch
from torch import Tensor, nn

from facialis.errors import WeightsError
from facialis.models.cuts import build_model, cut
from facialis.models.encoder_table import ENCODERS, EncoderSpec
from facialis.models.weights import Weights, fetch_weights, load_weights, published_state, read_safetensors

__all__ = ["ENCODERS", "Encoder", "EncoderSpec", "Frozen", "Trains", "load_encoder", "state_hash"]

Trains = Literal["last-block", "head"]


@dataclass(eq=False)
class Encoder:
    """An encoder cut into trunk and last block.

    Attributes
    ----------
    trunk
        Grey crops (n, 1, 224, 224) float32, 0 to 1 -> tokens (n, *spec.token_shape).
    block
        Tokens -> pooled features (n, spec.n_features).
    trains
        ``last-block`` (the paper's: all but it is frozen) or ``head`` (the published program's: all is frozen).
    """

    spec: EncoderSpec
    trunk: nn.Module
    block: nn.Module
    weights: Weights
    trains: Trains = "last-block"

    def training(self, trains: Trains) -> Self:
        """Return the same encoder with another part trained."""
        return replace(self, trains=trains)

    @cached_property
    def frozen(self) -> Frozen:
        """What is run once a picture: grey crops -> tokens (n, *token_shape), without gradients, in eval mode."""
        return Frozen(self.trunk if self.trains == "last-block" else nn.Sequential(self.trunk, self.block))

    @property
    def tail(self) -> nn.Module:
        """What is trained, from these weights: tokens -> features (n, spec.n_features)."""
        return self.block if self.trains == "last-block" else nn.Identity()

    @property
    def token_shape(self) -> tuple[int, ...]:
        """Shape of what `frozen` gives for one crop."""
        return self.spec.token_shape if self.trains == "last-block" else (self.spec.n_features,)

    @cached_property
    def frozen_hash(self) -> str:
        """SHA-256 of the frozen part's make and weights: what its tokens depend on, beside the crops."""
        spec = self.spec
        digest = hashlib.sha256(f"{spec.family} {spec.make} {dict(spec.options)} {spec.frozen} {self.trains}".encode())
        digest.update(state_hash(self.frozen).encode())
        return digest.hexdigest()

    def to(self, device: str) -> Self:
        """Move the frozen part to a device; the tail moves with the estimator that trains it."""
        self.frozen.to(device)
        return self


class Frozen(nn.Module):
    """A module that is never trained: eval mode whatever `train` is told, and no gradients."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module.eval().requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Stay in eval mode."""
        return super().train(False)

    def forward(self, x: Tensor) -> Tensor:
        """Run the module without gradients."""
        with torch.no_grad():
            out: Tensor = self.module(x)
            return out


def state_hash(module: nn.Module) -> str:
    """Return the SHA-256 of a module's parameters and buffers, by name, shape and value."""
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(memoryview(tensor.detach().cpu().contiguous().numpy()).cast("B") if tensor.numel() else b"")
    return digest.hexdigest()


def load_encoder(
    name: str,
    *,
    weights: Path | str | None = None,
    random_weights: bool = False,
    seed: int = 0,
    trains: Trains = "last-block",
) -> Encoder:
    """Return an encoder with its weights.

    Parameters
    ----------
    name
        A key of `ENCODERS`.
    weights
        A local safetensors file with the library's names, instead of the published one.
    random_weights
        Weights drawn from `seed`: a dry run, labelled so in every result.
    trains
        Which part is trained; `Encoder.training` changes it later.

    Raises
    ------
    WeightsError
        An unknown name; both choices at once; a library that is not installed; weights that cannot be had, or that do
        not fit: the file is named.
    """
    if name not in ENCODERS:
        raise WeightsError(f"unknown encoder {name!r}; known: {', '.join(ENCODERS)}")
    if weights is not None and random_weights:
        raise WeightsError("--weights and --random-weights exclude each other; give one")
    spec = ENCODERS[name]
    model = build_model(spec, seed)
    if random_weights or (weights is None and spec.published is None):
        origin = Weights("random", seed=seed)
    else:
        path = Path(weights) if weights is not None else fetch_weights(spec)
        load_weights(model, read_safetensors(path) if weights is not None else published_state(spec, path), path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        kind = "file" if weights is not None or spec.published is None else spec.published.kind
        origin = Weights(kind, sha256=digest)
    trunk, block = cut(model, spec)
    return Encoder(spec, trunk, block, origin, trains)
