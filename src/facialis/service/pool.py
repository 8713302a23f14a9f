"""Processes that judge, one request each at a time: a bounded queue before them, and whoever dies is replaced.

Each worker is a pool of one process of its own, so that the death of one is nobody else's.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from facialis.parallel import worker_pool
from facialis.service.problems import Busy, Problem

T = TypeVar("T")
_log = logging.getLogger(__name__)

GRACE = 2.0
"""Seconds that work nobody waits for any more may go on before its process is ended."""
RESTARTS = (1.0, 5.0, 30.0, 60.0)
"""Seconds between tries to start a process that does not start."""


class Worker:
    """One process, made anew when it dies."""

    def __init__(self, initializer: Callable[..., None], arguments: tuple[Any, ...]) -> None:
        self._initializer, self._arguments = initializer, arguments
        self.deaths = 0
        self._start()

    def _start(self) -> None:
        self.pid = 0
        self._executor: ProcessPoolExecutor = worker_pool(1, self._initializer, *self._arguments)
        self._started = self._executor.submit(os.getpid)
        self._started.add_done_callback(self._know)

    def _know(self, started: Future[int]) -> None:
        if started is self._started and not started.cancelled() and started.exception() is None:
            self.pid = started.result()

    async def ready(self) -> None:
        """Wait until it has started."""
        self.pid = await asyncio.wrap_future(self._started)

    def submit(self, function: Callable[..., T], *arguments: Any) -> asyncio.Future[T]:
        """Start work; a process that died while it was idle is replaced first."""
        try:
            return asyncio.wrap_future(self._executor.submit(function, *arguments))
        except BrokenProcessPool:
            self.replace()
            return asyncio.wrap_future(self._executor.submit(function, *arguments))

    def replace(self, *, kill: bool = False) -> None:
        """Start another process.

        Parameters
        ----------
        kill : whether the old one still lives and is to be ended, whatever it does.
        """
        self.deaths += 1
        if kill and self.pid:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._start()

    def close(self) -> None:
        """End the process when it has done its work."""
        self._executor.shutdown(wait=True, cancel_futures=True)


class Pool:
    """Workers and the queue before them.

    Parameters
    ----------
    workers, queue
        Processes, and requests that may wait for one.
    initializer, arguments
        What each process runs first.
    """

    def __init__(self, workers: int, queue: int, initializer: Callable[..., None], *arguments: Any) -> None:
        self.size, self.limit = workers, queue
        self.waiting = self.working = 0
        self._made = (initializer, arguments)
        self._workers: list[Worker] = []
        self._idle: asyncio.Queue[Worker] = asyncio.Queue()
        self._freeing: set[asyncio.Task[None]] = set()

    @property
    def deaths(self) -> int:
        """How many processes died or were ended."""
        return sum(worker.deaths for worker in self._workers)

    @property
    def pids(self) -> list[int]:
        """The processes."""
        return [worker.pid for worker in self._workers]

    async def start(self) -> None:
        """Start all workers and wait for them.

        Raises
        ------
        BrokenProcessPool
            A worker cannot start.
        """
        self._workers = [Worker(*self._made) for _ in range(self.size)]
        await asyncio.gather(*(worker.ready() for worker in self._workers))
        for worker in self._workers:
            self._idle.put_nowait(worker)

    async def run(self, function: Callable[..., T], *arguments: Any, seconds: float) -> T:
        """Run work in the next worker that is free.

        Cancelled, it frees its place: work that is under way goes on for `GRACE` seconds, then its process is replaced.

        Raises
        ------
        Busy
            The queue is full.
        Problem
            The worker died (500), or took longer than `seconds` (504).
        """
        if self._idle.empty() and self.waiting >= self.limit:
            raise Busy(f"busy: {self.waiting} requests are waiting for {self.size} workers; try again in a moment")
        self.waiting += 1
        try:
            worker = await self._idle.get()
        finally:
            self.waiting -= 1
        self.working += 1
        try:
            work = worker.submit(function, *arguments)
            done = await asyncio.wait_for(asyncio.shield(work), seconds)
        except asyncio.CancelledError:
            self._later(worker, work)
            raise
        except TimeoutError:
            _log.warning("a worker took longer than %g s and was ended", seconds)
            self._renew(worker, kill=True)
            raise Problem(504, f"took longer than {seconds:g} s; give a smaller picture or a shorter video") from None
        except BrokenProcessPool:
            _log.warning("a worker died and was replaced")
            self._renew(worker)
            raise Problem(
                500, "the worker process died (out of memory?); nothing was found out about this file, try again"
            ) from None
        except BaseException:
            self._free(worker)
            raise
        self._free(worker)
        return done

    def _free(self, worker: Worker) -> None:
        self.working -= 1
        self._idle.put_nowait(worker)

    def _renew(self, worker: Worker, *, kill: bool = False) -> None:
        """Replace a worker's process, and take the worker back once that has started."""
        worker.replace(kill=kill)

        async def start() -> None:
            for pause in RESTARTS:
                try:
                    await worker.ready()
                    break
                except BrokenProcessPool:
                    _log.error("a worker cannot be started again; the next try is in %g s", pause)
                    await asyncio.sleep(pause)
                    worker.replace()
            self._free(worker)

        self._keep(start())

    def _later(self, worker: Worker, work: asyncio.Future[Any]) -> None:
        """Take a worker back whose work nobody waits for."""

        async def take_back() -> None:
            done, _ = await asyncio.wait([work], timeout=GRACE)
            broken = bool(done) and not work.cancelled() and isinstance(work.exception(), BrokenProcessPool)
            if done and not broken:
                self._free(worker)
            else:
                self._renew(worker, kill=not done)

        self._keep(take_back())

    def _keep(self, task: Any) -> None:
        kept = asyncio.get_running_loop().create_task(task)
        self._freeing.add(kept)
        kept.add_done_callback(self._freeing.discard)

    async def close(self) -> None:
        """End all workers, each when it has done its work."""
        for task in list(self._freeing):
            task.cancel()
        await asyncio.gather(*(asyncio.to_thread(worker.close) for worker in self._workers))
