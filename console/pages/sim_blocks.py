"""A long page of the list of SIMs: its first rows are drawn with it, the others in blocks as they come near."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.sims import SimState
from console.organizations.rules import Caller
from console.pages.sim_list import FIRST_ROWS, MOST_ROWS, ListQuery
from console.pages.sim_peek import is_peek
from console.sims import reads

DRAWN_ROWS = "x-rows"  # the header of a page that is drawn anew: so many rows it has


def rows_at_once(request: Request[Any, Any, Any]) -> int:
    """How many rows are drawn with the page: the first ones, or as many as the page has that is drawn anew."""
    said = request.headers.get(DRAWN_ROWS, "")
    asked = int(said) if said.isascii() and said.isdigit() and len(said) < 4 else 0
    return min(MOST_ROWS, max(1, -(-asked // FIRST_ROWS)) * FIRST_ROWS)


class Block(Struct, frozen=True):
    """FIRST_ROWS SIMs of a page at most: drawn, or to be fetched."""

    at: int  # how many stand before it
    iccids: Sequence[str]
    sims: Sequence[SimState] | None
    live_since: str = ""  # as of when it was read, where that was later than the page


async def blocks_of(
    connection: AsyncConnection, organization_id: int, asked: ListQuery, first: int, *, offset: int, total: int
) -> list[Block]:
    """A page of a list: the `first` SIMs are read whole, of those behind them the ICCIDs alone."""
    most, drawn = asked.page_size, min(first, asked.page_size)
    wanted, sort = asked.wanted, asked.order
    found = await reads.rows(connection, organization_id, wanted, sort=sort, limit=drawn, offset=offset, total=total)
    blocks = [_block(at, found[at : at + FIRST_ROWS]) for at in range(0, len(found), FIRST_ROWS)]
    if len(found) < drawn or drawn == most or offset + drawn >= total:
        return blocks
    rest, behind = most - drawn, offset + drawn
    later = await reads.keys(connection, organization_id, wanted, sort=sort, limit=rest, offset=behind, total=total)
    there = {sim.iccid for sim in found}
    iccids = [iccid for iccid in later if iccid not in there]  # a SIM may have moved between the two questions
    return blocks + [Block(drawn + at, iccids[at : at + FIRST_ROWS], None) for at in range(0, len(iccids), FIRST_ROWS)]


def _block(at: int, sims: Sequence[SimState]) -> Block:
    return Block(at, [sim.iccid for sim in sims], sims)


async def in_order(connection: AsyncConnection, organization_id: int, iccids: Sequence[str]) -> list[SimState]:
    """These SIMs as they are now, in this order; unknown ones are left out."""
    known = {sim.iccid: sim for sim in await reads.many(connection, organization_id, iccids)}
    return [known[iccid] for iccid in iccids if iccid in known]


@get("/sims/rows", include_in_schema=False)
async def rows(
    caller: NamedDependency[Caller],
    reading: NamedDependency[AsyncConnection],
    live_since: NamedDependency[str],
    block: Annotated[str, QueryParameter(max_length=40)],
    iccids: Annotated[str, QueryParameter(max_length=21 * MOST_ROWS)],
) -> Template:
    """The rows of these SIMs in this order, as they are now, for that block of the list."""
    asked = [one for one in iccids.split(",") if is_peek(one)][:MOST_ROWS]
    found = await in_order(reading, caller.organization_id, asked)
    at = int(block) if block.isascii() and block.isdigit() else 0
    return Template("sims/_rows.html", context={"block": Block(at, asked, found, live_since)})
