"""Landmarks to model inputs as torch layers, so that an exported graph starts at the 478 points.

Each layer gives what its numpy twin gives (to float32's rounding), from the same tables and formulas.
"""

from __future__ import annotations

import itertools

import torch
from torch import Tensor, nn

from facialis.faces.mesh import IRIS_SUBJECT_LEFT, IRIS_SUBJECT_RIGHT, N_LANDMARKS, mirror_permutation
from facialis.modalities.measures import CROWN, FORMULAS, LIMIT, POINTS
from facialis.modalities.pairs import PAIR_LANDMARKS
from facialis.modalities.signed import SIGNED_MEASURES

DEGREES = 180.0 / torch.pi


class FrontalFrame(nn.Module):
    """`facialis.faces.geometry.undo_pose`, then `facialis.modalities.coordinates.in_iris_frame`."""

    irises: Tensor
    flip: Tensor

    def __init__(self) -> None:
        super().__init__()
        mean = torch.zeros(2, N_LANDMARKS)
        mean[0, list(IRIS_SUBJECT_RIGHT)] = mean[1, list(IRIS_SUBJECT_LEFT)] = 1 / len(IRIS_SUBJECT_LEFT)
        self.register_buffer("irises", mean)
        self.register_buffer("flip", torch.tensor([1.0, -1.0, -1.0]))

    def forward(self, landmarks: Tensor, transform: Tensor) -> Tensor:
        """Map (n, 478, 3) px and (n, 4, 4) to (n, 478, 2), interocular distances, x to image right, y down."""
        camera = (landmarks - (self.irises @ landmarks).mean(1, keepdim=True)) * self.flip
        points = ((camera @ transform[:, :3, :3]) * self.flip)[..., :2]
        centres = self.irises @ points
        along = centres[:, 1:] - centres[:, :1]
        square = along.square().sum(-1, keepdim=True)
        # Turning and scaling in one: divide by the complex number from one iris to the other.
        safe = torch.where(square > 0, square, 1.0)
        turn = along / safe * (square > 0)
        cos, sin = turn[..., :1], turn[..., 1:]
        centred = points - centres.mean(1, keepdim=True)
        x, y = centred[..., :1], centred[..., 1:]
        return torch.cat([cos * x + sin * y, cos * y - sin * x], dim=-1)


class Sides(nn.Module):
    """Both sides of a face with x outwards and y up, both under the landmark numbers of the subject's right."""

    mirror: Tensor
    axes: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mirror", torch.tensor(mirror_permutation()))
        self.register_buffer("axes", torch.tensor([[-1.0, -1.0], [1.0, -1.0]]))

    def forward(self, framed: Tensor) -> tuple[Tensor, Tensor]:
        """Map (n, 478, 2) in the iris frame to the subject's right and left (n, 478, 2)."""
        return framed * self.axes[0], framed[:, self.mirror] * self.axes[1]


class Pairs(nn.Module):
    """`facialis.modalities.pairs.landmark_pairs` of the two `Sides`."""

    chosen: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("chosen", torch.tensor(PAIR_LANDMARKS))

    def forward(self, right: Tensor, left: Tensor) -> Tensor:
        """Map two of (n, 478, 2) to (n, pairs, 4)."""
        right, left = right[:, self.chosen], left[:, self.chosen]
        return torch.cat([right - left, (right + left) / 2], dim=-1)


class Signed(nn.Module):
    """`facialis.modalities.signed.signed_measures` of the two `Sides`."""

    first: Tensor
    second: Tensor
    order: Tensor

    def __init__(self) -> None:
        super().__init__()
        kinds = ("height", "outwards", "deviation", "rise", "length", "tilt", "area")
        entries = [[e for e in SIGNED_MEASURES if e.kind == kind] for kind in kinds]
        listed = [entry for of_kind in entries for entry in of_kind]
        ends = list(itertools.accumulate((len(of_kind) for of_kind in entries), initial=0))
        self.kinds = [slice(a, b) for a, b in itertools.pairwise(ends)]
        for name, place in (("first", 0), ("second", -1)):
            means = torch.zeros(len(listed), N_LANDMARKS)
            for row, entry in enumerate(listed):
                group = entry.landmarks[place]
                means[row, list(group)] = 1 / len(group)
            self.register_buffer(name, means)
        self.register_buffer("order", torch.tensor([listed.index(entry) for entry in SIGNED_MEASURES]))

    def forward(self, right: Tensor, left: Tensor) -> Tensor:
        """Map two of (n, 478, 2) to (n, 24)."""
        sides = torch.stack([right, left], dim=1)
        p, to = self.first @ sides, self.second @ sides
        across, up = (to - p).unbind(-1)
        x, y = p.unbind(-1)
        height, outwards, deviation, rise, length, tilt, area = self.kinds
        sizes = (
            y[..., height],
            x[..., outwards],
            x[..., deviation] / 2,
            up[..., rise],
            (across[..., length].square() + up[..., length].square()).sqrt(),
            torch.atan2(up[..., tilt], across[..., tilt]) * DEGREES,
            -x[..., area] * up[..., area] / 2,
        )
        every = torch.cat(sizes, dim=-1)
        return (every[:, 0] - every[:, 1])[:, self.order]


