"""Jobs for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.jobs import JobRun
from console.organizations.rules import Caller
from console.runs import reads
from console.runs.reads import JobState


class Jobs(Struct, frozen=True, kw_only=True):
    """The schedule with the last run of each job, and the latest runs."""

    items: Annotated[list[JobState], Meta(description="The schedule.")]
    runs: Annotated[list[JobRun], Meta(description="The latest runs, the newest first.")]


@get("/jobs", operation_id="listJobs", summary="The schedule, the last runs, the failures")
async def list_jobs(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    job: FromQuery[str | None] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
) -> Jobs:
    """Runs are those of the caller's organization, and those for the whole installation."""
    items = await reads.schedule(reading, caller.organization_id, datetime.now(UTC))
    runs = await reads.runs(reading, caller.organization_id, job=job, limit=limit)
    return Jobs(items=items, runs=runs)


router = Router("/", route_handlers=[list_jobs], tags=["Jobs"])
