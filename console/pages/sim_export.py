"""The list of SIMs as a file, as its address asks for it."""

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from litestar import Request, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import QueryParameter
from litestar.response import Stream

from console.acting import acting
from console.errors import Invalid
from console.http.attachments import attachment
from console.http.csv_lines import FOR_PROGRAMS
from console.http.database import let_go
from console.http.list_files import MEDIA_TYPES, Format
from console.organizations.rules import Caller
from console.pages.reader import own_sheet
from console.pages.sim_list import ListQuery, list_query
from console.sims.api import shown
from console.sims.exporting import export_parts
from console.store.database import Database
from console.store.giving_way import giving_way


@get("/sims/export", include_in_schema=False)
async def export(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    asked: NamedDependency[ListQuery],
    written_as: Annotated[Format, QueryParameter(name="format")] = Format.SPREADSHEET,
) -> Stream:
    """Every SIM of the list, not of one page alone, in its order. That it was asked for is an audit line.

    Invalid where the list itself would have left a filter out: a file has no place to say so.
    """
    if asked.fault:
        raise Invalid(asked.fault)
    await let_go(request.scope)
    async with db.transaction() as transaction, acting(transaction, caller, "sims.export", written_as) as act:
        act.after = {"query": request.url.query[:2000]}
    moment, show = await db.replica.moment(), partial(shown, caller)
    ending = "ndjson" if written_as is Format.NDJSON else "csv"
    sheet = own_sheet() if written_as is Format.SPREADSHEET else FOR_PROGRAMS
    parts = export_parts(db, moment, caller.organization_id, asked.wanted, asked.order, written_as, show, sheet=sheet)
    return Stream(
        giving_way(parts, db.export_turn),
        media_type=MEDIA_TYPES[written_as],
        headers={**attachment(f"sims-{datetime.now(UTC):%Y-%m-%d}", ending, moment), "Cache-Control": "no-store"},
    )


router = Router("/", route_handlers=[export], dependencies={"asked": Provide(list_query)})
