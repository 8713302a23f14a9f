"""The detector: a picture in, a finding out. ONNX Runtime only."""

from __future__ import annotations

import dataclasses
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.detection.errors import noisy_copies
from facialis.detection.finding import Finding, Side, sigmoid
from facialis.detection.millimetres import millimetres_of
from facialis.detection.reading import Reading, log_odds, logit_error, mean_answers, measured, numbers
from facialis.detection.second_look import DISAGREEMENT, disagreement, look_again
from facialis.detection.video import VideoOptions, detect_frames
from facialis.errors import PictureError, RecipeError
from facialis.faces.geometry import undo_pose
from facialis.faces.images import read_picture
from facialis.faces.landmarks import Face, FaceLandmarker, Landmarker
from facialis.faces.quality import NO_FACE, SEVERAL_FACES, Limits, assess
from facialis.faces.sources import display_name, is_video
from facialis.faces.videos import read_video
from facialis.faces.webcam import is_webcam, read_webcam
from facialis.modalities.coordinates import in_iris_frame
from facialis.modalities.crops import crop
from facialis.modalities.signed import signed_measures
from facialis.modalities.views import REGIONS
from facialis.progress import track

FaceChoice = Literal["only", "largest", "all"] | int
"""Which face of several: ``only`` (abstain when there are several), ``largest``, ``all``, or the n-th largest."""


