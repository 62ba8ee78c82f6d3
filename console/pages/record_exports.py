"""The lists of orders, tickets, runs of jobs, notifications, reports and approvals as files."""

from typing import Any

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import approvals
from console.actions.bulk.approvals_api import shown
from console.actions.orders_api import linked_orders, linked_tickets
from console.carrier import orders, tickets
from console.carrier.orders import Order
from console.facts.approvals import Approval
from console.facts.jobs import JobRun
from console.http.list_files import Format, Part, Row
from console.notifications import deliveries_reads
from console.notifications import reads as channels
from console.organizations.rules import Caller, Permission
from console.pages import jobs
from console.pages.approvals import drawn
from console.pages.list_files import AT_ONCE, WrittenAs, list_file, row
from console.reports import reads as reports
from console.runs import reads as runs
from console.runs.schedule import BY_NAME
from console.store.database import Database
from console.store.keyset import Cursor

ORDERS = "number ordered_at type status sims iccid amount_minor currency action".split()
TICKETS = "id opened_at solved_at status subject text action".split()
RUNS = "started_at finished_at job title state seen changed failed error".split()
DELIVERIES = "requested_at title type state due_at ended_at attempts may_repeat message message_id".split()
REPORTS = "day sims data_bytes made_at".split()
APPROVALS = (
    "requested_at requested_by what sims price_minor currency state reason decided_by decision_reason id"
).split()
Asking = Request[Any, Any, Any]
By = NamedDependency[Caller]
Db = NamedDependency[Database]


@get("/orders.csv")
async def orders_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The orders, the latest first, each with the action that made it."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        number = caller.organization_id
        found, following = await orders.page(connection, number, limit=AT_ONCE, cursor=cursor)
        return [_order(one) for one in await linked_orders(connection, number, found)], following

    return await list_file(request, caller, db, written_as, name="orders", columns=ORDERS, read=read)


def _order(one: Order) -> Row:
    return row(ORDERS, one, iccid=one.iccids[0] if one.sims == 1 else None)


@get("/tickets.csv")
async def tickets_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The tickets, the latest first, as this caller may see them."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found, following = await tickets.page(connection, caller.organization_id, limit=AT_ONCE, cursor=cursor)
        return [row(TICKETS, one) for one in await linked_tickets(connection, caller, found)], following

    return await list_file(request, caller, db, written_as, name="tickets", columns=TICKETS, read=read)


@get("/jobs.csv", opt=jobs.OPTIONS)
async def runs_csv(
    request: Asking,
    caller: By,
    db: Db,
    job: jobs.JobQuery = "",
    ended: jobs.StateQuery = "",
    written_as: WrittenAs = Format.SPREADSHEET,
) -> Stream:
    """The last runs that the page shows."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found = await runs.runs(
            connection, caller.organization_id, job=job or None, state=ended or None, limit=runs.PAGE
        )
        return [_run(one) for one in found], None

    return await list_file(request, caller, db, written_as, name="runs", columns=RUNS, read=read)


def _run(one: JobRun) -> Row:
    return row(RUNS, one, title=BY_NAME[one.job].title if one.job in BY_NAME else one.job)


@get("/notification-channels/{channel_id:int}/deliveries.csv", opt={"permission": Permission.ALERTS_WRITE})
async def deliveries_csv(
    request: Asking, caller: By, db: Db, channel_id: FromPath[int], written_as: WrittenAs = Format.SPREADSHEET
) -> Stream:
    """What was sent to a channel, the latest first."""
    async with db.reading() as reading:
        await channels.channel(reading, caller.organization_id, channel_id)

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found, following = await deliveries_reads.page(
            connection, caller.organization_id, channel_id=channel_id, limit=AT_ONCE, cursor=cursor
        )
        return [row(DELIVERIES, one) for one in found], following

    return await list_file(request, caller, db, written_as, name="deliveries", columns=DELIVERIES, read=read)


@get("/reports.csv")
async def reports_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """The kept reports, the latest first."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found, following = await reports.page(connection, caller.organization_id, limit=AT_ONCE, cursor=cursor)
        return [row(REPORTS, one) for one in found], following

    return await list_file(request, caller, db, written_as, name="reports", columns=REPORTS, read=read)


@get("/approvals.csv")
async def approvals_csv(request: Asking, caller: By, db: Db, written_as: WrittenAs = Format.SPREADSHEET) -> Stream:
    """What waits for a second person and what was decided, the latest first."""

    async def read(connection: AsyncConnection, cursor: Cursor | None) -> Part:
        found, following = await approvals.page(
            connection, caller.organization_id, pending=False, limit=AT_ONCE, cursor=cursor
        )
        return [_approval(one, caller) for one in found], following

    return await list_file(request, caller, db, written_as, name="approvals", columns=APPROVALS, read=read)


def _approval(one: Approval, caller: Caller) -> Row:
    seen = shown(caller, one)
    return row(APPROVALS, seen, what=drawn(seen)["summary"])


router = Router(
    "/",
    route_handlers=[orders_csv, tickets_csv, runs_csv, deliveries_csv, reports_csv, approvals_csv],
    include_in_schema=False,
)
