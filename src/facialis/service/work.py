"""What a worker process does: files' content in, JSON or a page out. Nothing is written, nothing is kept."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import threading
from collections.abc import Iterator, Sequence
from multiprocessing import connection
from pathlib import PurePath
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from facialis.detection.bundle import Bundle
from facialis.detection.detector import Detector, FaceChoice
from facialis.detection.finding import Finding
from facialis.detection.judge import Judge
from facialis.detection.prompts import Prompts
from facialis.detection.video import detect_frames
from facialis.errors import FacialisError, PictureError, TooLargeError
from facialis.faces.face import N_BLENDSHAPES, Face
from facialis.faces.images import read_picture
from facialis.faces.landmarks import FaceLandmarker
from facialis.faces.mesh import canonical_face
from facialis.faces.sources import is_video, without_name
from facialis.faces.videos import VideoFrame, read_video, sample_video
from facialis.service.points import Points, as_points, face_of
from facialis.service.settings import Settings
from facialis.words import words


class File(NamedTuple):
    """A file of a request.

    Attributes
    ----------
    name : without folders.
    content : its bytes.
    video : whether it is taken for a video.
    error : why it is not looked at, if it is not; with the HTTP status that says so.
    """

    name: str
    content: bytes
    video: bool
    error: str = ""
    status: int = 200


class Options(NamedTuple):
    """How a request wants its files judged; see `facialis.detection.detector.Detector`."""

    face: str = "only"
    prevalence: float = 0.5
    force: bool = False
    careful: bool = False
    landmarks: bool = False
    rate: float = 30.0
    prompts: str = ""

    @property
    def choice(self) -> FaceChoice:
        """Which face of several."""
        return int(self.face) if self.face.isdecimal() else self.face  # type: ignore[return-value]


class Rows(NamedTuple):
    """What came of a file: objects as JSON in ASCII, and why it could not be read ("": it could)."""

    objects: list[bytes]
    error: str = ""
    status: int = 200


_bundle: Bundle
_landmarker: FaceLandmarker
_settings: Settings


def start(settings: Settings) -> None:
    """Load bundle and landmarker into this process."""
    global _bundle, _landmarker, _settings
    _settings = settings
    Image.MAX_IMAGE_PIXELS = settings.pixels  # `facialis.faces.sources.check_size` heeds it; nobody else is in here
    _bundle, _landmarker = Bundle.load(settings.bundle or None), FaceLandmarker()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _warm_up()


def _warm_up() -> None:
    """Judge a face that is none, so that the first request does not wait for what is made at first use."""
    points = (np.array([128.0, 128.0, 0.0]) + canonical_face() * np.array([9.0, -9.0, -9.0])).astype(np.float32)
    face = Face(points, np.zeros(N_BLENDSHAPES, np.float32), np.eye(4, dtype=np.float32), (256, 256), "none")
    grey = np.full((256, 256, 3), 128, np.uint8)
    Detector(_bundle, _landmarker, force=True).judge(face, grey, twice=False)


def _end_with_parent() -> None:
    """End when the service is gone, however it went."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def is_video_file(name: str, media_type: str) -> bool:
    """Return whether a file is taken for a video: by its name, else by the type that it was sent as."""
    return is_video(name) or media_type.lower().startswith("video/")


def detect(file: File, options: Options) -> Rows:
    """Judge a photo or a video; what cannot be read is one object with the status ``error``."""
    detector = _detector(options)
    if file.error:
        row = _unreadable(detector, file, PictureError(file.error))
        return row._replace(status=file.status)
    try:
        if file.video:
            prompts = Prompts.parse(options.prompts.splitlines()).of(file.name) if options.prompts else []
            frames = _within_limits(file, options.rate)
            findings = detect_frames(detector, frames, file.name, choice=options.choice, prompts=prompts)
        else:
            findings = detector.detect_faces(
                read_picture(file.content, name=file.name), choice=options.choice, source=file.name
            )
    except PictureError as error:
        return _unreadable(detector, file, error)
    except MemoryError:
        return _unreadable(
            detector, file, PictureError(f"{file.name}: not enough memory to decode it; make it smaller first")
        )
    last = findings[-1]
    # of a video that breaks off the good frames are told, and the whole as an error, as on the command line
    broken = "; ".join(last.reasons) if last.status == "error" and len(findings) == 1 else ""
    return Rows([_object(finding, options.landmarks) for finding in findings], broken, 422 if broken else 200)


def detect_points(given: Points, options: Options, source: str) -> Rows:
    """Judge landmarks."""
    return Rows([_object(_of_points(given, options, source), options.landmarks)])


