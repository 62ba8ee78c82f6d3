"""The page "1NCE": whether it answers, what it offers this organization, how old its answers can be, what it sends."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.carrier import reads
from console.carrier.rules import PORTAL_TASKS
from console.facts import Fact
from console.facts.carrier import CarrierChanged
from console.facts.jobs import JobChanged
from console.facts.streamer import StreamerChanged
from console.live.pieces import Html, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller
from console.pages.layout import layout_context
from console.pages.templating import Fragments
from console.polling.kept import PollingReports
from console.quotas.reconciliation import compared
from console.streamer.reads import streamer

TIMES = re.compile(r"<time .*?</time>", re.DOTALL)
AS_OF_MOST = timedelta(seconds=10)  # so long a section that says the same may keep its "as of"
SECTIONS = ("polling", "streamer", "reconciliation", "operations")


async def shown(
    reading: AsyncConnection, reports: PollingReports, organization_id: int, now: datetime
) -> dict[str, Any]:
    """What the page's sections are drawn from, as of now; polling as its report says itself."""
    return {
        "operations": await reads.operations(reading, organization_id),
        "polling": await reports.latest(reading, organization_id, now),
        "streamer": await streamer(reading, organization_id, now),
        "reconciliation": await compared(reading, organization_id, now),
        "as_of_time": now,
    }


class CarrierView:
    """The circuit breaker at once; what a job or the Data Streamer changes, from the database."""

    name = "carrier"
    receives = Receives(facts=(CarrierChanged, JobChanged, StreamerChanged), topics=("carrier", "jobs"))

    def __init__(self, fragments: Fragments, reports: PollingReports) -> None:
        self._fragments = fragments
        self._reports = reports
        self._sent: dict[tuple[int, str], tuple[str, datetime]] = {}

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """Any of these facts can change every section."""
        sections = Refresh(part="sections")
        if isinstance(fact, CarrierChanged):
            circuit = self._fragments.draw("carrier/_circuit.html", circuit=fact.data.circuit)
            return [replace("carrier-circuit", circuit), sections]
        return [sections]

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """The sections that differ from what was last sent by more than their times, or were sent AS_OF_MOST ago."""
        now = datetime.now(UTC)
        context = await shown(reading, self._reports, organization_id, now)
        pieces = []
        for name in SECTIONS:
            html = self._fragments.draw(f"carrier/_{name}.html", **context)
            words = TIMES.sub("", html)
            before, at = self._sent.get((organization_id, name), ("", now))
            if what.part == "everything" or words != before or now - at >= AS_OF_MOST:
                self._sent[organization_id, name] = words, now
                pieces.append(replace(f"carrier-{name}", html))
        return pieces

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Every section, whatever was sent to others."""
        return [Refresh(part="everything")]


@get("/carrier", include_in_schema=False)
async def carrier(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    polling_reports: NamedDependency[PollingReports],
    live_since: NamedDependency[str],
) -> Template:
    """The circuit breaker and each operation, as the workers last found them; polling; the Data Streamer."""
    context = {
        **await layout_context(reading, caller, live_since, CarrierView),
        **await shown(reading, polling_reports, caller.organization_id, datetime.now(UTC)),
        "portal_tasks": PORTAL_TASKS,
    }
    return Template("carrier/carrier.html", context=context)


router = Router("/", route_handlers=[carrier])
