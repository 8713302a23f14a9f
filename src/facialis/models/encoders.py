"""Image encoders: one table, their weights, and the cut between the frozen trunk and the trained last block."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from facialis.errors import WeightsError
from facialis.models.estimator import seeded

N_IMAGENET_CLASSES = 1000
WEIGHTS_FILE = "model.safetensors"


@dataclass(frozen=True)
class EncoderSpec:
    """An encoder's facts.

    Attributes
    ----------
    timm_name
        Name in timm; also the name of its weights on the Hugging Face hub, under ``timm/``. None: timm's `MlpMixer`
        built with `options`, which has no published weights.
    parameters
        Number of parameters with the head of 1000 classes that its published weights carry.
    token_shape
        Shape of what the trunk gives for one crop.
    embedding_size
        Numbers in an embedding.
    mean, std
        Of the weights' own data config, per channel (R, G, B), for crops in 0 to 1.
    frozen
        Whether all but the last block is frozen; without published weights the whole net is trained instead.
    """

    name: str
    title: str
    timm_name: str | None
    options: Mapping[str, int]
    parameters: int
    token_shape: tuple[int, ...]
    embedding_size: int
    frozen: bool
    licence: str
    source: str
    input_size: int = 224
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)


ENCODERS: dict[str, EncoderSpec] = {
    "mixer_b16": EncoderSpec(
        name="mixer_b16",
        title="MLP-Mixer",
        timm_name="mixer_b16_224.miil_in21k_ft_in1k",
        options={},
        parameters=59_880_472,
        token_shape=(196, 768),
        embedding_size=768,
        frozen=True,
        licence="Apache-2.0",
        source="Tolstikhin et al. 2021, arXiv 2105.01601; weights Ridnik et al. 2021, arXiv 2104.10972",
    ),
    "mixer_tiny": EncoderSpec(
        name="mixer_tiny",
        title="MLP-Mixer, tiny, trained from nothing",
        timm_name=None,
        options={"patch_size": 32, "embed_dim": 64, "num_blocks": 2},
        parameters=334_922,
        token_shape=(1, 224, 224),
        embedding_size=64,
        frozen=False,
        licence="Apache-2.0 (timm's code; it has no weights)",
        source="as MLP-Mixer with patches of 32, width 64, 2 blocks: for dry runs and machines without weights",
    ),
}


class GreyToInput(nn.Module):
    """Grey crops (n, 1, h, w), 0 to 1, into the three normalised channels that an encoder wants."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, grey: Tensor) -> Tensor:
        """Return (n, 3, h, w)."""
        return (grey - self.mean) / self.std


class TokenMean(nn.Module):
    """Average pooling over tokens: (n, tokens, d) -> (n, d)."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the mean token."""
        return tokens.mean(dim=1)


@dataclass(frozen=True)
class Weights:
    """Where an encoder's weights came from: ``random``, ``file`` or ``hub``, with the hash of what decides them."""

    kind: Literal["random", "file", "hub"]
    sha256: str | None = None
    seed: int | None = None


@dataclass(eq=False)
class Encoder:
    """An encoder cut in two.

    Attributes
    ----------
    trunk
        Grey crops (n, 1, 224, 224) float32, 0 to 1 -> tokens (n, *token_shape). Frozen: without gradients and always
        in eval mode, so that the statistics of a batch normalisation in it never move.
    tail
        Tokens -> embeddings (n, embedding_size): what is trained, with these weights to start from.
    """

    spec: EncoderSpec
    trunk: nn.Module
    tail: nn.Module
    weights: Weights
    _hash: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.trunk = Frozen(self.trunk)

    @property
    def trunk_hash(self) -> str:
        """SHA-256 of the trunk's make and weights: what its tokens depend on, beside the crops."""
        if self._hash is None:
            digest = hashlib.sha256(f"{self.spec.timm_name} {self.spec.options} {self.spec.frozen}".encode())
            digest.update(state_hash(self.trunk).encode())
            self._hash = digest.hexdigest()
        return self._hash

    def to(self, device: str) -> Self:
        """Move the trunk to a device; the tail moves with the estimator that trains it."""
        self.trunk.to(device)
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


