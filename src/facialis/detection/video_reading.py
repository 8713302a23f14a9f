"""What a video showed of one person, beside the finding: who, when, and how the face moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from facialis.detection.excursions import Motion
from facialis.modalities.trajectories import TRAJECTORIES, trajectories


@dataclass(frozen=True, eq=False)
class VideoReading:
    """What a video showed of one person.

    Attributes
    ----------
    frames, seconds : read, from the first frame to the last.
    person : the number of the one followed; None if nobody was seen.
    people : rows of everybody seen: number, frames, from, to (s), interocular_px.
    gaps : (from, to) s without the face.
    turned : share of the frames with the face in which the head is turned away, so that nothing is measured.
    probabilities : (s, probability of palsy; None where it could not be judged) of the frames that were judged.
    motion : None if the face was not found.
    events : rows, as `facialis.detection.excursions.measure_event` gives them.
    finding_from : what the finding on the whole is made of: "movements and frames", or "frames"; None: not judged.
    threshold : the probability, at even odds, from which the whole is called palsy.
    """

    frames: int
    seconds: float
    person: int | None
    people: tuple[dict[str, Any], ...]
    gaps: tuple[tuple[float, float], ...]
    turned: float
    probabilities: tuple[tuple[float, float | None], ...]
    motion: Motion | None
    events: tuple[dict[str, Any], ...]
    finding_from: str | None = None
    threshold: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it JSON-ready, with the sequence's trajectories (see `facialis.modalities.trajectories`)."""
        numbers = None
        if self.motion is not None:
            found = trajectories(self.motion.values, self.motion.times)
            pairs = zip(TRAJECTORIES, found.tolist(), strict=True)
            numbers = {name: round(value, 6) if math.isfinite(value) else None for name, value in pairs}
        return {
            "frames": self.frames, "seconds": round(self.seconds, 3), "person": self.person,
            "finding_from": self.finding_from, "threshold": self.threshold,
            "people": list(self.people), "gaps": [list(gap) for gap in self.gaps], "turned": round(self.turned, 3),
            "mm_per_interocular_distance": None if self.motion is None else round(self.motion.scale, 3),
            "events": list(self.events), "trajectories": numbers,
        }  # fmt: skip
