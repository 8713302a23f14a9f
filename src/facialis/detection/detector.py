"""The detector: a picture in, a finding out. ONNX Runtime only."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.detection.finding import Finding
from facialis.errors import PictureError
from facialis.faces.geometry import undo_pose
from facialis.faces.images import read_picture
from facialis.faces.landmarks import Face, FaceLandmarker, Landmarker
from facialis.faces.quality import NO_FACE, SEVERAL_FACES, Limits, assess
from facialis.faces.sources import is_video
from facialis.faces.videos import read_video
from facialis.modalities.asymmetry import with_sign_of
from facialis.modalities.measures import measure

FaceChoice = Literal["only", "largest", "all"] | int
"""Which face of several: ``only`` (abstain when there are several), ``largest``, ``all``, or the n-th largest."""


class Detector:
    """Judges pictures with one bundle and one landmarker; use it as a context manager, or `close` it.

    Examples
    --------
    >>> from facialis import Detector
    >>> from skimage.data import astronaut
    >>> with Detector.load() as detector:
    ...     print(detector.detect(astronaut()).label)
    no palsy
    """

    def __init__(self, bundle: Bundle, landmarker: Landmarker, limits: Limits | None = None) -> None:
        self.bundle = bundle
        self.landmarker = landmarker
        self.limits = limits or Limits()
        self.model = f"{bundle.card.name}@{bundle.hash}"

    @classmethod
    def load(cls, path: Path | str | None = None, *, landmarker: Landmarker | None = None) -> Self:
        """Load a bundle (by default the one in the package) and a landmarker (by default MediaPipe's).

        Raises
        ------
        BundleError, AssetError
            The bundle or the landmarker's model file is missing or damaged.
        """
        bundle = Bundle.load(path)
        return cls(bundle, landmarker or FaceLandmarker())

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
        self, path: str | Path, *, choice: FaceChoice = "only", source: str | None = None, rate: float = 6.0
    ) -> list[Finding]:
        """Judge `rate` frames of a video a second: one finding each, and a last one on the whole (mean logit).

        A video that breaks off gives its good frames, and the finding on the whole has the status ``error``.
        """
        source = source if source is not None else os.fsdecode(path)
        findings: list[Finding] = []
        broken: str | None = None
        try:
            for frame in read_video(path, rate=rate):
                faces = self.landmarker.detect(frame.rgb)
                for finding in self._judge(frame.rgb, faces, choice, source):
                    # the face itself is dropped: a long video would fill the memory with landmarks
                    findings.append(
                        dataclasses.replace(finding, frame=frame.index, time=frame.time, face=None, effects=None)
                    )
        except PictureError as error:
            broken = str(error)
        return [*findings, self._whole(findings, source, broken)]

    def detect_file(self, path: str | Path, *, choice: FaceChoice = "only", source: str | None = None) -> list[Finding]:
        """Judge a photo or a video; what cannot be read becomes a finding with the status ``error``."""
        source = source if source is not None else os.fsdecode(path)
        if is_video(path):
            return self.detect_video(path, choice=choice, source=source)
        try:
            return self.detect_faces(path, choice=choice, source=source)
        except PictureError as error:
            return [Finding(source, "error", self.model, reasons=(str(error),))]

    def judge(
        self, face: Face, rgb: NDArray[np.uint8], *, source: str = "picture", number: int | None = None
    ) -> Finding:
        """Judge a face that was found already in the picture `rgb`."""
        quality = assess(face, rgb, self.limits)
        if quality.reasons:
            return Finding(
                source, "abstained", self.model, reasons=quality.reasons, face=face, quality=quality, face_number=number
            )
        measures = self.measures(face)
        logit, effects = self._logit_and_effects(measures)
        finding = Finding(
            source, "judged", self.model, logit, face=face, quality=quality, measures=measures, effects=effects,
            face_number=number,
        )  # fmt: skip
        return self._labelled(finding)

    def measures(self, face: Face) -> NDArray[np.float64]:
        """Return the (29,) measures of a face as the bundle's model wants them."""
        inputs = self.bundle.card.input
        points: NDArray[Any] = face.landmarks.astype(np.float64)
        if inputs.get("pose_corrected"):
            points = undo_pose(points, face.transform)
        return measure(points, definition=inputs["definition"], coordinates=inputs["coordinates"], size=face.size)

    def _judge(self, rgb: NDArray[np.uint8], faces: Sequence[Face], choice: FaceChoice, source: str) -> list[Finding]:
        if not faces:
            return [Finding(source, "abstained", self.model, reasons=(NO_FACE,))]
        if choice == "all":
            return [self.judge(face, rgb, source=source, number=n) for n, face in enumerate(faces, 1)]
        if choice == "only" and len(faces) > 1:
            return [Finding(source, "abstained", self.model, reasons=(SEVERAL_FACES,))]
        number = choice if isinstance(choice, int) else 1
        if number > len(faces):
            return [Finding(source, "abstained", self.model, reasons=(f"no face {number}: {len(faces)} found",))]
        chosen = faces[number - 1]
        return [self.judge(chosen, rgb, source=source, number=None if choice == "only" else number)]

    def _logit_and_effects(self, measures: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the log odds of palsy, and their fall when one measure at a time is put to its healthy median."""
        card = self.bundle.card
        median = with_sign_of(measures, card.reference["quantiles"]["0.5"], card.input["definition"])
        batch = np.tile(measures, (len(measures) + 1, 1))
        batch[np.arange(1, len(batch)), np.arange(len(measures))] = median
        logits = self.bundle.logits(batch)
        odds = logits[:, 1] - logits[:, 0]
        return float(odds[0]), odds[0] - odds[1:]

    def _labelled(self, finding: Finding) -> Finding:
        palsy = (finding.probability or 0.0) >= self.bundle.card.threshold
        return dataclasses.replace(finding, label="palsy" if palsy else "no palsy")

    def _whole(self, findings: list[Finding], source: str, broken: str | None) -> Finding:
        if broken is not None:
            return Finding(source, "error", self.model, reasons=(broken,))
        logits = [finding.logit for finding in findings if finding.logit is not None]
        if not logits:
            seen = dict.fromkeys(reason.split(":")[0] for finding in findings for reason in finding.reasons)
            return Finding(source, "abstained", self.model, reasons=("no frame could be judged", *seen))
        return self._labelled(Finding(source, "judged", self.model, float(np.mean(logits))))

    def close(self) -> None:
        """Release the landmarker."""
        self.landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
