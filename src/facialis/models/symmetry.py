"""The measures folded about symmetry as a layer, so that an exported model takes the measures as they are."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from facialis.modalities.measures import MEASURES


class FoldedMeasures(nn.Module):
    """`facialis.modalities.asymmetry.folded_measures` in torch: (n, 29) to (n, 29)."""

    symmetric: Tensor
    is_ratio: Tensor
    is_size: Tensor

    def __init__(self, definition: str) -> None:
        super().__init__()
        values = [entry.symmetric[definition] for entry in MEASURES]
        ratio = [entry.unit == "ratio" and value is not None for entry, value in zip(MEASURES, values, strict=True)]
        self.register_buffer("symmetric", torch.tensor([value or 0.0 for value in values], dtype=torch.float32))
        self.register_buffer("is_ratio", torch.tensor(ratio))
        self.register_buffer("is_size", torch.tensor([value is None for value in values]))

    def forward(self, x: Tensor) -> Tensor:
        """Return folded measures (n, 29)."""
        logarithm = torch.log(torch.where(self.is_ratio, x, 1.0))
        folded = torch.where(self.is_ratio, logarithm, x - self.symmetric).abs()
        return torch.where(self.is_size, x, folded)
