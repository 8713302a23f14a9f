"""Judging a face that was found: landmarks in, a finding out. Neither a landmarker nor a picture is needed."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.detection.finding import Finding, Side
from facialis.detection.millimetres import millimetres_of
from facialis.detection.number_errors import noisy_copies
from facialis.detection.odds import sigmoid
from facialis.detection.reading import Reading, log_odds, logit_error, mean_answers, measured, numbers
from facialis.detection.second_look import DISAGREEMENT, disagreement
from facialis.errors import FacialisError, PictureError, RecipeError
from facialis.faces.face import Face
from facialis.faces.geometry import undo_pose
from facialis.faces.quality import Limits, Quality, assess_landmarks
from facialis.faces.reasons import reason
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.crops import crop
from facialis.modalities.regions import REGIONS
from facialis.modalities.signed import signed_measures


class Judge:
    """Judges faces with one bundle.

    Parameters
    ----------
    prevalence
        How probable palsy is beforehand. It moves the probability; label and ``uncertain`` stay as they are.
    force
        Judge unfit faces too; their findings say so, and why they are unfit.
    """

    def __init__(
        self, bundle: Bundle, limits: Limits | None = None, *, prevalence: float = 0.5, force: bool = False
    ) -> None:
        if not 0 < prevalence < 1:
            raise RecipeError(f"prevalence {prevalence}: expected a share between 0 and 1, without the ends")
        self.bundle = bundle
        self.limits = limits or Limits()
        self.prevalence, self.force = prevalence, force
        self.model = f"{bundle.card.name}@{bundle.hash}"

    def judge_landmarks(
        self, face: Face, second: Face | None = None, *, source: str = "picture", number: int | None = None
    ) -> Finding:
        """Judge a face by its landmarks alone: what only the picture tells of its fitness is not looked at.

        Parameters
        ----------
        second
            What the landmarker found in the mirrored picture, mirrored back, where that is known.

        Raises
        ------
        FacialisError
            The bundle reads the picture.
        """
        quality = assess_landmarks(face, self.limits)
        base = self.found(face, quality, source, number)
        if quality.reasons and not self.force:
            return base
        reading = self.read(face, quality.yaw, None)
        again = None if second is None else self.read(second, quality.yaw, None)
        return self.decide(base, reading, second, again)

    def found(self, face: Face, quality: Quality, source: str, number: int | None) -> Finding:
        """Return the finding on a face that is not judged, yet or at all."""
        return Finding(
            source, "abstained", self.model, prevalence=self.prevalence, reasons=quality.reasons, face=face,
            quality=quality, face_number=number,
        )  # fmt: skip

    def decide(
        self,
        found: Finding,
        reading: Reading,
        mirrored: Face | None = None,
        again: Reading | None = None,
        *,
        doubts: tuple[str, ...] = (),
    ) -> Finding:
        """Return the finding on a face that was read.

        Parameters
        ----------
        found
            Of `Judge.found`, with the face.
        mirrored, again
            The second look, and what was read of it.
        doubts
            More reasons why it may not be judged.
        """
        face = found.face
        assert face is not None
        reasons = [*found.reasons, *doubts]
        if mirrored is not None:
            apart = disagreement(face, mirrored)
            if apart > DISAGREEMENT:
                reasons.append(reason("disagree", value=apart, limit=DISAGREEMENT))
        answers = reading.answers if again is None else mean_answers(reading.answers, again.answers)
        limit = self.bundle.card.novelty_limit
        novelty = answers.get("novelty")
        if limit is not None and novelty is not None and novelty[0] > limit:
            reasons.append(reason("unlike", value=float(novelty[0]), limit=limit))
        looked_twice = again is not None
        if reasons and not self.force:
            return dataclasses.replace(found, reasons=tuple(reasons), looked_twice=looked_twice)
        finding = dataclasses.replace(
            found,
            status="judged",
            reasons=tuple(reasons),
            forced=bool(reasons),
            looked_twice=looked_twice,
            second_face=mirrored,
            measures=reading.measures,
            numbers=numbers(reading, self.bundle),
        )
        error = logit_error(answers, self.bundle.crop_noise(face.interocular_px))
        return self.labelled(finding, {name: array[0] for name, array in answers.items()}, error)

    def read(self, face: Face, yaw: float, rgb: NDArray[np.uint8] | None, *, whole: bool = False) -> Reading:
        """Return what the graph and the measures say of a face, and of its noisy copies; the crop is one for all.

        Parameters
        ----------
        whole
            Whether the copies are asked for every answer, not only for `bundle.OF_COPIES`: three times as long.

        Raises
        ------
        FacialisError
            There is no picture (`rgb` is None), and the bundle reads it.
        """
        copies = noisy_copies(face.landmarks, face.interocular_px, yaw)
        transform = np.broadcast_to(face.transform, (len(copies), 4, 4))
        given: dict[str, NDArray[Any]] = {"landmarks": copies, "transform": transform}
        inputs = self.bundle.card.input
        if "crop" in self.bundle.inputs:
            if rgb is None:
                raise FacialisError(f"the bundle {self.bundle.card.name} reads the picture, not the landmarks alone")
            given["crop"] = crop(rgb, face.landmarks)[None]
        if "measures" in self.bundle.inputs or inputs["coordinates"] != "pixel" or inputs["pose_corrected"]:
            given["measures"] = measured(copies, face, self.bundle)
        # a crop is one for all rows, and what it costs is not to be paid twice
        ask = self.bundle.answers if whole or "crop" in given else self.bundle.answers_with_copies
        answers = ask(**given)
        every = given.get("measures", answers.get("measures"))  # the graph has the same numbers in a tenth of the time
        if every is None:
            every = measured(copies, face, self.bundle)
        signed = answers.get("signed")
        if signed is None:
            signed = signed_measures(in_iris_frame(undo_pose(copies, face.transform)))
        return Reading(answers, every[0], every, signed, millimetres_of(copies, face.transform))

    def hangs_on_noise(self, reading: Reading, face: Face) -> bool:
        """Whether the error bar of the log odds touches a threshold."""
        card = self.bundle.card
        odds = log_odds(reading.answers)[0]
        reach = 1.96 * logit_error(reading.answers, self.bundle.crop_noise(face.interocular_px))
        edges = [math.log(p / (1 - p)) for p in (*card.uncertain, card.threshold) if 0 < p < 1]
        return any(abs(odds - edge) < reach for edge in edges)

    def labelled(
        self,
        finding: Finding,
        answers: Mapping[str, NDArray[np.float64]],
        error: float,
        thresholds: tuple[float, float, float] | None = None,
    ) -> Finding:
        """Fill in what the model says: `answers` of one face or video, each without its first axis.

        Parameters
        ----------
        thresholds
            Probabilities at even odds: of palsy, and between which it is uncertain. None: the bundle's own.
        """
        card = self.bundle.card
        threshold, low, high = thresholds or (card.threshold, *card.uncertain)
        logit = float(answers["logits"][1] - answers["logits"][0])
        even = sigmoid(logit)
        label: Literal["palsy", "no palsy"] = "palsy" if even >= threshold else "no palsy"
        uncertain = low <= even < high
        side: Side | None = None
        sure = None
        if "side" in answers and (label == "palsy" or uncertain):
            side = "subject_right" if answers["side"] > 0 else "subject_left"
            sure = sigmoid(abs(float(answers["side"])))
        regions = answers.get("regions")
        return dataclasses.replace(
            finding,
            logit=logit,
            logit_error=error,
            label=label,
            uncertain=uncertain,
            side=side,
            side_probability=sure,
            answers=answers,
            regions=None if regions is None else {n: sigmoid(float(v)) for n, v in zip(REGIONS, regions, strict=True)},
            severity=float(answers["severity"]) if "severity" in answers else None,
        )

    def unreadable(self, source: str, error: PictureError) -> Finding:
        """Return the finding on what could not be read."""
        return Finding(source, "error", self.model, prevalence=self.prevalence, reasons=(str(error),))
