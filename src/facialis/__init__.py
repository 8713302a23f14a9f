"""Detect facial palsy from photos and video; train, test and question such detectors.

Public names, each documented where it is defined; all else may change from version to version:

`Detector` judges pictures and videos and returns a `Finding`; `FaceLandmarker` finds each `Face`; `measure` takes the
29 measures of its landmarks, which `MEASURES` names; `Cohort` opens an extracted or simulated data set.

Research use; not a medical device.
"""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facialis.cohorts.cohort import Cohort
    from facialis.detection.detector import Detector
    from facialis.detection.finding import Finding
    from facialis.faces.landmarks import Face, FaceLandmarker
    from facialis.modalities.measures import MEASURES, measure

__version__ = "0.1.0.dev0"

# ONNX Runtime heeds it when it is loaded; see `facialis.faces.telemetry`
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_HOME = {
    "Cohort": "facialis.cohorts.cohort",
    "Detector": "facialis.detection.detector",
    "Face": "facialis.faces.landmarks",
    "FaceLandmarker": "facialis.faces.landmarks",
    "Finding": "facialis.detection.finding",
    "MEASURES": "facialis.modalities.measures",
    "measure": "facialis.modalities.measures",
}

__all__ = ["MEASURES", "Cohort", "Detector", "Face", "FaceLandmarker", "Finding", "__version__", "measure"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import facialis`` stays quick."""
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module 'facialis' has no attribute {name!r}")
