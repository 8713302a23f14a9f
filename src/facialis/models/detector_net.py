"""The whole way from 478 points to what the detector says, as one module and one ONNX graph."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn

from facialis.faces.mesh import N_LANDMARKS
from facialis.models.export import to_onnx
from facialis.models.geometric import GeometricNet
from facialis.models.landmark_layers import FrontalFrame, Measures, Pairs, Sides, Signed

INPUTS = ("landmarks", "transform")


class Answers(NamedTuple):
    """What the graph gives for n faces, in its order of outputs.

    Attributes
    ----------
    logits : (n, 2), no palsy and palsy, calibrated at even odds.
    side : (n,) logit that the subject's right is the weak side.
    regions : (n, 4) logits that palsy moves brow, eye, nose and cheek, mouth visibly.
    severity : (n,) 0 to 1.
    novelty : (n,) distance from the training faces; see `facialis.models.geometric.Outputs`.
    measures : (n, 29) of the landmarks as they are.
    signed : (n, 24) with the pose undone.
    """

    logits: Tensor
    side: Tensor
    regions: Tensor
    severity: Tensor
    novelty: Tensor
    measures: Tensor
    signed: Tensor


class DetectorNet(nn.Module):
    """Landmarks (n, 478, 3) px and head transforms (n, 4, 4) to `Answers`."""

    def __init__(self, net: GeometricNet, definition: str = "oo-2025") -> None:
        super().__init__()
        self.frontal, self.sides, self.pairs, self.signed = FrontalFrame(), Sides(), Pairs(), Signed()
        self.measures = Measures(definition)
        self.net = net

    def forward(self, landmarks: Tensor, transform: Tensor) -> Answers:
        """Return the `Answers`."""
        right, left = self.sides(self.frontal(landmarks, transform))
        measures, signed = self.measures(landmarks), self.signed(right, left)
        logits, side, regions, severity, novelty = self.net(self.pairs(right, left), measures, signed)
        return Answers(logits, side, regions, torch.sigmoid(severity), novelty, measures, signed)


def export_detector(net: GeometricNet, path: Path | str, definition: str = "oo-2025") -> None:
    """Write the whole way as an ONNX graph."""
    example = (torch.randn(2, N_LANDMARKS, 3), torch.eye(4).expand(2, 4, 4).contiguous())
    to_onnx(DetectorNet(net, definition).eval(), example, path, inputs=INPUTS, outputs=Answers._fields)
