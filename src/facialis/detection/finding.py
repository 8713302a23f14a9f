"""What the detector says of a picture: one finding, which is one row of its output."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from facialis import __version__
from facialis.detection.number import Number
from facialis.detection.odds import sigmoid
from facialis.faces.landmarks import Face
from facialis.faces.quality import Quality

if TYPE_CHECKING:
    from facialis.detection.bundle import Bundle
    from facialis.detection.explain import Explanation
    from facialis.detection.video_reading import VideoReading

Status = Literal["judged", "abstained", "error"]
Side = Literal["subject_left", "subject_right"]


MORE = (
    "A mild palsy can be invisible on a still face: brow raise, tight eye closure, large smile and lip pucker would "
    "tell more."
)


ADVICE = "Seen: {seen}. {more}"
OUTSIDE, WITHIN = "outside the healthy range: {names}", "no asymmetry beyond the healthy range"


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
        Log odds of palsy at even odds beforehand; None when not judged.
    logit_error
        Its standard deviation from the landmarker's noise at this face size and pose.
    prevalence
        How probable palsy was before; `probability` is for it, label and `uncertain` are not moved by it.
    label
        ``palsy`` or ``no palsy`` by the bundle's one threshold; None when not judged.
    uncertain
        Whether the finding lies between the bundle's two outer thresholds.
    side, side_probability
        The weak side where `label` is palsy or `uncertain` is true, else None, and its probability, given a palsy.
    regions
        For brow, eye, nose_cheek and mouth: probability that palsy moves it visibly.
    severity
        Between 0 and 1: mean severity, 0 none and 1 complete, of the training faces that looked like this one.
    reasons
        Why it was not judged, in words; of a forced finding, why it should not have been.
    forced
        Whether it was judged only because that was asked for.
    looked_twice
        Whether the landmarker ran on the mirrored picture as well, and the mean of both was judged.
    answers
        What the bundle's graph answered for this face, by name of the output.
    numbers
        Measures, signed differences and millimetres by name, each with its error.
    frame, time
        For a frame of a video: its number, and its time in seconds.
    face_number
        1 for the largest face and so on, when several were asked for.
    video
        Of the finding on a whole video: who was followed, and each movement with its excursions.
    face, quality, measures
        What was found and measured: the face, its fitness, and the bundle's (29,) measures.
    second_face
        What the second look found, where there was one, mirrored back.
    """

    source: str
    status: Status
    model: str
    logit: float | None = None
    label: Literal["palsy", "no palsy"] | None = None
    logit_error: float | None = None
    prevalence: float = 0.5
    uncertain: bool | None = None
    side: Side | None = None
    side_probability: float | None = None
    regions: Mapping[str, float] | None = None
    severity: float | None = None
    reasons: tuple[str, ...] = ()
    forced: bool = False
    looked_twice: bool = False
    frame: int | None = None
    time: float | None = None
    face_number: int | None = None
    video: VideoReading | None = field(default=None, repr=False)
    face: Face | None = field(default=None, repr=False)
    second_face: Face | None = field(default=None, repr=False)
    quality: Quality | None = field(default=None, repr=False)
    measures: NDArray[np.float64] | None = field(default=None, repr=False)
    answers: Mapping[str, NDArray[np.float64]] | None = field(default=None, repr=False)
    numbers: Mapping[str, Mapping[str, Number]] | None = field(default=None, repr=False)

    @property
    def probability(self) -> float | None:
        """Probability of palsy at the stated prevalence, between 0 and 1; None when not judged."""
        return None if self.logit is None else sigmoid(self.logit + self._prior)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Range of the probability that the landmarker's noise leaves open, 95 %."""
        if self.logit is None or self.logit_error is None:
            return None
        middle, half = self.logit + self._prior, 1.96 * self.logit_error
        return sigmoid(middle - half), sigmoid(middle + half)

    @property
    def likelihood_ratio(self) -> float | None:
        """How many times more probable this face is with palsy than without."""
        return None if self.logit is None else math.exp(max(-30.0, min(30.0, self.logit)))

    @property
    def _prior(self) -> float:
        return math.log(self.prevalence / (1 - self.prevalence))

    @property
    def advice(self) -> str | None:
        """What was seen and what would tell more, where no palsy is called or the finding is uncertain."""
        if self.label is None or (self.label == "palsy" and not self.uncertain):
            return None
        if self.video is not None:
            words = [f"{e['movement'].replace('_', ' ')}: {e['moves_less'].replace('_', ' ')} moves less"
                     for e in self.video.events if e["moves_less"]]  # fmt: skip
            return ADVICE.format(seen=", ".join(words) or "no side that clearly moves less", more=MORE)
        outside = [
            name
            for name, number in (self.numbers or {}).get("millimetres", {}).items()
            if number.reference is not None and abs(number.value) > number.reference[1] + number.error
        ]
        seen = OUTSIDE.format(names=", ".join(outside)) if outside else WITHIN
        return ADVICE.format(seen=seen, more=MORE)

    def explain(
        self, bundle: Bundle | None = None, *, language: str = "en", picture: NDArray[np.uint8] | None = None
    ) -> Explanation:
        """Say what moved the log odds, in words too, and what would have to change; see
        `facialis.detection.explain.explain`.

        Parameters
        ----------
        bundle
            The one that judged; without it the built-in one.

        Raises
        ------
        FacialisError
            The finding was not judged, is another bundle's, or is of a whole video.
        """
        from facialis.detection.bundle import Bundle
        from facialis.detection.explain import explain

        return explain(self, bundle or Bundle.load(), language=language, picture=picture)

    def row(self) -> dict[str, Any]:
        """Return the finding as one JSON-ready object (never NaN)."""
        return {
            "source": self.source,
            "frame": self.frame,
            "time": None if self.time is None else round(self.time, 3),
            "face": self.face_number,
            "status": self.status,
            "probability": _rounded(self.probability),
            "probability_interval": None if self.interval is None else [round(end, 6) for end in self.interval],
            "prevalence": self.prevalence,
            "likelihood_ratio": _rounded(self.likelihood_ratio),
            "label": self.label,
            "uncertain": self.uncertain,
            "side": self.side,
            "side_probability": _rounded(self.side_probability),
            "regions": None if self.regions is None else {name: _rounded(p) for name, p in self.regions.items()},
            "severity": _rounded(self.severity),
            "reasons": list(self.reasons),
            "forced": self.forced,
            "looked_twice": self.looked_twice,
            "advice": self.advice,
            "quality": None if self.quality is None else self.quality.as_dict(),
            "measures": self._table("measures"),
            "differences": self._table("differences"),
            "millimetres": self._table("millimetres"),
            "video": None if self.video is None else self.video.as_dict(),
            "model": self.model,
            "version": __version__,
        }

    def _table(self, kind: str) -> dict[str, Any] | None:
        if self.numbers is None:
            return None
        return {name: number.as_dict() for name, number in self.numbers[kind].items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
