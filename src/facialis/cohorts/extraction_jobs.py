"""What one process does of an extraction: pictures or a video in, a file of arrays a part."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.cohorts.duplicates import picture_hashes
from facialis.cohorts.parts import part_file
from facialis.errors import CohortError, PictureError
from facialis.faces.images import read_picture
from facialis.faces.landmarks import Face, FaceLandmarker
from facialis.faces.quality import NO_FACE, SEVERAL_FACES, assess
from facialis.faces.sources import display_name, is_video
from facialis.faces.videos import VideoFrame, read_frames
from facialis.files import atomic_path
from facialis.modalities.coordinates import coordinates
from facialis.modalities.crops import crop
from facialis.modalities.lines import line_image
from facialis.modalities.measures import measure

NO_CONSENT = "no consent"
STOP = "stop"
"""Name of the file that ends the work at the end of a part."""


def face_arrays(face: Face, rgb: NDArray[np.uint8], *, pictures: bool = True) -> dict[str, NDArray[Any]]:
    """Return every modality of one face; the keys are a cohort's array names."""
    arrays: dict[str, NDArray[Any]] = {
        "landmarks": face.landmarks,
        "transforms": face.transform,
        "expressions": face.blendshapes,
        "measures": measure(face.landmarks, origin="face"),  # where a face stands in its picture tells the source
        "coordinates": coordinates(face.landmarks),
    }
    if pictures:
        arrays["crops"] = crop(rgb, face.landmarks)
        arrays["lines"] = line_image(face.landmarks, face.size)
    return arrays


_landmarker: FaceLandmarker | None = None


def start_worker() -> None:
    """Load the landmarker into this process."""
    global _landmarker
    _landmarker = FaceLandmarker()


def end_worker() -> None:
    """Release the landmarker of this process."""
    global _landmarker
    if _landmarker is not None:
        _landmarker.close()
    _landmarker = None


def work_on_cluster(job: Job) -> int:
    """Work off a job in a process of a cluster, which lives on for the next one with its landmarker."""
    if not job.folder.is_dir():
        raise CohortError(
            f"{job.folder.parent}: the worker on {platform.node()} does not see this folder; workers need the pictures "
            "and the cohort at the same paths"
        )
    if _landmarker is None:
        start_worker()
    return work_whole(job)


class Job(NamedTuple):
    """Parts that one process works off in order: one of pictures, or those of one video.

    `parts` are rows of the table; `rows` gives the path and the number in the video of each, None without consent.
    """

    parts: list[range]
    rows: dict[int, tuple[Path, int] | None]
    folder: Path
    pictures: bool


def work(job: Job) -> Iterator[int]:
    """Work off a job; write each part when it is done and yield its number of frames."""
    pictures = _frames(job) if any(given and is_video(given[0]) for given in job.rows.values()) else _stills(job)
    for part in job.parts:
        arrays = _extract_part(islice(pictures, len(part)), job.pictures)
        with atomic_path(part_file(job.folder, part.start)) as temporary, temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]  # allow_pickle would be an array to NumPy before 2.2
        yield len(part)


def work_whole(job: Job) -> int:
    """Work off a job in a process of the pool: to its end, or to the end of a part when the parent stops."""
    done = 0
    for frames in work(job):
        done += frames
        if (job.folder / STOP).exists():
            break
    return done


def _stills(job: Job) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
    """Yield each row with its picture, or with the reason why there is none."""
    for row, given in job.rows.items():
        try:
            yield row, NO_CONSENT if given is None else read_picture(given[0])
        except PictureError as error:
            yield row, str(error)


def _frames(job: Job) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
    """Yield each row with its frame of the one video, or with the reason why there is none."""
    asked = [given for given in job.rows.values() if given is not None]
    film = asked[0][0]
    reason = f"{display_name(film)}: the video ends before this frame"
    with closing(read_frames(film, [number for _, number in asked])) as decoded:
        frame: VideoFrame | None = None
        for row, given in job.rows.items():
            while given is not None and (frame is None or frame.index < given[1]):
                try:
                    frame = next(decoded)
                except StopIteration:
                    break
                except PictureError as error:  # the good frames came before
                    reason = str(error)
                    break
            if given is None:
                yield row, NO_CONSENT
            else:
                yield row, frame.rgb if frame is not None and frame.index == given[1] else reason


def _extract_part(pictures: Iterator[tuple[int, NDArray[np.uint8] | str]], keep: bool) -> dict[str, NDArray[Any]]:
    """Return stacked arrays of the usable frames, their row numbers, and a reason for each other row."""
    assert _landmarker is not None
    rows, reasons, facts, stacks = [], [], [], []
    for row, rgb in pictures:
        if isinstance(rgb, str):
            reasons.append((row, rgb))
            continue
        faces = _landmarker.detect(rgb)
        if len(faces) != 1:
            reasons.append((row, SEVERAL_FACES if faces else NO_FACE))
            continue
        quality = assess(faces[0], rgb)
        rows.append(row)
        numbers = {f"face_{name}": value for name, value in quality.as_dict().items()}
        size = {"height": rgb.shape[0], "width": rgb.shape[1]}
        facts.append({**size, **numbers, **picture_hashes(rgb), "quality": "; ".join(quality.reasons)})
        stacks.append(face_arrays(faces[0], rgb, pictures=keep))
    arrays = {name: np.stack([stack[name] for stack in stacks]) for name in stacks[0]} if stacks else {}
    arrays["_rows"] = np.array(rows, dtype=np.int64)
    arrays["_facts"] = np.array(json.dumps(facts))
    arrays["_reasons"] = np.array(json.dumps(reasons))
    return arrays
