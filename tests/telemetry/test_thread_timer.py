"""A timer that follows the processor time of another thread."""

import threading
import time
from collections.abc import Callable

import pytest

from console.telemetry.thread_timer import thread_timer

EVERY = 0.02
pytestmark = pytest.mark.one_edition


def expiries(of: Callable[[], object]) -> tuple[int, float]:
    """How often it expires while this thread does something, and the processor time that this takes it."""
    clock, found, ended = time.pthread_getcpuclockid(threading.get_ident()), list[bool](), threading.Event()
    begun = threading.Event()

    def wait() -> None:
        with thread_timer(clock, EVERY) as timer:
            begun.set()
            while not ended.is_set():
                if timer.wait(0.05):
                    found.append(True)

    waiting = threading.Thread(target=wait)
    waiting.start()
    begun.wait()
    before = time.thread_time()
    of()
    used = time.thread_time() - before
    ended.set()
    waiting.join()
    return len(found), used


def test_it_expires_with_the_work_of_the_thread() -> None:
    def work() -> None:
        until = time.thread_time() + 0.3
        while time.thread_time() < until:
            pass

    found, used = expiries(work)
    assert used / EVERY * 0.5 <= found <= used / EVERY + 1


def test_it_does_not_expire_while_the_thread_sleeps() -> None:
    found, _ = expiries(lambda: time.sleep(0.3))
    assert found == 0
