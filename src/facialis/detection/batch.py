"""Many files, in order, by one process or several."""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facialis.detection.bundle import Bundle
from facialis.detection.detector import Detector, FaceChoice
from facialis.detection.finding import Finding
from facialis.detection.video import VideoOptions
from facialis.detection.video_reading import VideoReading
from facialis.errors import FacialisError, PictureError
from facialis.faces.assets import asset_path
from facialis.faces.geometry import undo_pose
from facialis.faces.images import read_picture
from facialis.faces.landmarks import Face
from facialis.faces.sources import Source, is_video
from facialis.faces.videos import read_frames
from facialis.faces.webcam import is_webcam
from facialis.modalities.trajectories import channels
from facialis.parallel import worker_pool

WAITING = 4
"""Tasks handed to each worker ahead of time: the queue is bounded, so memory stays flat in the number of files."""
MOST_APEXES = 12
"""Movements of one video whose apex is shown."""
TASK = 4
"""Files in a task, where there are many: a task costs the parent process about a millisecond."""


@dataclass(frozen=True)
class FacePicture:
    """A face cut out of its picture, for a report: a JPEG, and where it lies.

    Attributes
    ----------
    jpeg
        The cut, at most 480 px high.
    origin
        x, y of its corner in the picture, px.
    scale
        px of the cut for each px of the picture.
    size
        Width and height of the cut, px.
    """

    jpeg: bytes
    origin: tuple[float, float]
    scale: float
    size: tuple[int, int]


@dataclass(frozen=True)
class Judged:
    """What came of one file: its findings (several for a video or for several faces), and pictures where asked for.

    Of a video those of each finding's movements at their apex, by number of the frame.
    """

    findings: tuple[Finding, ...]
    pictures: tuple[FacePicture | None, ...]
    apexes: tuple[Mapping[int, FacePicture], ...] = ()


def detect_many(
    sources: Sequence[Source],
    *,
    bundle: Path | str | None = None,
    choice: FaceChoice = "only",
    workers: int = 1,
    pictures: bool = False,
    video: VideoOptions | None = None,
    **options: Any,
) -> Iterator[Judged]:
    """Judge files in the order given; the result does not depend on the number of workers.

    Parameters
    ----------
    bundle
        Folder of a bundle; by default the package's own.
    workers
        Processes, each with a landmarker (about 250 MB). Beyond the number of cores more do not help.
    pictures
        Cut each photo's face out for a report, and of a video the face at the apex of its movements.
    video
        How videos are read.
    options
        ``prevalence``, ``force``, ``careful``, as for `facialis.detection.detector.Detector`.
    """
    workers = max(1, min(workers, len(sources)))
    if workers == 1:
        with Detector.load(bundle, **options) as detector:
            for source in sources:
                yield _judge(detector, source, choice, pictures, video)
        return
    Bundle.load(bundle)  # a bad bundle is refused here, once, and by name
    asset_path("face_landmarker")  # fetched here, once
    pool = worker_pool(workers, _start_worker, bundle, options)
    waiting: deque[Future[list[Judged]]] = deque()
    step = TASK if len(sources) >= workers * WAITING * TASK else 1
    try:
        for start in range(0, len(sources), step):
            waiting.append(pool.submit(_work, sources[start : start + step], choice, pictures, video))
            if len(waiting) >= workers * WAITING:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()
    except BrokenProcessPool as error:
        raise FacialisError("a worker process died (out of memory?): run again with fewer --workers") from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def face_picture(rgb: NDArray[np.uint8], face: Face, *, height: int = 480) -> FacePicture:
    """Cut a face out of its picture with a margin of a fifth, shrunk to at most `height` px."""
    from PIL import Image

    low, high = face.landmarks[:, :2].min(axis=0), face.landmarks[:, :2].max(axis=0)
    margin = 0.2 * float((high - low).max())
    x0, y0 = np.maximum(np.floor(low - margin), 0).astype(int)
    x1, y1 = np.minimum(np.ceil(high + margin), (rgb.shape[1], rgb.shape[0])).astype(int)
    cut = Image.fromarray(rgb[y0:y1, x0:x1])
    scale = min(1.0, height / cut.height)
    cut = cut.resize((max(1, round(cut.width * scale)), max(1, round(cut.height * scale))), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    cut.save(file, "JPEG", quality=88)
    return FacePicture(file.getvalue(), (float(x0), float(y0)), scale, cut.size)


def _judge(
    detector: Detector, source: Source, choice: FaceChoice, pictures: bool, video: VideoOptions | None = None
) -> Judged:
    if is_video(source.path) or is_webcam(source.path):
        findings = detector.detect_file(source.path, choice=choice, source=source.name, video=video)
        cuts = [_apexes(detector, source.path, finding.video) if pictures else {} for finding in findings]
        return Judged(tuple(findings), (None,) * len(findings), tuple(cuts))
    try:
        rgb = read_picture(source.path)
        findings = detector.detect_faces(rgb, choice=choice, source=source.name)
    except PictureError as error:
        return Judged((detector.unreadable(source.name, error),), (None,))
    faces = [finding.face if pictures else None for finding in findings]
    return Judged(tuple(findings), tuple(face_picture(rgb, face) if face else None for face in faces))


def _apexes(detector: Detector, path: Path, reading: VideoReading | None) -> dict[int, FacePicture]:
    """Return the face at the apex of each movement of a video file, by number of the frame."""
    if reading is None or reading.motion is None or is_webcam(path):
        return {}
    motion = reading.motion
    wanted = [event["frame"] for event in reading.events if event["frame"] is not None][:MOST_APEXES]
    found: dict[int, FacePicture] = {}
    try:
        with closing(read_frames(path, wanted)) as frames:
            for frame in frames:
                faces = detector.landmarker.detect(frame.rgb)
                then = motion.values[int(np.searchsorted(motion.frames, frame.index))]
                if faces:
                    now = channels(np.stack([undo_pose(f.landmarks.astype(np.float64), f.transform) for f in faces]))
                    face = faces[int(np.argmin(np.linalg.norm(now - then, axis=1)))]
                    found[frame.index] = face_picture(frame.rgb, face, height=240)
    except PictureError:  # it breaks off: the finding on the whole says so
        pass
    return found


_detector: Detector | None = None


def _start_worker(bundle: Path | str | None, options: dict[str, Any]) -> None:
    global _detector
    _detector = Detector.load(bundle, **options)


def _work(sources: Sequence[Source], choice: FaceChoice, pictures: bool, video: VideoOptions | None) -> list[Judged]:
    assert _detector is not None
    return [_judge(_detector, source, choice, pictures, video) for source in sources]
