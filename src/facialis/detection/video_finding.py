"""The finding on a whole video: of its movements and its frames, or of its frames alone where nothing moves."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.detection.excursions import Motion
from facialis.detection.finding import Finding
from facialis.detection.judge import Judge
from facialis.detection.number_errors import spread
from facialis.detection.odds import logit_of
from facialis.faces.reasons import reason
from facialis.modalities.movements import Event
from facialis.modalities.video_evidence import Difference, VideoModel, differences, sides_of

Values = NDArray[np.float64]

MOVEMENTS, FRAMES = "movements and frames", "frames"
"""What a finding on a video is made of."""


class Whole(NamedTuple):
    """The finding on a whole video, what it was made of (None: it could not be judged), and the probability from which
    it is called palsy."""

    finding: Finding
    made_of: str | None
    threshold: float | None


def whole_finding(
    judge: Judge,
    findings: Sequence[Finding],
    motion: Motion | None,
    events: Sequence[Event],
    source: str,
    *,
    broken: str | None = None,
    why_not: str | None = None,
) -> Whole:
    """Judge a video by its judged frames and its movements.

    Where the bundle has a `VideoModel` and a movement could be read, log odds and side are of the movements and the
    frames' mean, regions and severity of the movements (a region that no movement tells: of the frames); else all are
    the frames' mean.

    Parameters
    ----------
    findings : on the frames.
    motion, events : the person's face in time, and the movements that were asked for or found.
    broken, why_not : why the video could not be read to its end, or nobody in it was chosen.
    """
    base = Finding(source, "judged", judge.model, prevalence=judge.prevalence)
    if broken is not None:
        return Whole(dataclasses.replace(base, status="error", reasons=(broken,)), None, None)
    if why_not is not None:
        return Whole(dataclasses.replace(base, status="abstained", reasons=(why_not,)), None, None)
    judged = [finding for finding in findings if finding.logit is not None]
    if not judged:
        seen = dict.fromkeys(why.split(":")[0] for finding in findings for why in finding.reasons)
        reasons = (reason("no_frame"), *seen)
        return Whole(dataclasses.replace(base, status="abstained", reasons=reasons), None, None)
    errors = [finding.logit_error or 0.0 for finding in judged]
    varying = float(np.std([finding.logit or 0.0 for finding in judged])) / math.sqrt(len(judged))
    error = math.hypot(float(np.mean(errors)), varying)
    answers = [finding.answers for finding in judged if finding.answers is not None]
    mean = {name: np.mean([frame[name] for frame in answers], axis=0) for name in answers[0]}
    card, model = judge.bundle.card, judge.bundle.video
    read = [] if model is None or motion is None else _read(motion, events)
    if model is None or motion is None or not read:
        return Whole(judge.labelled(base, mean, error), FRAMES, card.threshold)
    # where the bundle's threshold was set anew on local people, their frames lie higher or lower by as much
    moved = logit_of(card.threshold) - logit_of(model.frames_threshold)
    frames = float(mean["logits"][1] - mean["logits"][0]) - moved
    scores = model.scores(read)
    odds = model.log_odds(scores, frames)
    given = mean | {"logits": np.array([-odds / 2, odds / 2])}
    if "side" in mean:
        given["side"] = np.array(model.side_log_odds(scores, float(mean["side"])))
    if "regions" in mean:
        regions = model.region_log_odds(scores)
        given["regions"] = np.where(np.isfinite(regions), regions, mean["regions"])
    if "severity" in mean:
        given["severity"] = np.array(model.severity_of(scores))
    by_noise = _error(model, motion, read, frames)
    finding = judge.labelled(
        base, given, math.hypot(model.palsy[2] * error, by_noise), (model.threshold, *model.uncertain)
    )
    return Whole(finding, MOVEMENTS, model.threshold)


def _read(motion: Motion, events: Sequence[Event]) -> list[Difference]:
    return differences(motion.values, motion.times, motion.rest, motion.noise, events)


def _error(model: VideoModel, motion: Motion, read: Sequence[Difference], frames: float) -> float:
    """Return the standard deviation of the log odds by the landmarker's noise in the movements.

    Rest errs in one way for all of them, each movement's apex in another, as the noisy copies of the face do.
    """
    if motion.deviations is None:
        return 0.0
    off = sides_of(motion.deviations)
    copies = len(off)
    odds = [
        model.log_odds(
            model.scores(
                [
                    one._replace(sides=one.sides + (off[(k + at) % copies] - off[k]) / one.size)
                    for at, one in enumerate(read, 1)
                ]
            ),
            frames,
        )
        for k in range(copies)
    ]
    return float(spread(np.array([0.0, *odds])))
