"""A run of a job, and the fact that one has begun or ended."""

from datetime import datetime

from msgspec import Struct


class JobRun(Struct, frozen=True, kw_only=True):
    """A run of a job: what it saw and what it changed."""

    id: int
    job: str
    state: str  # "running", "done", "failed", "interrupted"
    started_at: datetime
    finished_at: datetime | None
    seen: int
    changed: int
    failed: int
    error: str | None


class JobChanged(Struct, frozen=True, tag_field="type", tag="job.changed"):
    """A run of a job has begun or ended."""

    time: datetime
    subject: str  # the job's name
    data: JobRun


def topics(subject: str | None) -> tuple[str, ...]:
    """The jobs' topic, and the fleet's: both show how the work goes."""
    return ("fleet", "jobs")
