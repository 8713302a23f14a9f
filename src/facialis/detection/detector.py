"""The detector: a picture in, a finding out. ONNX Runtime only."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path, PurePath
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.detection.finding import Finding
from facialis.detection.judge import Judge
from facialis.detection.second_look import look_again
from facialis.detection.video import VideoOptions, detect_frames
from facialis.errors import PictureError
from facialis.faces.images import read_picture
from facialis.faces.landmarks import Face, FaceLandmarker, Landmarker
from facialis.faces.quality import NO_FACE, SEVERAL_FACES, Limits, assess
from facialis.faces.reasons import reason
from facialis.faces.sources import display_name, is_video
from facialis.faces.videos import read_video
from facialis.faces.webcam import is_webcam, read_webcam
from facialis.progress import track

FaceChoice = Literal["only", "largest", "all"] | int
"""Which face of several: ``only`` (abstain when there are several), ``largest``, ``all``, or the n-th largest."""


class Detector(Judge):
    """Judges pictures with one bundle and one landmarker; use it as a context manager, or `close` it.

    Parameters
    ----------
    prevalence, force
        See `facialis.detection.judge.Judge`.
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
        super().__init__(bundle, limits, prevalence=prevalence, force=force)
        self.landmarker = landmarker
        self.careful = careful

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
        base = self.found(face, quality, source, number)
        if quality.reasons and not self.force:
            return base
        reading = self.read(face, quality.yaw, rgb)
        if not twice or not (self.careful or quality.reasons or self.hangs_on_noise(reading, face)):
            return self.decide(base, reading)
        mirrored = look_again(self.landmarker, rgb, face)
        if mirrored is None:
            return self.decide(base, reading, doubts=(reason("not_mirrored"),))
        return self.decide(base, reading, mirrored, self.read(mirrored, quality.yaw, rgb))

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
            return [dataclasses.replace(none, reasons=(reason("no_such_face", number=number, count=len(faces)),))]
        chosen = faces[number - 1]
        return [self.judge(chosen, rgb, source=source, number=None if choice == "only" else number, twice=twice)]

    def close(self) -> None:
        """Release the landmarker."""
        self.landmarker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
