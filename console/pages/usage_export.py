"""The table of the page of usage as a file."""

from functools import partial
from typing import Any

from litestar import Request, Response, Router, get
from litestar.di import NamedDependency

from console.acting import acting
from console.http.attachments import attachment
from console.http.csv_lines import csv_lines
from console.http.database import let_go
from console.organizations.rules import Caller
from console.pages.usage import OPTIONS, RangeText, Text, range_of, used
from console.store.database import Database


@get("/usage.csv", opt=OPTIONS)
async def usage_csv(
    request: Request[Any, Any, Any],
    caller: NamedDependency[Caller],
    db: NamedDependency[Database],
    asked: RangeText = "7d",
    by: Text = "",
) -> Response[str]:
    """The table of the page. Where no usage is known, the cells are empty. That it was asked for is an audit line."""
    await let_go(request.scope)
    moment = await db.replica.moment()
    chosen = range_of(asked, moment.as_of)
    async with db.transaction() as transaction, acting(transaction, caller, "usage.export", chosen.name) as act:
        act.after = {"by": by or None}
    ask = partial(used, organization_id=caller.organization_id, asked=chosen, by=by, now=moment.as_of)
    places, rows = await db.replica.ask(ask, moment)
    head = [f"{chosen.step}_from_utc", *(f"{place}_bytes" for place in places), "total_bytes"]
    empty: list[int | None] = [None] * len(places)
    lines = [[row.time.strftime("%Y-%m-%dT%H:%M:%SZ"), *(row.parts or empty), row.total] for row in rows]
    headers = attachment(f"usage-{chosen.name}", "csv", moment)
    return Response(csv_lines([head, *lines]), media_type="text/csv", headers=headers)


router = Router("/", route_handlers=[usage_csv], include_in_schema=False)
