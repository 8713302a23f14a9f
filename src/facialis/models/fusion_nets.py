"""Nets on top of the branches' embeddings: side by side (the paper's), gated, and with attention over the branches."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

UNITS = (256, 128, 64)
SLOPE = 0.2
WIDTH = 64
"""Numbers that the gated and the attending net turn each branch's embedding into."""
N_HEADS = 4


class BranchNet(nn.Module):
    """What all nets of embeddings share: crops, branches that are missing, and the layers up to two logits.

    Parameters
    ----------
    sizes
        Length of each branch's embedding: (59, 768) for the net and Mixer-B/16.
    units, slope
        Layers of so many units, each with BatchNorm and LeakyReLU, before the two logits.
    dropout
        Probability that a branch is hidden from a frame in training (never all of them): modality dropout, with which
        the net learns to do without.
    n_combined
        Numbers that `combine` gives.
    """

    def __init__(
        self, sizes: Sequence[int], units: Sequence[int], slope: float, dropout: float, n_combined: int
    ) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.dropout = dropout
        widths = [n_combined, *units]
        self.hidden = nn.Sequential(
            *(
                layer
                for i, n in enumerate(units)
                for layer in (nn.Linear(widths[i], n), nn.BatchNorm1d(n), nn.LeakyReLU(slope))
            )
        )
        self.head = nn.Linear(widths[-1], 2)

    @abstractmethod
    def combine(self, embeddings: list[Tensor], present: Tensor) -> Tensor:
        """Return (n, n_combined) of embeddings (n, size) each, 0 where `present` (n, branches) is False."""

    def forward(self, *embeddings: Tensor) -> Tensor:
        """Return logits (n, 2), the mean over crops, of embeddings (n, d) or (n, crops, d); NaN is a missing branch."""
        n_crops = max(e.shape[1] if e.ndim == 3 else 1 for e in embeddings)
        full = [(e if e.ndim == 3 else e.unsqueeze(1)).expand(-1, n_crops, -1) for e in embeddings]
        present = torch.stack([~e[:, 0, 0].isnan() for e in full], dim=1)
        if self.training and self.dropout > 0:
            present = hide(present, self.dropout)
        present = present.repeat_interleave(n_crops, dim=0)
        rows = [
            torch.where(there.unsqueeze(1), e.flatten(0, 1), 0.0)
            for e, there in zip(full, present.unbind(1), strict=True)
        ]
        logits: Tensor = self.head(self.hidden(self.combine(rows, present)))
        return logits.reshape(-1, n_crops, 2).mean(dim=1)


def hide(present: Tensor, probability: float) -> Tensor:
    """Return which branches (n, branches) are still there after each was hidden by chance; one always stays."""
    chance = torch.rand(present.shape, device=present.device).masked_fill(~present, -1.0)
    kept = present & (chance >= probability)
    last = chance == chance.amax(dim=1, keepdim=True)
    return kept | (present & last & ~kept.any(dim=1, keepdim=True))


class FusionNet(BranchNet):
    """Embeddings side by side into 256, 128, 64 and 2; each but the last with BatchNorm and LeakyReLU 0.2."""

    def __init__(
        self, sizes: Sequence[int], units: Sequence[int] = UNITS, slope: float = SLOPE, dropout: float = 0.0
    ) -> None:
        super().__init__(sizes, units, slope, dropout, sum(sizes))

    def combine(self, embeddings: list[Tensor], present: Tensor) -> Tensor:
        """Put them side by side."""
        return torch.cat(embeddings, dim=1)


class GatedNet(BranchNet):
    """A weighted sum of the branches, the weights from all of them (Arevalo et al. 2017, arXiv 1702.01992).

    A softmax over the branches stands in place of the two-branch sigmoid, so that a missing one has no weight.
    """

    def __init__(
        self, sizes: Sequence[int], units: Sequence[int] = UNITS, slope: float = SLOPE, dropout: float = 0.0
    ) -> None:
        super().__init__(sizes, units, slope, dropout, WIDTH)
        self.project = nn.ModuleList(nn.Linear(size, WIDTH) for size in sizes)
        self.gate = nn.Linear(sum(sizes), len(sizes))

    def weights(self, embeddings: list[Tensor], present: Tensor) -> Tensor:
        """Return how much each branch counts (n, branches), summing to 1."""
        scores: Tensor = self.gate(torch.cat(embeddings, dim=1))
        return scores.masked_fill(~present, -torch.inf).softmax(dim=1)

    def combine(self, embeddings: list[Tensor], present: Tensor) -> Tensor:
        """Sum them, weighted."""
        parts = torch.stack([torch.tanh(p(e)) for p, e in zip(self.project, embeddings, strict=True)], dim=1)
        return (self.weights(embeddings, present).unsqueeze(2) * parts).sum(dim=1)


class AttentionNet(BranchNet):
    """A learned query attends over one token a branch (cross-attention, Vaswani et al. 2017, arXiv 1706.03762)."""

    def __init__(
        self, sizes: Sequence[int], units: Sequence[int] = UNITS, slope: float = SLOPE, dropout: float = 0.0
    ) -> None:
        super().__init__(sizes, units, slope, dropout, WIDTH)
        self.project = nn.ModuleList(nn.Sequential(nn.Linear(size, WIDTH), nn.LayerNorm(WIDTH)) for size in sizes)
        self.branch = nn.Parameter(torch.randn(len(sizes), WIDTH) * 0.02)
        self.query = nn.Parameter(torch.randn(1, 1, WIDTH) * 0.02)
        self.attention = nn.MultiheadAttention(WIDTH, N_HEADS, batch_first=True)
        self.norm = nn.LayerNorm(WIDTH)

    def combine(self, embeddings: list[Tensor], present: Tensor) -> Tensor:
        """Attend over those that are present."""
        tokens = torch.stack([p(e) for p, e in zip(self.project, embeddings, strict=True)], dim=1) + self.branch
        query = self.query.expand(len(tokens), -1, -1)
        answer, _ = self.attention(query, tokens, tokens, key_padding_mask=~present, need_weights=False)
        out: Tensor = self.norm((query + answer).squeeze(1))
        return out
