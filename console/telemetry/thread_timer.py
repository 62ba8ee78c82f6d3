"""A timer that runs with the processor time of one thread: while that thread sleeps, nothing happens at all.

POSIX has it (timer_create), Python does not offer it. Each expiry is a signal to the thread that waits, and to no
other: no system call of the program is interrupted, and no handler runs.
"""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

OFFERED = sys.platform == "linux"  # a signal to a chosen thread is Linux' own addition
_NOTIFY_THREAD = 4  # SIGEV_THREAD_ID


class _Notification(ctypes.Structure):
    """The C type `struct sigevent`, 64 bytes."""

    _fields_ = (
        ("value", ctypes.c_void_p),
        ("signal", ctypes.c_int),
        ("notify", ctypes.c_int),
        ("thread_id", ctypes.c_int),
        ("unused", ctypes.c_int * 11),
    )


class _Interval(ctypes.Structure):
    """The C type `struct itimerspec`: how often, and when for the first time; each in seconds and nanoseconds."""

    _fields_ = (
        ("seconds", ctypes.c_long),
        ("nanoseconds", ctypes.c_long),
        ("first_seconds", ctypes.c_long),
        ("first_nanoseconds", ctypes.c_long),
    )


class ThreadTimer:
    """Expires each time that a thread has used so much processor time again; the kernel looks some 250 times a second.

    The thread that waits must be the one that has made it.
    """

    def __init__(self, clock: int, seconds: float) -> None:
        """`clock` is the thread's (`time.pthread_getcpuclockid`). Raises OSError if the kernel has no timer left."""
        self._signals = {signal.SIGRTMIN + 3}
        signal.pthread_sigmask(signal.SIG_BLOCK, self._signals)
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._timer = ctypes.c_void_p()
        to_me = _Notification(signal=signal.SIGRTMIN + 3, notify=_NOTIFY_THREAD, thread_id=threading.get_native_id())
        self._checked(self._libc.timer_create(ctypes.c_int(clock), ctypes.byref(to_me), ctypes.byref(self._timer)))
        whole, part = int(seconds), round(seconds % 1 * 1e9)
        every = _Interval(whole, part, whole, part)
        self._checked(self._libc.timer_settime(self._timer, 0, ctypes.byref(every), None))

    def wait(self, seconds: float) -> bool:
        """Whether it has expired within so many seconds by the clock."""
        return signal.sigtimedwait(self._signals, seconds) is not None

    def close(self) -> None:
        """It expires no more."""
        self._libc.timer_delete(self._timer)

    @staticmethod
    def _checked(answer: int) -> None:
        if answer:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


@contextmanager
def thread_timer(clock: int, seconds: float) -> Iterator[ThreadTimer]:
    """A timer for the time of the block."""
    timer = ThreadTimer(clock, seconds)
    try:
        yield timer
    finally:
        timer.close()
