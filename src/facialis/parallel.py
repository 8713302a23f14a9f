"""Worker processes that start quickly: heavy modules are imported once, by a server that each worker is forked from."""

from __future__ import annotations

import multiprocessing
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

_PRELOADED = ["facialis.faces.landmarks", "mediapipe.tasks.python.vision"]


def worker_pool(workers: int, initializer: Callable[..., None], *arguments: Any) -> ProcessPoolExecutor:
    """Return a pool of processes, each of which ran ``initializer(*arguments)`` when it started.

    An interrupt (Ctrl-C) is left to the parent process, so that workers print nothing of their own.
    """
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    if hasattr(context, "set_forkserver_preload"):
        context.set_forkserver_preload(_PRELOADED)
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(initializer, arguments))


def _start(initializer: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    initializer(*arguments)