class Measures(nn.Module):
    """`facialis.modalities.measures.measure` in pixel coordinates, counted from the face."""

    chosen: Tensor
    level: Tensor

    def __init__(self, definition: str) -> None:
        super().__init__()
        self.formulas = FORMULAS[definition]
        self.register_buffer("chosen", torch.tensor((*POINTS, CROWN)))
        self.register_buffer("level", torch.tensor(-1.0 if definition == "oo-2025" else 1.0))

    def forward(self, landmarks: Tensor) -> Tensor:
        """Map (n, 478, 3) px to (n, 29)."""
        points = landmarks[:, self.chosen, :2]
        start = points[:, 48:49]
        across, down = (points[:, 49:50] - start).unbind(-1)
        width = (across.square() + down.square()).sqrt()
        apart = width > 0
        safe = torch.where(apart, width, 1.0)
        cos = self.level * torch.where(apart, across / safe, 1.0)
        sin = self.level * down / safe
        x, y = (points - start).unbind(-1)
        x, y = cos * x + sin * y, cos * y - sin * x
        values = self.formulas(_Levelled(x, y, -y[:, -1]))
        return torch.stack(values, dim=-1)


class _Levelled:
    """`facialis.modalities.measures._Levelled` on tensors: all distances and directions at once, then looked up."""

    def __init__(self, x: Tensor, y: Tensor, top: Tensor) -> None:
        self.y, self.top = y, top
        across, down = x[:, :, None] - x[:, None], y[:, :, None] - y[:, None]
        self._across, self._down = across, down
        self._length = (across.square() + down.square()).sqrt()

    def d(self, i: int, j: int) -> Tensor:
        return self._length[:, i, j]

    def dx(self, i: int, j: int) -> Tensor:
        return self._across[:, i, j].abs()

    def dy(self, i: int, j: int) -> Tensor:
        return self._down[:, i, j].abs()

    def angle(self, i: int, j: int) -> Tensor:
        return torch.atan2(self._down[:, i, j], self._across[:, i, j]) * DEGREES

    def slope(self, i: int, j: int) -> Tensor:
        return self.relative(self.dy(i, j), self.dx(i, j))

    def perimeter(self, *corners: int) -> Tensor:
        edges = zip(corners, (*corners[1:], corners[0]), strict=True)
        return torch.stack([self.d(i, j) for i, j in edges]).sum(0)

    def brow_heights(self) -> tuple[Tensor, Tensor]:
        return (self.y[:, 0:5].mean(1) + self.top).abs(), (self.y[:, 5:10].mean(1) + self.top).abs()

    maximum, abs = staticmethod(torch.maximum), staticmethod(torch.abs)

    @staticmethod
    def relative(p: Tensor, q: Tensor) -> Tensor:
        divided = p / torch.where(q == 0, 1.0, q)
        undefined = torch.where(p == 0, 0.0, LIMIT)
        return torch.where(q == 0, undefined, divided).clamp(max=LIMIT)

    @staticmethod
    def smaller_over_larger(p: Tensor, q: Tensor) -> Tensor:
        larger = torch.maximum(p, q)
        safe = torch.where(larger == 0, 1.0, larger)
        return torch.where(larger == 0, 1.0, torch.minimum(p, q) / safe)

    @classmethod
    def larger_over_smaller(cls, p: Tensor, q: Tensor) -> Tensor:
        larger = torch.maximum(p, q)
        return torch.where(larger == 0, 1.0, cls.relative(larger, torch.minimum(p, q)))
