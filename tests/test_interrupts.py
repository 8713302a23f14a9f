"""Ctrl-C waits for the end of what must not be left half done."""

import os
import signal
import threading

import pytest

from facialis.interrupts import came_of_interrupt, interrupts_held


def test_an_interrupt_waits_for_the_end_of_the_block():
    done = False
    with pytest.raises(KeyboardInterrupt), interrupts_held():
        os.kill(os.getpid(), signal.SIGINT)
        done = True
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_inside_is_not_hidden():
    with pytest.raises(ValueError, match="inside"), interrupts_held():
        raise ValueError("inside")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_where_interrupts_are_ignored_they_stay_so():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_have_no_interrupts_to_hold():
    inside = []

    def work():
        with interrupts_held():
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [signal.default_int_handler]


def test_an_interrupt_behind_another_error_is_seen():
    def turned(inner: BaseException, explicit: bool) -> BaseException:
        try:
            try:
                raise inner
            except BaseException as cause:
                raise ImportError("failed to import") from (cause if explicit else None)
        except ImportError as error:
            return error

    assert came_of_interrupt(KeyboardInterrupt())
    assert came_of_interrupt(turned(KeyboardInterrupt(), True))
    assert came_of_interrupt(turned(turned(KeyboardInterrupt(), False), True))
    assert not came_of_interrupt(turned(ValueError(), True))
