"""A run of a job, and the fact that one has begun or ended."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class JobRun(Struct, frozen=True, kw_only=True):
    """A run of a job: what it saw and what it changed."""

    id: Annotated[int, Meta(description="The console's id of the run.", examples=[4711])]
    job: Annotated[str, Meta(description="The job's name.", examples=["sync_sims"])]
    state: Annotated[str, Meta(description="`running`, `done`, `failed`, `interrupted`.", examples=["done"])]
    started_at: Annotated[datetime, Meta(description="When it began.", examples=["2026-11-20T09:45:00Z"])]
    finished_at: Annotated[
        datetime | None, Meta(description="When it ended; null while it runs.", examples=["2026-11-20T09:45:04Z"])
    ]
    seen: Annotated[int, Meta(description="How many things it looked at.", examples=[2000])]
    changed: Annotated[int, Meta(description="How many of them it changed.", examples=[3])]
    failed: Annotated[int, Meta(description="How many of them it could not do.", examples=[0])]
    error: Annotated[str | None, Meta(description="Why it failed.")]

    @property
    def revision(self) -> int:
        """Rises from run to run, and when a run ends: what is drawn of a lower one is out of date."""
        return self.id * 2 + (self.finished_at is not None)


class JobChanged(Struct, frozen=True, tag_field="type", tag="job.changed"):
    """A run of a job has begun or ended."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The job's name.", examples=["sync_sims"])]
    data: Annotated[JobRun, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The jobs' topic, and the fleet's: both show how the work goes."""
    return ("fleet", "jobs")
