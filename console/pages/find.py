"""Find a SIM or a page from every page: suggestions while typing, and the SIM itself for an exact identifier."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Redirect, Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.organizations.rules import Caller
from console.pages.navigation import Page, offered
from console.pages.offered_actions import actions_named
from console.sims import reads
from console.sims.ends import ending_with
from console.sims.rules import SimFilter
from console.sims.saved_views_reads import views
from console.sims.saved_views_rules import as_read
from console.sims.search import LONGEST, Search, SearchTooLong, parse_search

SUGGESTIONS = 8


def pages_named(text: str, pages: Iterable[Page]) -> list[Page]:
    """Those of these pages whose title begins with this text, whatever its case."""
    wanted = text.strip().casefold()
    return [page for page in pages if wanted and page.title.casefold().startswith(wanted)]


def exact(asked: Search, text: str, found: Sequence[SimState]) -> SimState | None:
    """The one SIM that this text identifies: not one of which it is only a part."""
    identifiers = [one for one in asked.identifiers if one.fault is None]
    if len(identifiers) == 1 and len(asked.identifiers) == 1 and not asked.words:
        wanted = {*identifiers[0].values, identifiers[0].iccid, identifiers[0].imei} - {None}
    else:
        wanted = {text.strip().lstrip("+")}
    same = [
        sim
        for sim in found
        if not wanted.isdisjoint({sim.iccid, sim.imsi, sim.msisdn, sim.imei, (sim.imei or "")[:14], sim.ip_address})
    ]
    return same[0] if len(same) == 1 else None


@get("/find", include_in_schema=False)
async def find(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    q: Annotated[str, QueryParameter(max_length=LONGEST)] = "",
) -> Template | Redirect:
    """Suggestions as a fragment. Without htmx (Enter): the SIM or the page itself, else the list of what matches."""
    fault, found, asked = "", list[SimState](), Search()
    try:
        asked = parse_search(q)
    except SearchTooLong as error:
        fault = str(error)
    if q.strip() and not fault:
        wanted = SimFilter(q=q, masked=not caller.sees_identifiers)
        number, most = caller.organization_id, SUGGESTIONS + 1
        found = await ending_with(reading, number, asked, masked=wanted.masked, limit=most)
        found = found or await reads.rows(reading, number, wanted, limit=most)
        fault = next((one.fault for one in asked.identifiers if one.fault and not found), "")
    pages, every = pages_named(q, offered(caller.permissions)), "/sims?" + urlencode({"q": q})
    kept = await views(reading, caller.organization_id, caller.user_id) if q.strip() else []
    named = [one for one in map(as_read, kept) if q.strip().casefold() in one.name.casefold()][:SUGGESTIONS]
    actions = actions_named(caller, q, found)[:SUGGESTIONS]
    if request.headers.get("hx-request") != "true":
        if one := exact(asked, q, found):
            return Redirect(f"/sims/{one.iccid}", status_code=303)
        hrefs = (
            [page.path for page in pages] + [f"/sims?{view.query}" for view in named] + [one.href for one in actions]
        )
        return Redirect(hrefs[0] if hrefs and not found else every, status_code=303)
    context = {
        "q": q.strip(),
        "fault": fault,
        "pages": pages,
        "views": named,
        "actions": actions,
        "sims": found[:SUGGESTIONS],
        "more": len(found) > 1,
        "every": every,
    }
    return Template("find/_found.html", context=context)


router = Router("/", route_handlers=[find])
