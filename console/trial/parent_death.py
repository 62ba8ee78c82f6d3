"""A signal that a server receives when the program that started it dies."""

import ctypes
import os
import sys
from collections.abc import Callable
from signal import Signals

_PR_SET_PDEATHSIG = 1


def parent_death_signal(signal_: Signals) -> Callable[[], None] | None:
    """What a new process must run first (`preexec_fn`) to receive this signal when its parent dies; Linux alone has it.

    The parent is the thread that starts it: start from a thread that lives as long as the server should. Elsewhere, and
    where that fails, `console.trial.orphans` finds the server at the next start.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def set_signal() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(signal_), 0, 0, 0)
        if os.getppid() != parent:  # it died before the signal was set
            os.kill(os.getpid(), signal_)

    return set_signal
