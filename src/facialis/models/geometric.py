"""The detector's own net: a small Mixer on landmark pairs and a feed-forward net on the measures, fused.

Source: own, after the study's two branches (arXiv 2503.10371): token mixing runs across the face's landmark pairs,
channel mixing within a pair. The net is mirror-symmetric by construction: it sees every face and its mirror image, what
is the same in both says whether and where there is palsy, what turns says on which side.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from facialis.modalities.measures import MEASURES
from facialis.modalities.pairs import CHANNELS, N_PAIRS
from facialis.modalities.regions import REGIONS
from facialis.modalities.signed import SIGNED_MEASURES
from facialis.models.symmetry import FoldedMeasures

Branches = Literal["early", "pairs", "measures"]
"""What the label reads: both branches' features, joined (``early``), or those of one branch."""


class Outputs(NamedTuple):
    """What the net says of n faces.

    Attributes
    ----------
    logits : (n, 2), no palsy and palsy.
    side : (n,) logit that the subject's right is the weak side.
    regions : (n, 4) logits that palsy moves a region visibly, in the order of `REGIONS`.
    severity : (n,) logit of the severity, 0 to 1.
    novelty : (n,) distance from the training faces in their own standard deviations (Mahalanobis, per dimension):
        about 1 for a face like them.
    """

    logits: Tensor
    side: Tensor
    regions: Tensor
    severity: Tensor
    novelty: Tensor


