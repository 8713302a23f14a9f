"""Worker processes that start quickly: heavy modules are imported once, by a server that each worker is forked from."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from facialis.errors import FacialisError
from facialis.interrupts import interrupts_held

LONGEST_FOLDER = 70
"""Bytes of a folder's name that leave room for a socket's: a whole address has 103 on macOS, and 32 are its own."""
_SHORT = "/tmp"
_PRELOADED = ["facialis.faces.landmarks", "mediapipe.tasks.python.vision"]


def worker_pool(workers: int, initializer: Callable[..., None], *arguments: Any) -> ProcessPoolExecutor:
    """Return a pool of processes that are on their way, each of which runs ``initializer(*arguments)`` first.

    An interrupt (Ctrl-C) is left to the parent process, so that workers print nothing of their own.
    """
    context = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
    with interrupts_held():
        if sys.platform != "win32":
            make_room_for_sockets()
            context.set_forkserver_preload(_PRELOADED)
            _start_server()
        pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(initializer, arguments))
        for _ in range(workers):  # a process is started for each task that finds none idle
            pool.submit(os.getpid)
    return pool


def make_room_for_sockets() -> None:
    """Have the sockets of worker processes in ``/tmp`` where the name of the temporary folder (TMPDIR) is too long.

    Raises
    ------
    FacialisError
        There is no such folder that can be written to.
    """
    if sys.platform == "win32":
        return
    from multiprocessing import util

    before, folder = tempfile.tempdir, "TMPDIR"
    try:
        folder = tempfile.gettempdir()
        if len(os.fsencode(folder)) > LONGEST_FOLDER:
            folder = tempfile.tempdir = _SHORT
        util.get_temp_dir()  # made once: from here on it is kept, by this process and those that it starts
    except OSError as error:
        raise FacialisError(
            f"{folder}: no folder for the sockets of worker processes can be made there ({error.strerror}); set TMPDIR "
            f"to a folder that can be written to, with a name of at most {LONGEST_FOLDER} bytes"
        ) from error
    finally:
        tempfile.tempdir = before


def _start_server() -> None:
    """Start the server deaf to interrupts: a program started with a signal ignored goes on ignoring it."""
    from multiprocessing import forkserver

    if threading.current_thread() is not threading.main_thread():
        forkserver.ensure_running()
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        forkserver.ensure_running()
    finally:
        signal.signal(signal.SIGINT, before)


def _start(initializer: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    initializer(*arguments)
