"""The tie between a server and the program that started it: when that program is killed, the server is told to stop."""

import ctypes
import os
import sys
from collections.abc import Callable
from signal import Signals

_PR_SET_PDEATHSIG = 1


def tether(last_word: Signals) -> Callable[[], None] | None:
    """What a new process must run first (`preexec_fn`) to receive this signal when its parent dies; Linux alone has it.

    The parent is the thread that starts it: start from a thread that lives as long as the server should. Elsewhere, and
    where the tie is lost, `console.trial.orphans` finds the server at the next start.
    """
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def tie() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, int(last_word), 0, 0, 0)
        if os.getppid() != parent:  # it died before the tie was made
            os.kill(os.getpid(), last_word)

    return tie