class MixerBlock(nn.Module):
    """One Mixer layer: mix tokens, then channels, each behind a norm and around a skip (arXiv 2105.01601)."""

    def __init__(self, tokens: int, channels: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.token_norm, self.channel_norm = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.token_mixing = nn.Sequential(
            nn.Linear(tokens, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, tokens)
        )
        self.channel_mixing = nn.Sequential(
            nn.Linear(channels, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map (n, tokens, channels) to the same."""
        x = x + self.token_mixing(self.token_norm(x).transpose(1, 2)).transpose(1, 2)
        mixed: Tensor = x + self.channel_mixing(self.channel_norm(x))
        return mixed


class Scale(nn.Module):
    """Standardise by statistics that are set once; differences are not centred, so that a mirror turns their sign."""

    centre: Tensor
    spread: Tensor

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(shape))
        self.register_buffer("spread", torch.ones(shape))

    def set_statistics(self, x: Tensor, differences: Tensor | bool) -> None:
        """Take the mean and standard deviation of (n, *shape), about 0 where `differences` is true."""
        odd = torch.as_tensor(differences).expand(x.shape[1:])
        self.centre.copy_(torch.where(odd, torch.zeros(()), x.double().mean(0).float()))
        self.spread.copy_((x - self.centre).double().square().mean(0).sqrt().float().clamp_min(1e-6))

    def forward(self, x: Tensor) -> Tensor:
        """Return (n, *shape), cut at eight standard deviations: no face is further out than that by its asymmetry."""
        return ((x - self.centre) / self.spread).clamp(-8, 8)


class PairMixer(nn.Module):
    """Landmark pairs (n, `N_PAIRS`, 4) to features (n, channels) of the whole face."""

    def __init__(self, channels: int = 16, hidden: int = 32, layers: int = 2, dropout: float = 0.1) -> None:
        super().__init__()
        self.stem = nn.Linear(len(CHANNELS), channels)
        self.blocks = nn.Sequential(*(MixerBlock(N_PAIRS, channels, hidden, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Return features (n, channels), the mean over the tokens."""
        features: Tensor = self.norm(self.blocks(self.stem(x))).mean(1)
        return features


class GeometricNet(nn.Module):
    """Both branches, from features of faces to `Outputs`; side, regions and severity always read both.

    With `regional` (see `facialis.models.regions`) the regions are its, in place of the layer that was trained with the
    label.

    Parameters
    ----------
    definition
        Of the measures.
    label_reads
        What the label reads. From the pairs it learns the simulation better than real faces (docs/detector.md).
    """

    turns: Tensor
    calibration: Tensor
    centre: Tensor
    whiten: Tensor
    regional: nn.Module | None

    def __init__(
        self, definition: str = "oo-2025", label_reads: Branches = "measures", channels: int = 16, dropout: float = 0.1
    ) -> None:
        super().__init__()
        self.label_reads = label_reads
        self.fold = FoldedMeasures(definition)
        self.scale_pairs = Scale((N_PAIRS, len(CHANNELS)))
        self.scale_measures = Scale((len(MEASURES),))
        self.scale_signed = Scale((len(SIGNED_MEASURES),))
        self.register_buffer("turns", torch.tensor([-1.0, -1.0, 1.0, 1.0]))
        known = len(MEASURES) + len(SIGNED_MEASURES)
        self.register_buffer("centre", torch.zeros(known))
        self.register_buffer("whiten", torch.eye(known))
        self.mixer = PairMixer(channels, dropout=dropout)
        self.measures = nn.Sequential(
            nn.Linear(len(MEASURES), 32), nn.GELU(), nn.Dropout(dropout), nn.Linear(32, channels)
        )
        self.register_buffer("calibration", torch.tensor([1.0, 0.0]))
        by_measures = channels + len(MEASURES)
        both = channels + by_measures
        self.label = nn.Linear({"early": both, "pairs": channels, "measures": by_measures}[label_reads], 1)
        self.regions, self.severity = nn.Linear(both, len(REGIONS)), nn.Linear(both, 1)
        self.side = nn.Linear(channels + len(SIGNED_MEASURES), 1, bias=False)
        self.regional = None

    def set_statistics(self, pairs: Tensor, measures: Tensor, signed: Tensor) -> None:
        """Fit the standardisation to the training faces."""
        self.scale_pairs.set_statistics(pairs, self.turns < 0)
        self.scale_measures.set_statistics(self.fold(measures), False)
        self.scale_signed.set_statistics(signed, True)
        known = self._known(self.scale_measures(self.fold(measures)), self.scale_signed(signed)).double()
        self.centre.copy_(known.mean(0))
        covariance = torch.cov(known.T) + 0.01 * torch.eye(known.shape[1])
        self.whiten.copy_(torch.linalg.inv(torch.linalg.cholesky(covariance)).T)

    @staticmethod
    def _known(folded: Tensor, signed: Tensor) -> Tensor:
        """Return what novelty is told by, alike for a face and its mirror image."""
        return torch.cat([folded, signed.abs()], dim=1)

    def standardised(self, pairs: Tensor, measures: Tensor, signed: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return, standardised, the pairs of the faces and of their mirror images (n, 2, `N_PAIRS`, 4), the folded
        measures (n, 29) and the signed ones (n, 24)."""
        tokens = self.scale_pairs(pairs)
        both = torch.stack([tokens, tokens * self.turns], dim=1)
        return both, self.scale_measures(self.fold(measures)), self.scale_signed(signed)

    def forward(self, pairs: Tensor, measures: Tensor, signed: Tensor) -> Outputs:
        """Map pairs (n, `N_PAIRS`, 4), measures (n, 29) and signed measures (n, 24) to `Outputs`."""
        both, folded, differences = self.standardised(pairs, measures, signed)
        seen, mirrored = self.mixer(both.flatten(0, 1)).unflatten(0, (-1, 2)).unbind(1)
        same, turned = (seen + mirrored) / 2, (seen - mirrored) / 2
        by_measures = torch.cat([self.measures(folded), folded], dim=1)
        every = torch.cat([same, by_measures], dim=1)
        label = self.label({"early": every, "pairs": same, "measures": by_measures}[self.label_reads])
        half = (self.calibration[0] * label + self.calibration[1]) / 2
        side = self.side(torch.cat([turned, differences], dim=1)).squeeze(1)
        away = (self._known(folded, differences) - self.centre) @ self.whiten
        return Outputs(
            torch.cat([-half, half], dim=1),
            side,
            self.regions(every) if self.regional is None else self.regional(both, folded, differences),
            self.severity(every).squeeze(1),
            away.square().mean(1).sqrt(),
        )
