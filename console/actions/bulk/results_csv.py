"""The results of a bulk action as CSV (RFC 4180), written while it is read: never all of it in memory."""

import csv
import io
from collections.abc import AsyncIterator
from functools import partial

from console.actions.bulk import reads
from console.store.database import Database
from console.store.giving_way import giving_way
from console.store.keyset import read_cursor
from console.store.replica import Moment

AT_ONCE = 400
COLUMNS = ("place", "iccid", "result", "excluded", "explanation", "action_id")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins with one of these


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
        lines = io.StringIO()
        writer = csv.writer(lines)
        for one in found:
            writer.writerow([_cell(getattr(one, name)) for name in COLUMNS])
        yield text + lines.getvalue()
        if following is None:
            return
        text = ""


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
