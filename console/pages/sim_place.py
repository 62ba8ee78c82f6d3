"""Where a SIM stands in the list that it was opened from, with the way back and those to its neighbours."""

from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from litestar import Router, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.organizations.rules import Caller
from console.pages.sim_filters import words_of
from console.pages.sim_list import ListQuery, read_list
from console.sims.neighbours import MOST_COUNTED, neighbours

LONGEST_LIST = 26_000  # characters of a list's address: a search of LONGEST, each written as three
MOST_FIELDS = 1_200
ALL = "/sims?page=1"
ListAddress = Annotated[str | None, QueryParameter(max_length=LONGEST_LIST)]


async def place_context(
    connection: AsyncConnection, caller: Caller, sim: SimState, address: str | None
) -> dict[str, Any]:
    """What `sim/_place.html` shows. `address`: the query of the list's address; None: it was opened from no list."""
    if address is None:
        return {"place": None, "list_href": "/sims", "list_words": "", "list_fault": ""}
    asked, parameters = _read(caller, address)
    if asked.fault:
        return {"place": None, "list_href": _href(parameters), "list_words": "", "list_fault": asked.fault}
    place = await neighbours(connection, caller.organization_id, asked.wanted, sort=asked.order, sim=sim)
    if place.number:
        page = (place.number - 1) // asked.page_size + 1
        parameters = [*(one for one in parameters if one[0] != "page"), *([("page", str(page))] if page > 1 else [])]
    opened = "?" + urlencode({"list": address})
    return {
        "place": place,
        "most_counted": MOST_COUNTED,
        "list_href": _href(parameters),
        "list_words": words_of(asked.wanted),
        "list_fault": "",
        "list_previous": place.previous and f"/sims/{place.previous}{opened}",
        "list_next": place.next and f"/sims/{place.next}{opened}",
        "list_place": f"/sims/{sim.iccid}/place{opened}",
    }


def _read(caller: Caller, address: str) -> tuple[ListQuery, list[tuple[str, str]]]:
    try:
        parameters = parse_qsl(address, max_num_fields=MOST_FIELDS)
    except ValueError:
        parameters = []
    last = dict(parameters)
    plain = {name: last.get(name, "") for name in ("q", "sort")}
    sized = {name: last[name] for name in ("page", "page_size") if name in last}
    return read_list(parameters, masked=not caller.sees_identifiers, **plain, **sized), parameters


def _href(parameters: list[tuple[str, str]]) -> str:
    return f"/sims?{urlencode(parameters)}" if parameters else ALL


@get("/sims/{iccid:str}/place", include_in_schema=False)
async def sim_place(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    sim: NamedDependency[SimState],
    list_address: Annotated[str, QueryParameter(name="list", max_length=LONGEST_LIST)] = "",
) -> Template:
    """The same as it is now."""
    return Template("sim/_place.html", context=await place_context(reading, caller, sim, list_address))


router = Router("/", route_handlers=[sim_place])
