"""A study's row of pictures alone, fitted on all subjects, for maps of where it looks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from facialis.cohorts.cohort import Cohort
from facialis.models.maps import CropNet
from facialis.studies.deployment import refit
from facialis.studies.study import Weights


def no_image_row(table: dict[str, Any]) -> str:
    """Return why a row with these settings has no maps; empty where it has."""
    good = table["model"] == "image" and tuple(table["modalities"]) == ("crops",)
    return "" if good else "has no maps: it does not read face crops alone"


def image_net(
    study: Path, row: str, cohort: Cohort, *, weights: Weights = None, random_weights: bool = False
) -> tuple[CropNet, str]:
    """Return a row of a study from crops to log odds, and its encoder's weights in a word ("random", "file", ...).

    Raises
    ------
    FacialisError, CohortError, WeightsError, RecipeError
        As for `facialis.studies.deployment.refit`; the row reads other than crops.
    """
    found = refit(study, row, cohort, no_image_row, weights=weights, random_weights=random_weights)
    assert found.encoder is not None
    model: Any = found.model
    return CropNet(found.encoder.training(found.recipe.image.trains), model.module_), found.encoder.weights.kind
