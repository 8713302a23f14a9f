"""Jobs done here or by worker processes; each result is given out as soon as it is there."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from facialis.clusters import check_engine, cluster_jobs, is_cluster
from facialis.errors import FacialisError
from facialis.interrupts import interrupts_blocked

J = TypeVar("J")
R = TypeVar("R")
MOST_WORKERS = 8
"""Of the default: each holds torch and an encoder, a gigabyte or so."""


def default_workers(device: str = "cpu") -> int:
    """Return a number of workers for this machine: its cores, 8 at most; one where they would share a GPU."""
    import joblib

    return 1 if device != "cpu" else min(MOST_WORKERS, int(joblib.cpu_count()))


def run_jobs(
    function: Callable[[J], R], jobs: Sequence[J], *, engine: str = "processes", workers: int = 1
) -> Iterator[R]:
    """Yield ``function(job)`` of each job, in the order in which they are done.

    Parameters
    ----------
    function, jobs
        What is pickled for the workers. A job names its files by path: workers on other machines need the same
        folders at the same paths.
    engine
        ``processes`` of this machine, or a cluster as in `facialis.clusters.cluster_jobs`.
    workers
        How many at once; a cluster that runs already has its own number.

    Raises
    ------
    FacialisError
        The engine is unknown, a worker died, or see `facialis.clusters.cluster_jobs`.
    """
    check_engine(engine)
    if not jobs:
        return
    if is_cluster(engine):
        yield from cluster_jobs(function, jobs, engine, min(workers, len(jobs)))
        return
    if min(workers, len(jobs)) <= 1:
        yield from map(function, jobs)
        return
    import joblib
    from joblib.externals.loky.process_executor import BrokenProcessPool

    _start_quiet_tracker()
    pool = joblib.Parallel(
        n_jobs=min(workers, len(jobs)), backend="loky", return_as="generator_unordered", batch_size=1, max_nbytes=None
    )
    try:
        with pool:
            with interrupts_blocked():
                list(pool(joblib.delayed(_settle)() for _ in range(pool.n_jobs)))
            yield from pool(joblib.delayed(function)(job) for job in jobs)
    except BrokenProcessPool as error:
        raise FacialisError(
            "a worker process died (out of memory?); the folds that were finished are kept: run the same command "
            "again, with fewer --workers"
        ) from error


def _start_quiet_tracker() -> None:
    """Start loky's tracker, which takes locks away that an interrupt left behind, without its warnings of them."""
    from joblib.externals.loky.backend import resource_tracker

    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = ",".join(filter(None, (before, "ignore:resource_tracker:UserWarning")))
    try:
        resource_tracker.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONWARNINGS"]
        else:
            os.environ["PYTHONWARNINGS"] = before


def _settle() -> int:
    """Come first in every worker: what it then loads once and keeps (torch, encoder, arrays) is no leak.

    Loky measures a worker after its first job and, with psutil there, ends one that has grown by 300 MB since, with a
    warning and all to be loaded again.
    """
    from joblib.externals.loky import process_executor

    process_executor._MAX_MEMORY_LEAK_SIZE = math.inf
    return os.getpid()
