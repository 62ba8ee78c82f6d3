"""What a job is, the states of a run, and when a job that did not succeed is tried again."""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct


class JobDefinition(Struct, frozen=True, kw_only=True):
    """A job. `cron` is in UTC, None for a job that runs on request alone; `every` says the same in words."""

    name: str
    description: str
    every: str
    cron: str | None = None
    timeout: timedelta = timedelta(minutes=15)  # a run that takes longer is cancelled and has failed
    by_organization: bool = True  # a run for each organization; else one for the whole installation
    arguments: tuple[str, ...] = ()  # that a request must give, beside the organization
    at_start: bool = False  # asked for when a worker starts, too


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its worker was lost


LOST_AFTER = timedelta(seconds=45)  # without a heartbeat
BUSY_DELAY = timedelta(seconds=1)  # until a request that found another run of its job alive is tried again
LONGEST_DELAY = timedelta(minutes=10)


def retry_delay(attempt: int) -> timedelta:
    """How long a request waits after this attempt (from 1) has failed: 2, 4, 8 ... seconds, at most ten minutes."""
    return min(timedelta(seconds=2 ** min(attempt, 20)), LONGEST_DELAY)
