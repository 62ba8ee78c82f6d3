"""The results of a bulk action as CSV (RFC 4180), written while it is read: never all of it in memory."""

from collections.abc import AsyncIterator
from functools import partial

from litestar.response import Stream

from console.acting import acting
from console.actions.bulk import reads
from console.http.attachments import attachment
from console.http.csv_lines import csv_lines
from console.organizations.rules import Caller
from console.store.database import Database
from console.store.giving_way import giving_way
from console.store.keyset import read_cursor
from console.store.replica import Moment

AT_ONCE = 400
COLUMNS = ("place", "iccid", "result", "excluded", "explanation", "action_id")


def csv_of(db: Database, moment: Moment, organization_id: int, bulk_action_id: int) -> AsyncIterator[str]:
    """A line of names, then a line for each SIM in its order."""
    return giving_way(_parts(db, moment, organization_id, bulk_action_id), db.export_turn)


async def _parts(db: Database, moment: Moment, organization_id: int, bulk_action_id: int) -> AsyncIterator[str]:
    text, following = ",".join(COLUMNS) + "\r\n", None
    while True:
        cursor = read_cursor(following) if following else None
        part = partial(
            reads.results,
            organization_id=organization_id,
            bulk_action_id=bulk_action_id,
            limit=AT_ONCE,
            cursor=cursor,
        )
        found, following = await db.replica.ask(part, moment)
        yield text + csv_lines([getattr(one, name) for name in COLUMNS] for one in found)
        if following is None:
            return
        text = ""


async def exported(db: Database, caller: Caller, bulk_action_id: int) -> Stream:
    """The results as a file. That they were asked for is an audit line; the request holds no connection by now."""
    async with db.transaction() as transaction, acting(transaction, caller, "bulk.export", str(bulk_action_id)):
        pass
    headers = attachment(f"bulk-action-{bulk_action_id}", "csv", moment := await db.replica.moment())
    return Stream(csv_of(db, moment, caller.organization_id, bulk_action_id), media_type="text/csv", headers=headers)
