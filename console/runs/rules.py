"""The states of a run."""

from datetime import timedelta
from enum import StrEnum


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its worker was lost


TERMINAL = frozenset({RunState.DONE, RunState.FAILED, RunState.INTERRUPTED})
LOST_AFTER = timedelta(seconds=45)  # without a beat
