"""Jobs done here or by worker processes; each result is given out as soon as it is there."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from facialis.errors import FacialisError, RecipeError

J = TypeVar("J")
R = TypeVar("R")
ENGINES = ("processes",)
MOST_WORKERS = 8
"""Of the default: each holds torch and an encoder, a gigabyte or so."""


def check_engine(engine: str) -> None:
    """Raise `RecipeError` unless the engine is known."""
    if engine not in ENGINES:
        raise RecipeError(f"unknown engine {engine!r}; known: {', '.join(ENGINES)}")


def default_workers(device: str = "cpu") -> int:
    """Return a number of workers for this machine: its cores, 8 at most; one where they would share a GPU."""
    import joblib

    return 1 if device != "cpu" else min(MOST_WORKERS, int(joblib.cpu_count()))


def run_jobs(
    function: Callable[[J], R], jobs: Sequence[J], *, engine: str = "processes", workers: int = 1
) -> Iterator[R]:
    """Yield ``function(job)`` of each job, in the order in which they are done.

    Raises
    ------
    FacialisError
        A worker died.
    """
    check_engine(engine)
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
                list(pool(joblib.delayed(_settle)() for _ in range(pool.n_jobs)))
            yield from pool(joblib.delayed(function)(job) for job in jobs)
    except BrokenProcessPool as error:
        raise FacialisError(
            "a worker process died (out of memory?); the folds that were finished are kept: run the same command "
            "again, with fewer --workers"
        ) from error


def _settle() -> int:
    """Come first in every worker: what it then loads once and keeps (torch, encoder, arrays) is no leak.

    Loky measures a worker after its first job and, with psutil there, ends one that has grown by 300 MB since, with a
    warning and all to be loaded again.
    """
    from joblib.externals.loky import process_executor

    process_executor._MAX_MEMORY_LEAK_SIZE = math.inf
    return os.getpid()


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