class Detector:
    """Judges pictures with one bundle and one landmarker; use it as a context manager, or `close` it.

    Parameters
    ----------
    prevalence
        How probable palsy is beforehand. It moves the probability; label and ``uncertain`` stay as they are.
    force
        Judge unfit pictures too; their findings say so, and why they are unfit.
    careful
        Look at every picture twice (see `facialis.detection.second_look`), not only where the answer hangs on noise.

    Examples
    --------
    >>> from facialis import Detector
    >>> from skimage.data import astronaut
    >>> with Detector.load() as detector:
    ...     print(detector.detect(astronaut()).label)
    no palsy
    """

    def __init__(
        self,
        bundle: Bundle,
        landmarker: Landmarker,
        limits: Limits | None = None,
        *,
        prevalence: float = 0.5,
        force: bool = False,
        careful: bool = False,
    ) -> None:
        if not 0 < prevalence < 1:
            raise RecipeError(f"prevalence {prevalence}: expected a share between 0 and 1, without the ends")
        self.bundle = bundle
        self.landmarker = landmarker
        self.limits = limits or Limits()
        self.prevalence, self.force, self.careful = prevalence, force, careful
        self.model = f"{bundle.card.name}@{bundle.hash}"

    @classmethod
    def load(cls, path: Path | str | None = None, *, landmarker: Landmarker | None = None, **options: Any) -> Self:
        """Load a bundle (by default the one in the package) and a landmarker (by default MediaPipe's); `options` as for
        the class.

        Raises
        ------
        BundleError, AssetError
            The bundle or the landmarker's model file is missing or damaged.
        """
        bundle = Bundle.load(path)
        return cls(bundle, landmarker or FaceLandmarker(), **options)

    def detect(self, picture: str | Path | bytes | NDArray[Any], *, source: str | None = None) -> Finding:
        """Judge the one face in a picture (path, encoded bytes, or array (h, w), (h, w, 3) or (h, w, 4)).

        Raises
        ------
        PictureError
            The picture cannot be read.
        """
        return self.detect_faces(picture, source=source)[0]

    def detect_faces(
        self,
        picture: str | Path | bytes | NDArray[Any],
        *,
        choice: FaceChoice = "only",
        source: str | None = None,
    ) -> list[Finding]:
        """Judge the chosen faces of a picture: one finding each, or one that says why there is none."""
        rgb = read_picture(picture)
        if source is None:
            source = os.fsdecode(picture) if isinstance(picture, str | Path) else "picture"
        return self._judge(rgb, self.landmarker.detect(rgb), choice, source)

    def detect_video(
        self,
        path: str | Path,
        *,
        choice: FaceChoice = "only",
        source: str | None = None,
        options: VideoOptions | None = None,
    ) -> list[Finding]:
        """Follow one person through a video: findings on six frames a second, and a last one on the whole.

        The finding on the whole is of the movements and the frames' mean where a movement could be read and the bundle
        knows videos, else of the frames' mean; its `video` says which, who was followed, and the movements. A video
        that breaks off gives its good frames, and the finding on the whole has the status ``error``.

        Parameters
        ----------
        path
            A video, or ``webcam`` (see `facialis.faces.webcam`).
        choice
            ``only`` takes the one most in view, and abstains where a second is about equally so; the n-th in that
            order; ``all`` everybody.
        options
            How many frames are read, and which movements were asked for when; otherwise they are found.
        """
        given = options or VideoOptions()
        source = source if source is not None else os.fsdecode(path)
        live = is_webcam(path)
        read = read_webcam(str(path), seconds=given.seconds) if live else read_video(path, rate=given.rate)
        frames = (
            track(read, f"following {display_name(PurePath(source).name)}", unit="frames") if given.progress else read
        )
        asked = given.prompts.of(source) if given.prompts is not None else []
        return detect_frames(self, frames, source, choice=choice, prompts=asked)

    def detect_file(
        self,
        path: str | Path,
        *,
        choice: FaceChoice = "only",
        source: str | None = None,
        video: VideoOptions | None = None,
    ) -> list[Finding]:
        """Judge a photo, a video or a camera; what cannot be read becomes a finding with the status ``error``."""
        source = source if source is not None else os.fsdecode(path)
        if is_video(path) or is_webcam(path):
            return self.detect_video(path, choice=choice, source=source, options=video)
        try:
            return self.detect_faces(path, choice=choice, source=source)
        except PictureError as error:
            return [self.unreadable(source, error)]

    def unreadable(self, source: str, error: PictureError) -> Finding:
        """Return the finding on what could not be read."""
        return Finding(source, "error", self.model, prevalence=self.prevalence, reasons=(str(error),))

    def judge(
        self,
        face: Face,
        rgb: NDArray[np.uint8],
        *,
        source: str = "picture",
        number: int | None = None,
        twice: bool = True,
    ) -> Finding:
        """Judge a face that was found already in the picture `rgb`.

        Parameters
        ----------
        twice
            Whether the landmarker may be asked again, of the mirrored picture, where the answer hangs on its noise.
        """
        quality = assess(face, rgb, self.limits)
        base = Finding(
            source, "abstained", self.model, prevalence=self.prevalence, reasons=quality.reasons, face=face,
            quality=quality, face_number=number,
        )  # fmt: skip
        if quality.reasons and not self.force:
            return base
        reading = self.read(face, quality.yaw, rgb)
        reasons = list(quality.reasons)
        again = mirrored = None
        if twice and (self.careful or self._hangs_on_noise(reading, face) or quality.reasons):
            mirrored = look_again(self.landmarker, rgb, face)
            if mirrored is None:
                reasons.append("no face in the mirrored picture: the landmarks are not to be trusted")
            else:
                again = self.read(mirrored, quality.yaw, rgb)
                apart = disagreement(face, mirrored)
                if apart > DISAGREEMENT:
                    reasons.append(
                        f"landmarks disagree by {apart:.0%} of the distance between the eyes with those of the "
                        f"mirrored picture, up to {DISAGREEMENT:.0%} can be judged"
                    )
        answers = reading.answers if again is None else mean_answers(reading.answers, again.answers)
        limit = self.bundle.card.novelty_limit
        novelty = answers.get("novelty")
        if limit is not None and novelty is not None and novelty[0] > limit:
            reasons.append(
                f"unlike the faces that the model knows (is the picture upright, the face uncovered?): "
                f"distance {novelty[0]:.1f}, up to {limit:.1f}"
            )
        if reasons and not self.force:
            return dataclasses.replace(base, reasons=tuple(reasons), looked_twice=again is not None)
        finding = dataclasses.replace(
            base,
            status="judged",
            reasons=tuple(reasons),
            forced=bool(reasons),
            looked_twice=again is not None,
            second_face=mirrored,
            measures=reading.measures,
            numbers=numbers(reading, self.bundle),
        )
        error = logit_error(answers, self.bundle.crop_noise(face.interocular_px))
        return self.labelled(finding, {name: array[0] for name, array in answers.items()}, error)

    def read(self, face: Face, yaw: float, rgb: NDArray[np.uint8], *, whole: bool = False) -> Reading:
        """Return what the graph and the measures say of a face, and of its noisy copies; the crop is one for all.

        Parameters
        ----------
        whole
            Whether the copies are asked for every answer, not only for `bundle.OF_COPIES`: three times as long.
        """
        copies = noisy_copies(face.landmarks, face.interocular_px, yaw)
        transform = np.broadcast_to(face.transform, (len(copies), 4, 4))
        given: dict[str, NDArray[Any]] = {"landmarks": copies, "transform": transform}
        inputs = self.bundle.card.input
        if "crop" in self.bundle.inputs:
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

    def _hangs_on_noise(self, reading: Reading, face: Face) -> bool:
        """Whether the error bar of the log odds touches a threshold."""
        card = self.bundle.card
        odds = log_odds(reading.answers)[0]
        reach = 1.96 * logit_error(reading.answers, self.bundle.crop_noise(face.interocular_px))
        edges = [math.log(p / (1 - p)) for p in (*card.uncertain, card.threshold) if 0 < p < 1]
        return any(abs(odds - edge) < reach for edge in edges)

    def _judge(
        self,
        rgb: NDArray[np.uint8],
        faces: Sequence[Face],
        choice: FaceChoice,
        source: str,
        *,
        twice: bool = True,
    ) -> list[Finding]:
        none = Finding(source, "abstained", self.model, prevalence=self.prevalence)
        if not faces:
            return [dataclasses.replace(none, reasons=(NO_FACE,))]
        if choice == "all":
            return [self.judge(face, rgb, source=source, number=n, twice=twice) for n, face in enumerate(faces, 1)]
        if choice == "only" and len(faces) > 1:
            return [dataclasses.replace(none, reasons=(SEVERAL_FACES,))]
        number = choice if isinstance(choice, int) else 1
        if number > len(faces):
            return [dataclasses.replace(none, reasons=(f"no face {number}: {len(faces)} found",))]
        chosen = faces[number - 1]
        return [self.judge(chosen, rgb, source=source, number=None if choice == "only" else number, twice=twice)]

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

    def close(self) -> None:
        """Release the landmarker."""
        self.landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
