"""Jobs done here or by worker processes; each result is given out as soon as it is there."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from facialis.errors import FacialisError, RecipeError
from facialis.studies.clusters import check_cluster, dask_jobs, is_cluster, ray_jobs

J = TypeVar("J")
R = TypeVar("R")
ENGINES = ("processes", "dask://HOST:PORT", "dask://local", "ray://HOST:PORT", "ray://local")
MOST_WORKERS = 8
"""Of the default: each holds torch and an encoder, a gigabyte or so."""


def check_engine(engine: str) -> None:
    """Raise `RecipeError` unless the engine is known, `FacialisError` unless it is installed and answers."""
    if is_cluster(engine):
        check_cluster(engine)
    elif engine != ENGINES[0]:
        raise RecipeError(f"unknown engine {engine!r}; known: {', '.join(ENGINES)}")


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
        ``processes`` of this machine; a Dask scheduler or a Ray head (its client port) as ``dask://HOST:PORT`` and
        ``ray://HOST:PORT``; ``dask://local`` and ``ray://local`` start one here for as long as the jobs take.
    workers
        How many at once; a cluster that runs already has its own number.

    Raises
    ------
    RecipeError
        The engine is unknown.
    FacialisError
        A worker died; a cluster's package is missing, or nothing answers at its address, or a worker of it has
        another facialis.
    """
    check_engine(engine)
    if not jobs:
        return
    if is_cluster(engine):
        cluster_jobs = dask_jobs if engine.startswith("dask:") else ray_jobs
        yield from cluster_jobs(function, jobs, engine, min(workers, len(jobs)))
        return
    if min(workers, len(jobs)) <= 1:
        yield from map(function, jobs)
        return
    import joblib
    from joblib.externals.loky.process_executor import BrokenProcessPool

    pool = joblib.Parallel(
        n_jobs=min(workers, len(jobs)), backend="loky", return_as="generator_unordered", batch_size=1, max_nbytes=None
    )
    try:
        with pool:
            with _interrupts_blocked():
                list(pool(joblib.delayed(os.getpid)() for _ in range(pool.n_jobs)))
            yield from pool(joblib.delayed(function)(job) for job in jobs)
    except BrokenProcessPool as error:
        raise FacialisError(
            "a worker process died (out of memory?); the folds that were finished are kept: run the same command "
            "again, with fewer --workers"
        ) from error


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Start workers deaf to Ctrl-C, which is for the parent: they inherit the mask. One that comes meanwhile waits."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