def split_mixer(model: Any, spec: EncoderSpec) -> tuple[nn.Module, nn.Module]:
    """Cut a timm MlpMixer into trunk (stem, all blocks but the last) and tail (last block, norm, mean of tokens).

    An encoder that is not `EncoderSpec.frozen` has nothing in its trunk; its tail is the whole net.
    """
    prepare = GreyToInput(spec.mean, spec.std)
    if spec.frozen:
        trunk = nn.Sequential(prepare, model.stem, *model.blocks[:-1])
        return trunk, nn.Sequential(model.blocks[-1], model.norm, TokenMean())
    return nn.Identity(), nn.Sequential(prepare, model.stem, *model.blocks, model.norm, TokenMean())


def build_model(spec: EncoderSpec, seed: int) -> nn.Module:
    """Make timm's model with its 1000-class head, at random weights drawn from a seed."""
    import timm
    from timm.models.mlp_mixer import MlpMixer

    with seeded(seed):
        model: nn.Module = (
            MlpMixer(num_classes=N_IMAGENET_CLASSES, img_size=spec.input_size, **spec.options)
            if spec.timm_name is None
            else timm.create_model(spec.timm_name, pretrained=False)
        )
    return model


def load_encoder(
    name: str, *, weights: Path | str | None = None, random_weights: bool = False, seed: int = 0
) -> Encoder:
    """Return an encoder with its weights.

    Parameters
    ----------
    name
        A key of `ENCODERS`.
    weights
        A local safetensors file with timm's names, instead of the hub's.
    random_weights
        Weights drawn from `seed`: a dry run, labelled so in every result.

    Raises
    ------
    WeightsError
        An unknown name; both choices at once; weights that cannot be had, or that do not fit: the file is named.
    """
    if name not in ENCODERS:
        raise WeightsError(f"unknown encoder {name!r}; known: {', '.join(ENCODERS)}")
    if weights is not None and random_weights:
        raise WeightsError("--weights and --random-weights exclude each other; give one")
    spec = ENCODERS[name]
    model = build_model(spec, seed)
    if random_weights or (weights is None and spec.timm_name is None):
        origin = Weights("random", seed=seed)
    else:
        path = Path(weights) if weights is not None else fetch_weights(spec)
        load_weights(model, path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        origin = Weights("file" if weights is not None else "hub", sha256=digest)
    return Encoder(spec, *split_mixer(model, spec), weights=origin)


def fetch_weights(spec: EncoderSpec) -> Path:
    """Return the path of the published weights, from the Hugging Face cache or its hub.

    Raises
    ------
    WeightsError
        Neither has them; the message names the file and the options that do without.
    """
    import requests
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache

    repository = f"timm/{spec.timm_name}"
    cached = try_to_load_from_cache(repository, WEIGHTS_FILE)
    if isinstance(cached, str):
        return Path(cached)
    try:
        # The hub's own client tries for a minute before it gives up on a machine without network.
        requests.head(constants.ENDPOINT, timeout=5)
        return Path(hf_hub_download(repository, WEIGHTS_FILE))
    except Exception as error:  # the client raises those of three libraries; each is named and kept as the cause
        raise WeightsError(
            f"the weights of {spec.name} ({repository}, {WEIGHTS_FILE}, from {constants.ENDPOINT}) cannot be had:"
            f" {type(error).__name__}; give a copy with --weights FILE, or run dry with --random-weights"
        ) from error


def load_weights(model: nn.Module, path: Path) -> None:
    """Load a safetensors file into timm's model; its classifier head, not used here, may be missing or of another size.

    Raises
    ------
    WeightsError
        The file cannot be read, or its tensors are not the model's: the file and the first names are in the message.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        state = load_file(path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise WeightsError(f"{path}: not a safetensors file that can be read ({reason})") from error
    expected = {key: value for key, value in model.state_dict().items() if not key.startswith("head.")}
    state = {key: value for key, value in state.items() if not key.startswith("head.")}
    problems = []
    for what, keys in (
        ("missing", [key for key in expected if key not in state]),
        ("unexpected", [key for key in state if key not in expected]),
        (
            "of another shape",
            [key for key in expected if key in state and state[key].shape != expected[key].shape],
        ),
    ):
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            problems.append(f"{what}: {', '.join(keys[:3])}{more}")
    if problems:
        raise WeightsError(f"{path} does not fit {type(model).__name__}; {'; '.join(problems)}")
    not_finite = next((key for key, value in state.items() if not torch.isfinite(value).all()), None)
    if not_finite is not None:
        raise WeightsError(f"{path}: {not_finite} holds numbers that are not finite; fetch the file again")
    model.load_state_dict(state, strict=False)
