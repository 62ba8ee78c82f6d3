"""What a job is, which may be run by hand, the states of a run, and when one that failed is tried again."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from croniter import croniter
from msgspec import Meta, Struct


class JobDefinition(Struct, frozen=True, kw_only=True):
    """A job. `cron` is in UTC, None for a job that runs on request alone; `every` says the same in words."""

    name: str
    title: str  # for people
    description: str
    every: str
    cron: str | None = None
    timeout: timedelta = timedelta(minutes=15)  # a run that takes longer is cancelled and has failed
    by_organization: bool = True  # a run for each organization; else one for the whole installation
    arguments: tuple[str, ...] = ()  # that a request must give, beside the organization
    at_start: bool = False  # asked for when a worker starts, too
    formerly: str | None = None  # its name in the version before, whose processes may still ask for it

    @property
    def not_by_hand(self) -> str | None:
        """Why nobody may ask for a run of it outside its schedule; None if they may."""
        if self.arguments:
            return "it works on what somebody asks for elsewhere"
        if not self.by_organization:
            return "it works for the whole installation, not for one organization"
        return "it has no schedule" if self.cron is None else None


class RunRequest(Struct, frozen=True, kw_only=True):
    """That a run of a job was asked for outside its schedule."""

    job: Annotated[str, Meta(description="The job's name.", examples=["sync_sims"])]
    requested_at: Annotated[datetime, Meta(description="When it was asked for.", examples=["2026-11-20T10:00:00Z"])]
    requested_by: Annotated[str, Meta(description="The user or API key that asked for it.", examples=["ada"])]
    retry_at: Annotated[
        datetime,
        Meta(description="Asked again before, it is the same request.", examples=["2026-11-20T10:00:30Z"]),
    ]


class RunState(StrEnum):
    """How far a run has come."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"  # its worker was lost


LOST_AFTER = timedelta(seconds=45)  # without a heartbeat
BUSY_DELAY = timedelta(seconds=1)  # until a request that found another run of its job alive is tried again
LONGEST_DELAY = timedelta(minutes=10)
BY_HAND_EVERY = timedelta(seconds=30)  # one job of an organization: what is asked again before is the same request
BY_HAND_WITHIN = timedelta(minutes=1)
MOST_BY_HAND = 6  # jobs that an organization may ask for within that time


def retry_delay(attempt: int) -> timedelta:
    """How long a request waits after this attempt (from 1) has failed: 2, 4, 8 ... seconds, at most ten minutes."""
    return min(timedelta(seconds=2 ** min(attempt, 20)), LONGEST_DELAY)


def next_run(job: JobDefinition, now: datetime) -> datetime | None:
    """When the job is due next by its schedule; None if it runs on request alone."""
    if job.cron is None:
        return None
    upcoming: datetime = croniter(job.cron, now).get_next(datetime)
    return upcoming
