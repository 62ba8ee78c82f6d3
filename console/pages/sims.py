"""The list of SIMs."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

import sqlalchemy as sa
from litestar import MediaType, Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import Body, QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts import Fact
from console.facts.sims import SimChanged, SimState
from console.http.database import let_go
from console.live.pieces import Html, replace
from console.live.socket import position_of
from console.live.view import Receives, Refresh
from console.organizations.rules import Caller
from console.pages import saved_views, sim_blocks, sim_days
from console.pages.address_faults import ALSO, VALUES, OneOf, is_page_number
from console.pages.drawing import drawn
from console.pages.frame import frame_and, parts
from console.pages.layout import framed
from console.pages.list_positions import ListPositions
from console.pages.silencing import silence_address
from console.pages.sim_blocks import blocks_of, rows_at_once
from console.pages.sim_filters import address, chips, fieldsets
from console.pages.sim_list import (
    SIZES,
    Drawn,
    ListQuery,
    Waiting,
    compared,
    is_criterion,
    is_sort,
    list_query,
)
from console.pages.sim_peek import is_peek, peeked
from console.pages.templating import Fragments
from console.sims import reads
from console.sims.counts_reads import Kind, kinds_query
from console.sims.facets import countries, facets
from console.sims.facets import matching as matching_kinds
from console.sims.filter_parameters import parameters_of
from console.sims.position import matching
from console.sims.rules import SimFilter
from console.sims.unmatched import not_found
from console.sims.watching_reads import MOST_SHOWN, requests_query
from console.sims.watching_reads import requests as watch_requests
from console.sims.watching_rules import WatchRequest
from console.store.database import Database
from console.store.together import Asked, Together

LIST_OPTIONS = {
    VALUES: {"page": is_page_number, "page_size": OneOf(*SIZES), "sort": is_sort, "peek": is_peek},
    ALSO: is_criterion,
}
FORM_BYTES = 8 * 1024


def _parts() -> dict[str, Asked]:
    """What each list reads beside its rows."""
    organization = sa.bindparam("organization_id", type_=sa.Integer)
    shown = requests_query(organization).limit(sa.literal_column(str(MOST_SHOWN)))
    return {**parts(), "sim_kinds": Asked(kinds_query(), Kind), "requests": Asked(shown, WatchRequest)}


LIST = Together(_parts)


class SimsView:
    """The rows on screen, each with a topic of its own."""

    name = "sims"
    receives = Receives(facts=(SimChanged,))

    def __init__(self, fragments: Fragments) -> None:
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


@get("/sims", include_in_schema=False, opt=LIST_OPTIONS)
async def sims(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    asked: NamedDependency[ListQuery],
    peek: Annotated[str, QueryParameter(max_length=40)] = "",
) -> Response[Any]:
    """The address carries everything. A page beyond the end shows the last; what can't be is left out, and named.

    `peek` is the SIM that is seen beside the list.

    Without any query it is the address of the caller's default view, if they have one.
    """
    frame, beside = await frame_and(reading, caller, LIST)
    if not request.url.query and (view := next((one.query for one in frame.views if one.default), "")):
        return Response(b"", status_code=303, headers={"Location": f"/sims?{view}"}, media_type=MediaType.HTML)
    wanted, size, kinds = asked.wanted, asked.page_size, beside["sim_kinds"]
    total = matching_kinds(kinds, wanted)
    if total is None:
        total = await reads.count(reading, caller.organization_id, wanted)
    pages = max(1, -(-total // size))
    number = min(asked.number, pages)
    offset = (number - 1) * size
    blocks = await blocks_of(reading, caller.organization_id, asked, rows_at_once(request), offset=offset, total=total)
    missed = await not_found(reading, caller.organization_id, asked.searched.identifiers, masked=wanted.masked)
    query = {"q": asked.q, "sort": asked.sort, "page": number, "page_size": size}
    there = countries(kinds)
    context = {
        **framed(frame, caller, live_since, SimsView),
        "total": total,
        "fleet_total": matching_kinds(kinds, SimFilter()),
        "first": offset + 1,
        "last": offset + sum(len(block.iccids) for block in blocks),
        "blocks": blocks,
        "pages": pages,
        "query": query,
        "filtered": wanted.active or bool(asked.q),
        "search_fault": asked.fault,
        "beyond": asked.number if asked.number > pages else None,
        "request": request,
        "identifiers": len(asked.searched.identifiers),
        "not_found": missed,
        "as_of_time": datetime.now(UTC),
        "fieldsets": fieldsets(wanted, there, facets(kinds, wanted)),
        "chips": chips(wanted, partial(address, query), there),
        "link": partial(address, query, parameters_of(wanted)),
        "requests": beside["requests"],
        "silence": silence_address(wanted, asked.searched, kinds) if total else None,
        "peek": await peeked(reading, caller, peek),
        "saved_views": saved_views.offered(frame.views, request.url.query),
    }
    engine: Any = request.app.template_engine
    name = "sims/_table.html" if _is_fragment(request) else "sims/sims.html"
    rows = sum(len(block.sims or ()) for block in blocks)
    draw = drawn(caller.handle, partial(engine.get_template(name).render, **context), rows)
    html, _ = await asyncio.gather(draw, let_go(request.scope))  # nothing is read any more
    return Response(html, media_type=MediaType.HTML)


@post("/sims/waiting", status_code=200, include_in_schema=False)
async def waiting(
    data: Annotated[Drawn, Body()],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    asked: NamedDependency[ListQuery],
    list_positions: NamedDependency[ListPositions],
) -> Waiting:
    """What the list with this address would show otherwise if it were drawn now. The body says what it shows."""
    now, fleet_total, counted = await list_positions.read(caller.organization_id, asked, position_of(data.since))
    async with db.reading() as reading:
        still = await matching(reading, caller.organization_id, asked.wanted, data.shown)
    return compared(data, now, still, fleet_total, counted)


@get("/sims/requests", include_in_schema=False)
async def asked_for(caller: NamedDependency[Caller], reading: NamedDependency[AsyncConnection]) -> Template:
    """The ICCIDs that were asked for and that 1NCE has not confirmed."""
    requests = await watch_requests(reading, caller.organization_id)
    context = {"requests": requests, "may": caller.permissions}
    return Template("sims/_requests.html", context=context)


def _is_fragment(request: Request[Any, Any, Any]) -> bool:
    asked = request.headers.get
    return asked("hx-request") == "true" and asked("hx-request-type") == "partial"


router = Router(
    "/",
    route_handlers=[sims, sim_blocks.rows, waiting, asked_for, sim_days.router],
    dependencies={"asked": Provide(list_query)},
    request_max_body_size=FORM_BYTES,
)
