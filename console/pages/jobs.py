"""What the workers do and have done."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.acting import acting
from console.facts import Fact
from console.facts.carrier import CarrierChanged
from console.facts.jobs import JobChanged, JobRun
from console.live.pieces import Html, prepend, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller, Permission
from console.pages.address_faults import VALUES, OneOf
from console.pages.day_of_dependencies import day_of_dependencies
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.runs import reads
from console.runs.asking import ask_for_run
from console.runs.rules import RunState
from console.runs.schedule import BY_NAME
from console.store.database import Database

EVERY_SECONDS = 5.0
PARTS = (Refresh(part="schedule"), Refresh(part="installation"))
JobQuery = Annotated[str, QueryParameter(max_length=50)]
StateQuery = Annotated[str, QueryParameter(name="state", max_length=50)]  # Litestar keeps the plain name for itself
OPTIONS = {VALUES: {"state": OneOf(*RunState), "job": OneOf(*BY_NAME), "empty": OneOf("yes")}}
EmptyQuery = Annotated[str, QueryParameter(max_length=10)]


class JobsView:
    """Runs and trouble with 1NCE at once; the schedule from the database."""

    name = "jobs"
    receives = Receives(facts=(JobChanged, CarrierChanged), topics=("jobs",))

    def __init__(self, fragments: Fragments) -> None:
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """A run, in its place or on top of the list; or whether 1NCE answers."""
        if isinstance(fact, JobChanged):
            return [self._run(fact.data), Refresh(part="schedule", subject=fact.subject)]
        if isinstance(fact, CarrierChanged):
            return [
                replace("carrier-trouble", self._fragments.draw("carrier/_trouble.html", circuit=fact.data.circuit))
            ]
        return []

    def _run(self, run: JobRun) -> Html:
        drawn = self._fragments.draw("jobs/_run.html", run=run)
        return prepend("runs", f"run-{run.id}", drawn, revision=run.revision)

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """A job in the schedule, or all of them; or what no fact reports.

        That is the last runs for the whole installation, and how far those have come that are under way.
        """
        if what.part == "installation":
            runs = await reads.runs(reading, organization_id, limit=reads.PAGE, installation=True)
            going = await reads.runs(reading, organization_id, state=RunState.RUNNING, limit=reads.PAGE)
            every = {run.id: run for run in (*runs, *going)}
            return [self._run(every[number]) for number in sorted(every)]
        schedule = await reads.schedule(reading, organization_id, datetime.now(UTC))
        return [
            replace(
                f"job-{job.name}",
                self._fragments.draw("jobs/_job.html", job=job),
                revision=job.last_run.revision if job.last_run else None,
            )
            for job in schedule
            if what.subject in (job.name, "")
        ]

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """The whole schedule, and the runs that no fact reports."""
        return PARTS


@get("/jobs", include_in_schema=False, opt=OPTIONS)
async def jobs(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    job: JobQuery = "",
    ended: StateQuery = "",
    empty: EmptyQuery = "",
) -> Template:
    """The schedule with the last run of each job, and the last runs; `empty`: those that changed nothing too."""
    now = datetime.now(UTC)
    context = {
        **await layout_context(reading, caller, live_since, JobsView),
        "jobs": await reads.schedule(reading, caller.organization_id, now),
        "runs": await reads.runs(
            reading, caller.organization_id, job=job or None, state=ended or None, limit=reads.PAGE
        ),
        "dependencies": await day_of_dependencies(reading, caller.organization_id, now),
        "query": {"job": job, "state": ended, "empty": empty},
        "limit": reads.PAGE,
        "as_of_time": now,
        "may_run": caller.may(Permission.JOBS_RUN),
    }
    return Template("jobs/jobs.html", context=context)


@post("/jobs/{name:str}/run", status_code=200, include_in_schema=False, opt={"permission": Permission.JOBS_RUN})
async def run(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    name: FromPath[str],
) -> Response[Any]:
    """A message that it is asked for; a browser without scripts goes to the runs of that job."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction, acting(transaction, caller, "job.run", name[:50]) as act:
        asked = await ask_for_run(transaction, caller.organization_id, name, caller.name, now)
        act.after = {"requested_at": asked.requested_at.isoformat()}
    if "hx-request" in request.headers:
        return Template("jobs/asked.html", context={"asked": asked, "again": asked.requested_at != now})
    return Redirect(f"/jobs?job={asked.job}", status_code=303)


router = Router("/", route_handlers=[jobs, run])
