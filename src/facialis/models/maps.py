"""Where in a face crop an image net looks: occlusion and integrated gradients, each beside its sanity check.

Sources: occlusion: Zeiler, Fergus, "Visualizing and understanding convolutional networks", ECCV 2014; integrated
gradients: Sundararajan, Taly, Yan, "Axiomatic attribution for deep networks", ICML 2017; the check: Adebayo et al.,
"Sanity checks for saliency maps", NeurIPS 2018. Both methods are captum's. The reference is the crop strongly
blurred: it keeps the face's light and holds no feature; black, which nets know as hair or shadow, would.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from facialis.modalities.crops import TEN_CROP_SIZE
from facialis.models.encoders import Encoder

Map = NDArray[np.float64]

LIKE = 0.5
"""Largest rank correlation of a map with the map of the same net with its weights in random order: above it the map
tells of the picture, not of the net, and is not shown."""
NETS = 3
"""Nets with weights in random order that are looked at; the most alike counts."""
GAP = 0.05
"""How far integrated gradients may miss what they must add up to, as a share of the sum of their sizes: beyond it the
steps are too few for the net, and the map is not shown."""
STEPS = 24
"""Of the way from the reference to the crop, for the integrated gradients."""
CELLS = 7
"""A map is told in 7 by 7 squares of 32 px."""
SIDE = TEN_CROP_SIZE // CELLS
BLUR = 24.0
"""Standard deviation of the reference's blur, px."""
_AT_ONCE = 16


class CropNet(nn.Module):
    """Grey crops (n, 1, 224, 224), 0 to 1, to log odds of palsy (n, 1), with gradients through the frozen part too.

    Parameters
    ----------
    encoder : whose frozen part is run.
    net : `facialis.models.image.TokenNet` fitted on its tokens.
    """

    def __init__(self, encoder: Encoder, net: nn.Module) -> None:
        super().__init__()
        self.trunk, self.net = copy.deepcopy(encoder.frozen.module), copy.deepcopy(net)
        self.requires_grad_(False).to("cpu").eval()

    def forward(self, grey: Tensor) -> Tensor:
        """Return log odds."""
        logits: Tensor = self.net(self.trunk(grey).unsqueeze(1))
        return logits[:, 1:] - logits[:, :1]


@dataclass(frozen=True, eq=False)
class CheckedMap:
    """A map of one crop with its check.

    Attributes
    ----------
    name : ``occlusion`` or ``integrated gradients``.
    values : (7, 7) log odds, above 0 where the crop speaks for palsy.
    random : (7, 7), of the net with weights in random order whose map is most alike.
    likeness : rank correlation of both.
    gap : by how much the values miss what they must add up to, as a share of the sum of their sizes; None where there
        is no such sum.
    """

    name: str
    values: Map
    random: Map
    likeness: float
    gap: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the map tells of the net, and adds up."""
        return self.likeness < LIKE and (self.gap is None or self.gap < GAP)


def reference_crop(crop: NDArray[np.uint8]) -> Map:
    """Return the middle (224, 224) of a face crop (256, 256), blurred until no feature is left, 0 to 1."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(middle(crop), BLUR, mode="nearest"), dtype=np.float64)


def middle(crop: NDArray[np.uint8]) -> Map:
    """Return the middle (224, 224) of a face crop (256, 256), 0 to 1."""
    at = (crop.shape[0] - TEN_CROP_SIZE) // 2
    return crop[at : at + TEN_CROP_SIZE, at : at + TEN_CROP_SIZE].astype(np.float64) / 255


def occlusion(net: CropNet, crop: NDArray[np.uint8]) -> Map:
    """Return (7, 7): by how much the log odds fall when a square is blurred."""
    from captum.attr import Occlusion

    grey, blurred = _tensors(crop)
    found = Occlusion(net).attribute(
        grey,
        sliding_window_shapes=(1, SIDE, SIDE),
        strides=(1, SIDE, SIDE),
        baselines=blurred,
        perturbations_per_eval=_AT_ONCE,
    )
    return _cells(found) / SIDE**2


def integrated_gradients(net: CropNet, crop: NDArray[np.uint8]) -> Map:
    """Return (7, 7): the share of each square, which add up to the log odds of the crop less those of the reference,
    as far as `STEPS` steps go."""
    from captum.attr import IntegratedGradients

    grey, blurred = _tensors(crop)
    found = IntegratedGradients(net).attribute(
        grey, baselines=blurred, n_steps=STEPS, method="gausslegendre", internal_batch_size=_AT_ONCE
    )
    return _cells(found)


MAPS = {"occlusion": occlusion, "integrated gradients": integrated_gradients}


def in_random_order(net: CropNet, seed: int) -> CropNet:
    """Return a copy of a net whose weights are in random order, matrix by matrix, in all of its layers."""
    mixed = copy.deepcopy(net)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in mixed.parameters():
            if parameter.dim() >= 2:
                order = torch.randperm(parameter.numel(), generator=generator)
                parameter.copy_(parameter.flatten()[order].reshape(parameter.shape))
    return mixed


def checked_maps(net: CropNet, crop: NDArray[np.uint8], *, seed: int = 0) -> list[CheckedMap]:
    """Return the maps of a face crop (256, 256), each with its check."""
    from scipy.stats import spearmanr

    others = [in_random_order(net, seed + number) for number in range(NETS)]
    found = []
    for name, method in MAPS.items():
        values = method(net, crop)
        drawn = [method(other, crop) for other in others]
        alike = [float(np.nan_to_num(spearmanr(values, other, axis=None).statistic)) for other in drawn]
        most = int(np.argmax(alike))
        gap = None
        if method is integrated_gradients:
            with torch.no_grad():
                whole, blurred = (float(net(part)) for part in _tensors(crop))
            gap = abs(float(values.sum()) - (whole - blurred)) / max(float(np.abs(values).sum()), 1e-12)
        found.append(CheckedMap(name, values, drawn[most], alike[most], gap))
    return found


def _tensors(crop: NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
    return tuple(torch.from_numpy(part).float()[None, None] for part in (middle(crop), reference_crop(crop)))  # type: ignore[return-value]


def _cells(found: Any) -> Map:
    """Return an attribution (1, 1, 224, 224) as the sums of its squares."""
    cells = found.detach().double().numpy()[0, 0].reshape(CELLS, SIDE, CELLS, SIDE)
    return np.asarray(cells.sum(axis=(1, 3)))
