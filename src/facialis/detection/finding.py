"""What the detector says of a picture: one finding, which is one row of its output."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facialis import __version__
from facialis.faces.landmarks import Face
from facialis.faces.quality import Quality

Status = Literal["judged", "abstained", "error"]


@dataclass(frozen=True, eq=False)
class Finding:
    """A finding on one face, one frame, one whole video, or on a picture that could not be judged.

    Attributes
    ----------
    source
        What was judged: the path as given.
    status
        ``judged``; ``abstained`` (the picture is not fit, `reasons` say why); ``error`` (it could not be read).
    model
        Name and hash of the bundle.
    logit
        Log odds of palsy; None when not judged.
    label
        ``palsy`` or ``no palsy`` by the bundle's one threshold; None when not judged.
    reasons
        Why it was not judged, in words.
    frame, time
        For a frame of a video: its number, and its time in seconds.
    face_number
        1 for the largest face and so on, when several were asked for.
    face, quality, measures
        What was found and measured: the face, its fitness, and the bundle's (29,) measures.
    effects
        (29,) by how much the log odds fall when one measure is put to its healthy median, the others kept.
    """

    source: str
    status: Status
    model: str
    logit: float | None = None
    label: Literal["palsy", "no palsy"] | None = None
    reasons: tuple[str, ...] = ()
    frame: int | None = None
    time: float | None = None
    face_number: int | None = None
    face: Face | None = field(default=None, repr=False)
    quality: Quality | None = field(default=None, repr=False)
    measures: NDArray[np.float64] | None = field(default=None, repr=False)
    effects: NDArray[np.float64] | None = field(default=None, repr=False)

    @property
    def probability(self) -> float | None:
        """Probability of palsy as the model gives it, between 0 and 1; None when not judged."""
        if self.logit is None:
            return None
        return 1 / (1 + math.exp(-max(-700.0, min(700.0, self.logit))))

    def row(self) -> dict[str, Any]:
        """Return the finding as one flat, JSON-ready object (never NaN)."""
        return {
            "source": self.source,
            "frame": self.frame,
            "time": None if self.time is None else round(self.time, 3),
            "face": self.face_number,
            "status": self.status,
            "probability": None if self.probability is None else round(self.probability, 6),
            "label": self.label,
            "reasons": list(self.reasons),
            "quality": None if self.quality is None else self.quality.as_dict(),
            "model": self.model,
            "version": __version__,
        }