def explain(file: File | None, given: Points | None, options: Options, language: str, source: str) -> Rows:
    """Explain the finding on a photo, or on landmarks."""
    from facialis.reports.explanations import explanation_row

    picture: NDArray[np.uint8] | None = None
    detector = _detector(options)
    if given is not None:
        findings = [_of_points(given, options, source)]
    else:
        assert file is not None
        try:
            if file.video:
                raise PictureError(f"{file.name}: a video is not explained; explain a photo, or a frame saved as one")
            picture = read_picture(file.content, name=file.name)
            findings = detector.detect_faces(picture, choice=options.choice, source=file.name)
        except PictureError as error:
            return Rows([], str(error), 422)
    rows = []
    for finding in findings:
        found, reason = None, ""
        try:
            found = finding.explain(_bundle, language=language, picture=picture)
        except FacialisError as error:
            reason = str(error)
        row = explanation_row(finding, found, reason)
        if options.landmarks and found is not None and found.counterfactual is not None:
            row["counterfactual"] = found.counterfactual.as_dict(landmarks=True)
        rows.append(json.dumps(row, ensure_ascii=True, allow_nan=False).encode())
    return Rows(rows)


def report(
    files: Sequence[File],
    options: Options,
    language: str,
    given: Points | None,
    moved: Sequence[int],
    *,
    photos: bool,
    names: bool,
) -> str | Rows:
    """Return the page on photos; of one photo the landmarks may be given, of which some were `moved` by hand."""
    from facialis.reports.photo import render_photos
    from facialis.reports.photo_entries import Entry, look_at

    detector, say = _detector(options), words(language)
    entries, errors = [], []
    for number, file in enumerate(files, 1):
        called = file.name if names else say("report.photo", number=number)
        try:
            rgb = read_picture(file.content, name=file.name)
        except PictureError as error:
            errors.append(str(error))
            unnamed = PictureError(without_name(str(error), file.name))
            entries.append(Entry(called, detector.unreadable(called, unnamed)))
            continue
        if given is None:
            findings = detector.detect_faces(rgb, choice=options.choice, source=called)
        else:
            findings = [_of_points(given, options, called)]
        digest = hashlib.sha256(file.content).hexdigest() if photos else ""
        entries += [
            look_at(detector, finding, rgb, called, language=language, photos=photos, digest=digest, moved=moved)
            for finding in findings
        ]
    if len(errors) == len(files):
        return Rows([], "; ".join(errors), 422)
    return render_photos(entries, _bundle, language=language, photos=photos, names=names)


def photo_set(
    files: Sequence[File], options: Options, language: str, title: str, kind: Literal["html", "json"], *, photos: bool
) -> str | Rows:
    """Return the sheet of one person's views, or the set's finding."""
    from facialis.reports.photo_set import render_sheets
    from facialis.reports.sheets import Photo, make_sheet

    say = words(language)
    given = [Photo(file.content, PurePath(file.name), file.name) for file in files]
    sheet = make_sheet(
        _detector(options), given, title or say("sheet.person", number=1), None, say, photos=photos, names=False
    )
    if kind == "json":
        return Rows([json.dumps(sheet.row, ensure_ascii=True, allow_nan=False).encode()])
    return render_sheets([sheet], _bundle, language=language, photos=photos)


def _detector(options: Options) -> Detector:
    return Detector(_bundle, _landmarker, prevalence=options.prevalence, force=options.force, careful=options.careful)


def _unreadable(detector: Detector, file: File, error: PictureError) -> Rows:
    finding = detector.unreadable(file.name, error)
    return Rows([_object(finding, False)], str(error), 413 if isinstance(error, TooLargeError) else 422)


def _within_limits(file: File, rate: float) -> Iterator[VideoFrame]:
    """Yield a video's frames; refuse one that is too long before any is decoded, and again where it hid its length."""
    sampled = sample_video(file.content, rate=1000.0, name=file.name)
    last = sampled.frames[-1][1] if sampled.frames else 0.0
    most, longest = _settings.video_frames, _settings.video_seconds
    if len(sampled.frames) > most or last > longest:
        raise TooLargeError(
            f"{file.name}: longer than {longest} s or {most:,} frames: {last:.0f} s, {len(sampled.frames):,}; cut it"
        )
    for number, frame in enumerate(read_video(file.content, rate=rate, name=file.name)):
        if number > most or (frame.time or 0.0) > longest + 1:
            raise TooLargeError(f"{file.name}: longer than {longest} s or {most:,} frames; cut it")
        yield frame


def _object(finding: Finding, landmarks: bool) -> bytes:
    row = finding.row()
    if landmarks:
        row["face_points"] = None if finding.face is None else as_points(finding.face, finding.second_face)
    return json.dumps(row, ensure_ascii=True, allow_nan=False).encode()


def _of_points(given: Points, options: Options, source: str) -> Finding:
    """Judge landmarks as `Judge.judge_landmarks` does.

    Raises
    ------
    FacialisError
        They are no face, or the bundle reads the picture.
    """
    height, width = given["size"]
    face = face_of(given, (height, width))
    second = None if given.get("second") is None else face_of(given["second"], (height, width))
    judge = Judge(_bundle, prevalence=options.prevalence, force=options.force)
    return judge.judge_landmarks(face, second, source=source)
