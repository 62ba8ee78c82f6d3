"""Jobs for programs."""

from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.facts.jobs import JobRun
from console.http.fields import FieldNames, selected
from console.organizations.rules import Caller, Permission
from console.runs import reads
from console.runs.asking import ask_for_run
from console.runs.reads import JobState
from console.runs.rules import RunRequest
from console.store.database import Database


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
    fields: FieldNames = "",
) -> Jobs:
    """Runs are those of the caller's organization, and those for the whole installation."""
    items = await reads.schedule(reading, caller.organization_id, datetime.now(UTC))
    runs = await reads.runs(reading, caller.organization_id, job=job, limit=limit)
    return Jobs(items=selected(JobState, items, fields), runs=runs)


@post(
    "/jobs/{name:str}/run",
    operation_id="runJob",
    summary="Run a job now, outside its schedule",
    status_code=202,
    opt={"permission": Permission.JOBS_RUN},
)
async def run_job(caller: NamedDependency[Caller], db: NamedDependency[Database], name: FromPath[str]) -> RunRequest:
    """One run for your organization; its beginning and end are on the stream (`job.changed`). Asked again within 30
    seconds, or before a worker has begun, it is the same request; 409 while it runs, and for jobs whose `by_hand` is
    false; 429 beyond six jobs a minute.
    """
    async with db.transaction() as transaction, acting(transaction, caller, "job.run", name[:50]) as act:
        asked = await ask_for_run(transaction, caller.organization_id, name, caller.name, datetime.now(UTC))
        act.after = {"requested_at": asked.requested_at.isoformat()}
    return asked


router = Router("/", route_handlers=[list_jobs, run_job], tags=["Jobs"])
