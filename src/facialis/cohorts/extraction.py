"""From pictures to a cohort: every modality in one pass, by processes or a cluster, resumable.

Pictures and videos are worked off in parts of `PART` frames. A finished part is one file in ``COHORT/.parts``, written
by whoever worked it off, so that a killed run goes on where it stopped, and its result is bit-identical. A video is
decoded once, by one process, with a part of it in memory. Memory stays flat in the number of frames.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import chain, groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facialis.clusters import check_engine, cluster_jobs, is_cluster
from facialis.cohorts.cohort import Cohort
from facialis.cohorts.extraction_jobs import STOP, Job, end_worker, start_worker, work, work_on_cluster, work_whole
from facialis.cohorts.parts import claim_parts, is_whole, part_file
from facialis.cohorts.writing import check_frames, finish_cohort, prepare_folder
from facialis.errors import CohortError
from facialis.faces.sources import is_video, name_from_text
from facialis.files import atomic_path, locked
from facialis.parallel import worker_pool
from facialis.progress import bar

if TYPE_CHECKING:
    import pandas as pd

PART = 16


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


def _plan(
    frames: pd.DataFrame, paths: list[str], root: Path, folder: Path, pictures: bool
) -> tuple[list[Job], list[int], int]:
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
            jobs.append(Job(share, given, folder, pictures))
    return jobs, starts, sum(len(job.rows) for job in jobs)


def _run(jobs: list[Job], workers: int, engine: str) -> Iterator[int]:
    if not jobs:
        return
    stop = jobs[0].folder / STOP
    stop.unlink(missing_ok=True)
    if is_cluster(engine):
        try:
            yield from cluster_jobs(work_on_cluster, jobs, engine, min(workers, len(jobs)))
        finally:
            with suppress(OSError):
                stop.touch()
        return
    if workers <= 1:
        start_worker()
        try:
            yield from chain.from_iterable(map(work, jobs))
        finally:
            end_worker()
        return
    pool = worker_pool(min(workers, len(jobs)), start_worker)
    try:
        for future in as_completed([pool.submit(work_whole, job) for job in jobs]):
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
