"""A fitted row of a study as one net: measures and the face's crop go in, calibrated logits come out."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from facialis.errors import RecipeError
from facialis.modalities.crops import CROP_SIZE, TEN_CROP_SIZE
from facialis.models.encoders import Encoder
from facialis.models.fusion import EmbeddingFusion, LateFusion


class StudyNet(nn.Module):
    """A row's branches, with what fuses them, and its calibration.

    The crop's part runs once, however many rows of measures there are: they are copies of one face.

    Parameters
    ----------
    model
        A fitted `EmbeddingFusion` or `LateFusion` of measures and crops, or an estimator of the measures alone.
    encoder
        Of the crops; None for the measures alone.
    ten_crops
        Whether the crop is looked at ten times, as `facialis.modalities.crops.ten_crops` cuts it.
    slope, offset
        Of the calibration: what the log odds are multiplied by, and what is added.

    Raises
    ------
    RecipeError
        A model of another kind.
    """

    def __init__(
        self, model: Any, encoder: Encoder | None, *, ten_crops: bool, slope: float = 1.0, offset: float = 0.0
    ) -> None:
        super().__init__()
        self.ten_crops, self.slope, self.offset = ten_crops, slope, offset
        self.trunk = encoder.frozen if encoder is not None else None
        branches = model.branches_ if isinstance(model, EmbeddingFusion | LateFusion) else [model]
        found = {branch.inputs[0]: branch.module_ for branch in branches}
        if not {"measures"} <= set(found) <= {"measures", "crops"}:
            raise RecipeError(
                f"a row of {' and '.join(found)} cannot be a detector; measures, or measures and crops, can"
            )
        self.order = tuple(found)
        self.measures, self.image = found["measures"], found.get("crops")
        self.fusion = model.net_.module_ if isinstance(model, EmbeddingFusion) else None

    def forward(self, measures: Tensor, crop: Tensor | None = None) -> Tensor:
        """Return logits (n, 2) of measures (n, 29) and one grey crop (1, 256, 256), 0 to 255."""
        if self.image is None or crop is None:
            logits: Tensor = self.measures(measures)
        else:
            tokens = self._tokens(crop)
            n = measures.shape[0]
            if self.fusion is not None:
                image = self.image.embed(tokens)
                given = {
                    "measures": self.measures.embed(measures),
                    "crops": image.expand(n, image.shape[1], image.shape[2]),
                }
                logits = self.fusion(*(given[name] for name in self.order))
            else:
                shares = [self.measures(measures).softmax(dim=1), self.image(tokens).softmax(dim=1).expand(n, 2)]
                logits = torch.stack(shares).mean(dim=0).clamp(min=1e-30).log()
        half = (self.slope * (logits[:, 1] - logits[:, 0]) + self.offset) / 2
        return torch.stack([-half, half], dim=1)

    def _tokens(self, crop: Tensor) -> Tensor:
        """Return the frozen part's tokens (1, crops, ...) of the crop's cuts."""
        assert self.trunk is not None
        end = CROP_SIZE - TEN_CROP_SIZE
        middle = round(end / 2)
        grey = crop / 255.0
        corners = ((0, 0), (0, end), (end, 0), (end, end), (middle, middle)) if self.ten_crops else ((middle, middle),)
        sides = (grey, grey.flip(2)) if self.ten_crops else (grey,)
        cuts = [side[:, y : y + TEN_CROP_SIZE, x : x + TEN_CROP_SIZE] for side in sides for y, x in corners]
        tokens: Tensor = self.trunk(torch.stack(cuts, dim=1).flatten(0, 1).unsqueeze(1))
        return tokens.unsqueeze(0)
