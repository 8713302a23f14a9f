"""The authors' published model: their checkpoint becomes safetensors with our names, and answers as they built it."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from facialis.errors import WeightsError
from facialis.files import atomic_path
from facialis.models.cuts import GreyToInput, build_model
from facialis.models.encoder_table import ENCODERS, EncoderSpec
from facialis.models.feedforward import N_UNITS, FeedForwardNet, Standardise
from facialis.models.fusion_nets import FusionNet
from facialis.models.weights import State, lite_names, misfit, read_checkpoint, read_safetensors, without_head

MIXER = ENCODERS["mixer_b16"]
N_MEASURES = 29
KIND = "published-fusion"


class PublishedFusion(nn.Module):
    """Early fusion of Mixer-B/16 and the feed-forward net: 768 + 59 = 827 numbers into 256, 128, 64 and 2.

    Its measures are those of ``definition="oo-2025"`` in normalised coordinates, as they come, in our order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.measures = FeedForwardNet(N_MEASURES)
        self.measures.head = nn.Identity()  # type: ignore[assignment]
        self.prepare = GreyToInput(MIXER.mean, MIXER.std)
        self.image: Any = build_model(MIXER, seed=0)
        self.image.head = nn.Identity()
        self.fusion = FusionNet((N_UNITS, MIXER.n_features))

    def forward(self, measures: Tensor, crops: Tensor) -> Tensor:
        """Return logits (n, 2), no palsy and palsy, the mean over crops.

        Parameters
        ----------
        measures
            (n, 29).
        crops
            (n, k, 224, 224), grey, 0 to 1.
        """
        pictures: Tensor = self.image(self.prepare(crops.flatten(0, 1).unsqueeze(1)))
        logits: Tensor = self.fusion(self.measures.embed(measures), pictures.reshape(*crops.shape[:2], -1))
        return logits


def load_published(path: Path | str) -> PublishedFusion:
    """Return the published model from a file that `convert` wrote, in eval mode.

    Raises
    ------
    WeightsError
        It cannot be read, or its tensors are not the model's.
    """
    path = Path(path)
    state = read_safetensors(path)
    model = _on_meta()
    problem = misfit(state, _learned(model))
    if problem:
        raise WeightsError(f"{path} is not the published model as `facialis weights convert` writes it; {problem}")
    model.load_state_dict(state, strict=False, assign=True)
    model.measures.standardise = Standardise(N_MEASURES)
    model.prepare = GreyToInput(MIXER.mean, MIXER.std)
    return model.eval()


def convert(path: Path | str, out: Path | str, *, picture_first: bool = False) -> str:
    """Write a checkpoint's tensors as safetensors with our names, or timm's; return what it was: a kind or an encoder.

    Parameters
    ----------
    path
        The authors' checkpoint, or published weights of an encoder of the table that are no safetensors.
    picture_first
        Whether the checkpoint's program puts the picture's 768 numbers before the measures' 59: a state dict does not
        tell. Our order is measures first.

    Raises
    ------
    WeightsError
        It cannot be read without running code in it, or it is neither; what does not fit is named.
    """
    from safetensors.torch import save_file

    path = Path(path)
    state = read_checkpoint(path)
    if any(tuple(value.shape[1:]) == (N_MEASURES,) for value in state.values()):
        kind, state = KIND, _published_names(state, path, picture_first)
    else:
        kind, state = _encoder_names(state, path)
    not_finite = next((name for name, value in state.items() if not torch.isfinite(value).all()), None)
    if not_finite is not None:
        raise WeightsError(f"{path}: {not_finite} holds numbers that are not finite; fetch the file again")
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    with atomic_path(out) as temporary:
        tensors = {name: value.contiguous().clone() for name, value in state.items()}
        save_file(tensors, temporary, metadata={"format": "pt", "kind": kind, "converted_from_sha256": digest})
    return kind


def _published_names(state: State, path: Path, picture_first: bool) -> State:
    """Name the tensors as `PublishedFusion` does.

    The Mixer is known by timm's names; of the rest, linear layers and batch normalisations are taken in the order in
    which the checkpoint holds them, each by its size. Heads that the branches had when they were trained stay behind.
    """
    expected = _learned(_on_meta())
    stem = next((name for name in state if name.endswith("stem.proj.weight")), None)
    if stem is None:
        raise WeightsError(f"{path}: measures but no Mixer in it (no stem.proj.weight): not the published early fusion")
    prefix = stem.removesuffix("stem.proj.weight")
    mixer = tuple(f"{prefix}{part}." for part in ("stem", "blocks", "norm"))
    named = {f"image.{name.removeprefix(prefix)}": value for name, value in state.items() if name.startswith(mixer)}
    rest = {name: value for name, value in state.items() if not name.startswith((*mixer, f"{prefix}head."))}
    theirs, ours = _layers(rest), _layers({n: v for n, v in expected.items() if not n.startswith("image.")})
    for layer, (kind, shape) in ours.items():
        found = next((name for name, facts in theirs.items() if facts == (kind, shape)), None)
        if found is None:
            raise WeightsError(f"{path}: no {kind} layer {shape} for {layer}: not the published early fusion")
        del theirs[found]
        parts = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        named |= {f"{layer}.{part}": rest[f"{found}.{part}"] for part in parts if f"{found}.{part}" in rest}
    left = [name for name, (_, shape) in theirs.items() if shape[1:] != (N_UNITS,)]
    problem = misfit(named, expected) or (f"unexpected: {', '.join(left[:3])}" if left else "")
    if problem:
        raise WeightsError(f"{path} does not fit the published early fusion; {problem}")
    if picture_first:
        weight = named["fusion.hidden.0.weight"]
        named["fusion.hidden.0.weight"] = torch.cat([weight[:, MIXER.n_features :], weight[:, : MIXER.n_features]], 1)
    return named


def _layers(state: State) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Return the layers of a state dict, in order: a linear one with its shape, or a batch normalisation with its."""
    kinds = {}
    for name, value in state.items():
        layer, _, part = name.rpartition(".")
        if part == "running_mean" or (part == "weight" and value.ndim > 1):
            kinds[layer] = ("linear" if part == "weight" else "batch normalisation", tuple(value.shape))
    return kinds


def _on_meta() -> PublishedFusion:
    with torch.device("meta"):
        return PublishedFusion()


def _learned(model: PublishedFusion) -> State:
    return {k: v for k, v in model.state_dict().items() if not k.startswith(("prepare.", "measures.standardise."))}


def _encoder_names(state: State, path: Path) -> tuple[str, State]:
    names = list(ENCODERS)
    if "_conv_stem.weight" in state:
        names, state = ["efficientnet_lite0"], lite_names(state)
    for name, spec in ((name, ENCODERS[name]) for name in names):
        if spec.published is not None and not misfit(*_without_heads(state, spec)):
            return name, state
    raise WeightsError(
        f"{path}: neither the published early fusion nor an encoder of the table; its first tensors are"
        f" {', '.join(list(state)[:3])}"
    )


def _without_heads(state: State, spec: EncoderSpec) -> tuple[State, State]:
    try:
        with torch.device("cpu" if spec.family == "fastervit" else "meta"):
            model = build_model(spec, seed=0)
    except WeightsError:  # its package is not installed: cannot be told, so it is not that one
        return {}, {"": torch.empty(0)}
    return without_head(state, model), without_head(model.state_dict(), model)
