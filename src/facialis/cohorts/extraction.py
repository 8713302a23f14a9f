"""From pictures to a cohort: every modality in one pass, by processes or a cluster, resumable.

Pictures and videos are worked off in parts of `PART` frames. A finished part is one file in ``COHORT/.parts``, written
by whoever worked it off, so that a killed run goes on where it stopped, and its result is bit-identical. A video is
decoded once, by one process, with a part of it in memory. Memory stays flat in the number of frames.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, suppress
from itertools import chain, groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from facialis.clusters import check_engine, cluster_jobs, is_cluster
from facialis.cohorts.cohort import Cohort, check_frames, finish_cohort, prepare_folder
from facialis.cohorts.duplicates import picture_hashes
from facialis.cohorts.parts import claim_parts, is_whole, part_file
from facialis.errors import CohortError, PictureError
from facialis.faces.images import read_picture
from facialis.faces.landmarks import Face, FaceLandmarker
from facialis.faces.quality import NO_FACE, SEVERAL_FACES, assess
from facialis.faces.sources import display_name, is_video, name_from_text
from facialis.faces.videos import VideoFrame, read_frames
from facialis.files import atomic_path, locked
from facialis.modalities.coordinates import coordinates
from facialis.modalities.crops import crop
from facialis.modalities.lines import line_image
from facialis.modalities.measures import measure
from facialis.parallel import worker_pool
from facialis.progress import bar

if TYPE_CHECKING:
    import pandas as pd

PART = 16
NO_CONSENT = "no consent"
_STOP = "stop"


def extract(
    frames: pd.DataFrame,
    root: Path | str,
    out: Path | str,
    *,
    provenance: Mapping[str, Any],
    pictures: bool = True,
    workers: int = 1,
    engine: str = "processes",
) -> Cohort:
    """Find the faces in a table's pictures and write all modalities as a cohort.

    Parameters
    ----------
    frames
        A table as `facialis.cohorts.listing.complete` gives it; ``path`` is relative to `root`. A row of a video has
        the number of its frame in ``video_frame``. Where ``consent`` is no the picture is not opened.
    pictures
        Keep face crops and line images beside the numbers.
    workers, engine
        Number of processes, of this machine or of a cluster as in `facialis.clusters.cluster_jobs`; a cluster that runs
        already has its own number, and its machines see `root` and `out` at the same paths. The result does not depend
        on them.

    Raises
    ------
    CohortError
        The table is wrong; `out` holds a cohort, another unfinished extraction or other files; no picture was usable;
        a worker died.
    FacialisError
        Another extraction is writing to `out`; the engine is unknown or cannot be reached.
    """
    check_engine(engine)
    root, out = (Path(path).absolute() if is_cluster(engine) else Path(path) for path in (root, out))
    check_frames(frames, one_group=False)
    paths = [name_from_text(path) for path in frames["path"]]
    parts = prepare_folder(out)
    with locked(parts / "lock", f"{out}: another extraction is writing there; wait for it or choose another folder"):
        claim_parts(parts, frames, [root / path for path in dict.fromkeys(paths)], [pictures, PART])
        jobs, starts, missing = _plan(frames, paths, root, parts, pictures)
        with bar("extracting", len(frames)) as advance:
            advance(len(frames) - missing)
            for done in _run(jobs, workers, engine):
                advance(done)
        return _assemble(frames, parts, starts, out, provenance)


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


def _start_worker() -> None:
    global _landmarker
    _landmarker = FaceLandmarker()


def _work_on_cluster(job: _Job) -> int:
    """Work off a job in a process of a cluster, which lives on for the next one with its landmarker."""
    if not job.folder.is_dir():
        raise CohortError(
            f"{job.folder.parent}: the worker on {platform.node()} does not see this folder; workers need the pictures "
            "and the cohort at the same paths"
        )
    if _landmarker is None:
        _start_worker()
    return _work_whole(job)


class _Job(NamedTuple):
    """Parts that one process works off in order: one of pictures, or those of one video.

    `parts` are rows of the table; `rows` gives the path and the number in the video of each, None without consent.
    """

    parts: list[range]
    rows: dict[int, tuple[Path, int] | None]
    folder: Path
    pictures: bool


def _plan(
    frames: pd.DataFrame, paths: list[str], root: Path, folder: Path, pictures: bool
) -> tuple[list[_Job], list[int], int]:
    """Return the jobs that are left, the first row of every part, and how many rows are left."""
    numbers = frames["video_frame"].tolist() if "video_frame" in frames else [-1] * len(frames)
    consent = frames["consent"].tolist() if "consent" in frames else [""] * len(frames)
    jobs, starts = [], []
    for film, group in groupby(range(len(paths)), key=lambda row: paths[row] if is_video(paths[row]) else None):
        rows = list(group)
        parts = [range(start, min(start + PART, rows[-1] + 1)) for start in range(rows[0], rows[-1] + 1, PART)]
        starts += [part.start for part in parts]
        left = [part for part in parts if not is_whole(part_file(folder, part.start))]
        for share in ([left] if left else []) if film is not None else [[part] for part in left]:
            given = {
                row: None if consent[row] == "no" else (root / paths[row], numbers[row])
                for part in share
                for row in part
            }
            jobs.append(_Job(share, given, folder, pictures))
    return jobs, starts, sum(len(job.rows) for job in jobs)


def _work(job: _Job) -> Iterator[int]:
    """Work off a job; write each part when it is done and yield its number of frames."""
    pictures = _frames(job) if any(given and is_video(given[0]) for given in job.rows.values()) else _stills(job)
    for part in job.parts:
        arrays = _extract_part(islice(pictures, len(part)), job.pictures)
        with atomic_path(part_file(job.folder, part.start)) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        yield len(part)


def _work_whole(job: _Job) -> int:
    """Work off a job in a process of the pool: to its end, or to the end of a part when the parent stops."""
    done = 0
    for frames in _work(job):
        done += frames
        if (job.folder / _STOP).exists():
            break
    return done


def _stills(job: _Job) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
    """Yield each row with its picture, or with the reason why there is none."""
    for row, given in job.rows.items():
        try:
            yield row, NO_CONSENT if given is None else read_picture(given[0])
        except PictureError as error:
            yield row, str(error)


def _frames(job: _Job) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
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


def _run(jobs: list[_Job], workers: int, engine: str) -> Iterator[int]:
    global _landmarker
    if not jobs:
        return
    stop = jobs[0].folder / _STOP
    stop.unlink(missing_ok=True)
    if is_cluster(engine):
        try:
            yield from cluster_jobs(_work_on_cluster, jobs, engine, min(workers, len(jobs)))
        finally:
            with suppress(OSError):
                stop.touch()
        return
    if workers <= 1:
        _start_worker()
        try:
            yield from chain.from_iterable(map(_work, jobs))
        finally:
            if _landmarker is not None:
                _landmarker.close()
                _landmarker = None
        return
    pool = worker_pool(min(workers, len(jobs)), _start_worker)
    try:
        for future in as_completed([pool.submit(_work_whole, job) for job in jobs]):
            yield future.result()
    except BrokenProcessPool as error:
        raise CohortError(
            "a worker process died (out of memory?); what it had finished is kept: run the same command again, "
            "with fewer --workers"
        ) from error
    finally:
        with suppress(OSError):
            stop.touch()  # a video can take minutes: the workers leave it at the end of a part
        pool.shutdown(wait=True, cancel_futures=True)


def _assemble(
    frames: pd.DataFrame, parts: Path, starts: Sequence[int], out: Path, provenance: Mapping[str, Any]
) -> Cohort:
    """Join the finished parts, one at a time in memory, into one array file a modality."""
    import pandas as pd

    rows: list[int] = []
    facts: list[dict[str, Any]] = []
    reasons: list[tuple[int, str]] = []
    shapes: dict[str, tuple[tuple[int, ...], np.dtype[Any]]] = {}
    for start in starts:
        with np.load(part_file(parts, start), allow_pickle=False) as part:
            rows.extend(int(row) for row in part["_rows"])
            facts.extend(json.loads(str(part["_facts"])))
            reasons.extend((row, why) for row, why in json.loads(str(part["_reasons"])))
            if len(part["_rows"]):
                shapes = {n: (part[n].shape[1:], part[n].dtype) for n in part.files if not n.startswith("_")}
    unusable = frames.iloc[[row for row, _ in reasons]].reset_index(drop=True)
    unusable["reason"] = pd.Series([why for _, why in reasons], dtype=object)
    if not rows:
        seen = unusable["reason"].iloc[0] if len(unusable) else "the table is empty"
        raise CohortError(f"{out}: none of {len(frames)} pictures was usable; the first: {seen}")
    for name, (shape, dtype) in shapes.items():
        with atomic_path(out / f"{name}.npy") as temporary:
            array = np.lib.format.open_memmap(temporary, mode="w+", dtype=dtype, shape=(len(rows), *shape))
            filled = 0
            for start in starts:
                with np.load(part_file(parts, start), allow_pickle=False) as part:
                    if name in part.files:
                        array[filled : filled + len(part[name])] = part[name]
                        filled += len(part[name])
            array.flush()
            del array
    table = pd.concat([frames.iloc[rows].reset_index(drop=True), pd.DataFrame(facts)], axis=1)
    table = table.loc[:, ~table.columns.duplicated(keep="last")]
    check_frames(table, one_group=False)
    return finish_cohort(out, table, tuple(shapes), provenance, unusable)
