"""The measures' distance from symmetry as a layer, so that an exported model takes the measures as they are."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facialis.modalities.measures import MEASURES


class DistanceFromSymmetry(nn.Module):
    """`facialis.modalities.asymmetry.distance_from_symmetry` in torch: (n, 29) to (n, 21)."""

    chosen: Tensor
    symmetric: Tensor
    is_ratio: Tensor

    def __init__(self, definition: str) -> None:
        super().__init__()
        chosen = [entry for entry in MEASURES if entry.symmetric[definition] is not None]
        self.register_buffer("chosen", torch.tensor([entry.number for entry in chosen]))
        self.register_buffer("symmetric", torch.tensor([entry.symmetric[definition] for entry in chosen]))
        self.register_buffer("is_ratio", torch.tensor([entry.unit == "ratio" for entry in chosen]))

    def forward(self, x: Tensor) -> Tensor:
        """Return the distances of measures (n, 29)."""
        column = x[:, self.chosen]
        logarithm = torch.log(torch.where(self.is_ratio, column, torch.ones_like(column)))
        return torch.where(self.is_ratio, logarithm, column - self.symmetric).abs()
