"""Nets of timm and fastervit, and where they are cut: a trunk that is never trained, and the last block after it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from facialis.errors import WeightsError
from facialis.models.encoder_table import EncoderSpec, Family
from facialis.models.estimator import seeded

N_IMAGENET_CLASSES = 1000
Parts = tuple[list[nn.Module], list[nn.Module]]


def build_model(spec: EncoderSpec, seed: int) -> nn.Module:
    """Make a library's model with its 1000-class head, at random weights drawn from a seed.

    Raises
    ------
    WeightsError
        Its library is not installed; the message says how to get it and under which licence.
    """
    build = _fastervit if spec.family == "fastervit" else _timm
    with seeded(seed):
        return build(spec)


def _timm(spec: EncoderSpec) -> nn.Module:
    import timm
    from timm.models.mlp_mixer import MlpMixer
    from timm.models.resnet import Bottleneck, ResNet

    if spec.make is not None:
        model: nn.Module = timm.create_model(spec.make, pretrained=False)
        return model
    if spec.family == "mixer":
        return MlpMixer(num_classes=N_IMAGENET_CLASSES, img_size=spec.input_size, **spec.options)  # type: ignore[no-any-return]
    return ResNet(Bottleneck, num_classes=N_IMAGENET_CLASSES, **spec.options)  # type: ignore[no-any-return]


def _fastervit(spec: EncoderSpec) -> nn.Module:
    try:
        with warnings.catch_warnings():  # it imports by names that timm has since changed
            warnings.filterwarnings("ignore", category=FutureWarning, module="timm")
            from fastervit.models import faster_vit
    except ModuleNotFoundError as error:
        raise WeightsError(
            f"{spec.title} needs the package {error.name}: pip install 'facialis[{spec.extra}]';"
            f" its licence is {spec.licence}"
        ) from error
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.meshgrid", category=UserWarning)
        if spec.make is not None:
            model: nn.Module = getattr(faster_vit, spec.make)(pretrained=False)
            return model
        made: nn.Module = faster_vit.FasterViT(window_size=[7] * 4, ct_size=2, mlp_ratio=4, **spec.options)
        return made


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


class Mean(nn.Module):
    """Mean over some axes: tokens (n, ..., d) or maps (n, d, h, w) -> (n, d)."""

    def __init__(self, *axes: int) -> None:
        super().__init__()
        self.axes = axes

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, d)."""
        return x.mean(dim=self.axes)


class PatchTokens(nn.Module):
    """A vision transformer's patches with its class token before them and its positions added."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.patch_embed, self.cls_token, self.pos_embed = model.patch_embed, model.cls_token, model.pos_embed

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, 1 + patches, d)."""
        patches = self.patch_embed(x)
        tokens: Tensor = torch.cat([self.cls_token.expand(len(x), -1, -1), patches], dim=1) + self.pos_embed
        return tokens


class FirstToken(nn.Module):
    """The class token: (n, tokens, d) -> (n, d)."""

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the first token."""
        return tokens[:, 0]


class MapToTokens(nn.Module):
    """(n, d, h, w) -> (n, h w, d): FasterViT's windows where one window is the whole map."""

    def forward(self, x: Tensor) -> Tensor:
        """Return tokens."""
        return x.flatten(2).transpose(1, 2)


class TokensToMap(nn.Module):
    """(n, tokens, d) -> (n, d, tokens, 1), for a batch normalisation of maps."""

    def forward(self, x: Tensor) -> Tensor:
        """Return a map."""
        return x.transpose(1, 2).unsqueeze(3)


class WithoutCarriers(nn.Module):
    """A hierarchical-attention block of FasterViT's last level, which has no carrier tokens."""

    def __init__(self, block: nn.Module) -> None:
        super().__init__()
        self.block = block

    def forward(self, tokens: Tensor) -> Tensor:
        """Return tokens (n, tokens, d)."""
        out: Tensor = self.block(tokens, None)[0]
        return out


def _mixer(m: Any) -> Parts:
    return [m.stem, *m.blocks[:-1]], [m.blocks[-1], m.norm, Mean(1)]


def _vit(m: Any) -> Parts:
    return [PatchTokens(m), m.norm_pre, *m.blocks[:-1]], [m.blocks[-1], m.norm, FirstToken(), m.fc_norm]


def _swin(m: Any) -> Parts:
    *first, last = m.layers
    return [m.patch_embed, *first, last.downsample, *last.blocks[:-1]], [last.blocks[-1], m.norm, Mean(1, 2)]


def _convnext(m: Any) -> Parts:
    *first, last = m.stages
    head = [m.norm_pre, m.head.global_pool, m.head.norm, m.head.flatten]
    return [m.stem, *first, last.downsample, *last.blocks[:-1]], [last.blocks[-1], *head]


def _resnet(m: Any) -> Parts:
    stem = [m.conv1, m.bn1, m.act1, m.maxpool, m.layer1, m.layer2, m.layer3]
    return [*stem, *m.layer4[:-1]], [m.layer4[-1], Mean(2, 3)]


def _efficientnet(m: Any) -> Parts:
    return [m.conv_stem, m.bn1, *m.blocks[:-1]], [m.blocks[-1], m.conv_head, m.bn2, Mean(2, 3)]


def _faster(m: Any) -> Parts:
    for module in m.modules():  # what a forward pass writes there is derived: not a part of the state
        if "relative_bias" in module._buffers:
            module._non_persistent_buffers_set.add("relative_bias")
    *first, last = m.levels
    blocks = [WithoutCarriers(block) for block in last.blocks]
    return [m.patch_embed, *first, MapToTokens(), *blocks[:-1]], [blocks[-1], TokensToMap(), m.norm, Mean(2, 3)]


_CUTS: dict[Family, Callable[[Any], Parts]] = {
    "mixer": _mixer,
    "vit": _vit,
    "swin": _swin,
    "convnext": _convnext,
    "resnet": _resnet,
    "efficientnet": _efficientnet,
    "fastervit": _faster,
}


def cut(model: nn.Module, spec: EncoderSpec) -> tuple[nn.Module, nn.Module]:
    """Cut a model into its trunk, from grey crops to tokens, and its last block, from tokens to pooled features.

    An encoder that is not `EncoderSpec.frozen` has nothing in its trunk; its last block is the whole net.
    """
    trunk, block = _CUTS[spec.family](model)
    trunk = [GreyToInput(spec.mean, spec.std), *trunk]
    if not spec.frozen:
        trunk, block = [], [*trunk, *block]
    return nn.Sequential(*trunk), nn.Sequential(*block)
