"""The list of SIMs."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts import Fact
from console.facts.sims import SimChanged, SimState
from console.live.pieces import Html, replace
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller
from console.pages.layout import common
from console.pages.templating import Fragments
from console.sims import reads
from console.sims.filters import not_found
from console.sims.rules import SimFilter, parse_sort
from console.sims.search import LONGEST, Search, SearchTooLong, parse_search

SIZES = (25, 50, 100, 200)
FILTERS = ("q", "connection", "status", "country", "quota", "label")
Asked = Annotated[str, QueryParameter(max_length=200)]
Searched = Annotated[str, QueryParameter(max_length=LONGEST)]


class SimsView:
    """The rows on screen, each with a topic of its own."""

    name = "sims"
    receives = Receives(facts=(SimChanged,))

    def __init__(self, fragments: Fragments) -> None:
        """Draws with the page's own templates."""
        self._fragments = fragments

    def draw(self, fact: Fact) -> Sequence[Html | Refresh]:
        """The SIM's row."""
        if isinstance(fact, SimChanged):
            row = self._fragments.draw("sims/_row.html", sim=fact.data)
            return [replace(f"sim-{fact.data.iccid}", row, revision=fact.data.revision)]
        return []

    def confirmed(self, sim: SimState) -> Html:
        """When 1NCE last confirmed the SIM, in its row."""
        return replace(f"confirmed-{sim.iccid}", self._fragments.draw("sims/_confirmed.html", sim=sim))

    async def refresh(self, reading: AsyncConnection, organization_id: int, what: Refresh) -> Sequence[Html]:
        """Nothing here is read anew."""
        return []

    def on_return(self, topics: Iterable[str]) -> Sequence[Refresh]:
        """Nothing here is read anew."""
        return []


@get("/sims", include_in_schema=False)
async def sims(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    q: Searched = "",
    connection: Asked = "",
    status: Asked = "",
    country: Asked = "",
    quota: Asked = "",
    label: Asked = "",
    sort: Asked = "",
    page: FromQuery[str] = "1",
    page_size: FromQuery[str] = "50",
) -> Template:
    """The address carries everything. A page beyond the end shows the last; a sort that can't be is left out."""
    found_fault = ""
    try:
        asked = parse_search(q)
    except SearchTooLong as error:
        asked, found_fault = Search(), str(error)
    wanted = SimFilter(
        q="" if found_fault else q,
        connection=connection.strip().lower(),
        status=status.strip().lower(),
        country=country.strip().upper() if country.strip().lower() != "unknown" else "unknown",
        quota=quota.strip().lower(),
        label=label,
    )
    try:
        order = parse_sort(sort)
    except ValueError:
        sort, order = "", []
    size = int(page_size) if page_size in map(str, SIZES) else 50
    total = await reads.count(reading, caller.organization_id, wanted)
    pages = max(1, -(-total // size))
    number = min(max(1, int(page) if page.isdigit() and len(page) < 9 else 1), pages)
    offset = (number - 1) * size
    found = await reads.rows(
        reading, caller.organization_id, wanted, sort=order, limit=size, offset=offset, total=total
    )
    everything = await reads.count(reading, caller.organization_id, SimFilter()) if wanted.active else total
    missed = await not_found(reading, caller.organization_id, asked.identifiers)
    query = {name: getattr(wanted, name) for name in FILTERS} | {
        "q": q,
        "sort": sort,
        "page": number,
        "page_size": size,
    }
    context = {
        **await common(reading, caller, live_since, SimsView),
        "sims": found,
        "total": total,
        "fleet_total": everything,
        "first": offset + 1,
        "last": offset + len(found),
        "pages": pages,
        "query": query,
        "filtered": wanted.active or bool(q),
        "search_fault": found_fault,
        "identifiers": len(asked.identifiers),
        "not_found": missed,
        "countries": [] if _is_fragment(request) else await reads.countries(reading, caller.organization_id),
        "as_of_time": datetime.now(UTC),
        "link": lambda **changes: _link(query, changes),
    }
    return Template("sims/_table.html" if _is_fragment(request) else "sims/sims.html", context=context)


def _is_fragment(request: Request[Any, Any, Any]) -> bool:
    asked = request.headers.get
    return asked("hx-request") == "true" and asked("hx-request-type") == "partial"


def _link(query: dict[str, Any], changes: dict[str, Any]) -> str:
    kept = {**query, **changes}
    plain = {"page": 1, "page_size": 50}
    parts = {name: value for name, value in kept.items() if value not in ("", None) and plain.get(name) != value}
    return "/sims" + (f"?{urlencode(parts)}" if parts else "")


router = Router("/", route_handlers=[sims])
