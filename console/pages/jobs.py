"""What the workers do and have done."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from console import metrics
from console.facts import Fact
from console.facts.carrier import CarrierChanged
from console.facts.jobs import JobChanged, JobRun
from console.live.hub import Hub
from console.live.pieces import Html, prepend, replace
from console.live.subscriber import Subscriber
from console.live.view import Receives, Refresh, View
from console.organizations.rules import Caller
from console.pages.address_faults import VALUES, OneOf
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.runs import reads
from console.runs.rules import RunState
from console.runs.schedule import BY_NAME
from console.store.database import Database

EVERY_SECONDS = 5.0
PARTS = (Refresh(part="schedule"), Refresh(part="installation"))
JobQuery = Annotated[str, QueryParameter(max_length=50)]
StateQuery = Annotated[str, QueryParameter(name="state", max_length=50)]  # Litestar keeps the plain name for itself


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
        """A job in the schedule, or all of them; or the last runs for the whole installation, which no fact reports."""
        if what.part == "installation":
            runs = await reads.runs(reading, organization_id, limit=reads.PAGE, installation=True)
            return [self._run(run) for run in reversed(runs)]
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


class ScheduleUpdates:
    """Shows on open Jobs pages what no fact reports: when each job runs next, and runs for the installation."""

    def __init__(self, db: Database, hub: Hub, view: JobsView) -> None:
        self._db, self._hub, self._view = db, hub, view
        self._sent: dict[int, set[Html]] = {}

    async def run(self) -> None:
        """Every EVERY_SECONDS, until cancelled; what has not changed is not sent again."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            shown: dict[int, list[Subscriber]] = {}
            for one in self._hub.subscribers():
                if one.view is self._view:
                    shown.setdefault(one.client.organization_id, []).append(one)
            self._sent = {number: pieces for number, pieces in self._sent.items() if number in shown}
            for organization_id, subscribers in shown.items():
                try:
                    await self._show(organization_id, subscribers)
                except (OSError, TimeoutError, SQLAlchemyError):
                    metrics.loop_errors.labels("schedule").inc()  # it is drawn with the next round

    async def _show(self, organization_id: int, subscribers: Sequence[Subscriber]) -> None:
        async with self._db.reading() as reading:
            pieces = [piece for part in PARTS for piece in await self._view.refresh(reading, organization_id, part)]
        sent = self._sent.get(organization_id, set())
        self._sent[organization_id] = set(pieces)
        for piece in pieces:
            if piece not in sent:
                for subscriber in subscribers:
                    subscriber.put(piece)

    def on_return(self, view: View, organization_id: int, topics: Iterable[str]) -> None:
        """The view's own refresh shows them."""


@get("/jobs", include_in_schema=False, opt={VALUES: {"state": OneOf(*RunState), "job": OneOf(*BY_NAME)}})
async def jobs(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    job: JobQuery = "",
    ended: StateQuery = "",
) -> Template:
    """The schedule with the last run of each job, and the last runs."""
    now = datetime.now(UTC)
    context = {
        **await layout_context(reading, caller, live_since, JobsView),
        "jobs": await reads.schedule(reading, caller.organization_id, now),
        "runs": await reads.runs(
            reading, caller.organization_id, job=job or None, state=ended or None, limit=reads.PAGE
        ),
        "query": {"job": job, "state": ended},
        "limit": reads.PAGE,
        "as_of_time": now,
    }
    return Template("jobs/jobs.html", context=context)


router = Router("/", route_handlers=[jobs])
