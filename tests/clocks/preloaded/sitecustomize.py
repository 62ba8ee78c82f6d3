"""Loaded by every Python whose clock libfaketime moves: a wait of its own, for libfaketime breaks that of `time.sleep`.

Python 3.11 and later sleep by clock_nanosleep until a moment of the monotonic clock. Where libfaketime 0.9.10 leaves
that clock as it is, it takes the moment for one of the clock that it moves, and the call fails with EINVAL.
"""

import select
import time


def _sleep(seconds: float) -> None:
    """As `time.sleep`."""
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    select.select((), (), (), seconds)


time.sleep = _sleep  # type: ignore[assignment]
