"""Ctrl-C waits for what must not be left half done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["came_of_interrupt", "interrupts_blocked", "interrupts_held"]


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let an interrupt (Ctrl-C) wait for the end of the block, and raise it there.

    For starts that take well under a second: worker processes, and native libraries whose threads go on working (and
    logging) after Python has left them. Where interrupts are ignored or handled by the caller, nothing is changed.

    Raises
    ------
    KeyboardInterrupt
        At the end of the block, if one came meanwhile.
    """
    here = threading.current_thread() is threading.main_thread()
    if not here or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    held: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _: held.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if held:
        raise KeyboardInterrupt


@contextmanager
def interrupts_blocked() -> Iterator[None]:
    """Start workers deaf to Ctrl-C, which is for the parent: they inherit the mask. One that comes meanwhile waits."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # the first process starts it, and that would lift the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def came_of_interrupt(error: BaseException) -> bool:
    """Whether an interrupt stands behind an error: compiled modules turn one in mid-import into an error of theirs."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, KeyboardInterrupt):
        seen = seen.__cause__ or seen.__context__
    return seen is not None
