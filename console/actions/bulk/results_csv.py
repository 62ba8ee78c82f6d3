"""The results of a bulk action as CSV (RFC 4180), written while it is read: never all of it in memory."""

import csv
import io
from collections.abc import AsyncIterator

from console.actions.bulk import reads
from console.store.database import Database
from console.store.keyset import read_cursor

AT_ONCE = 1_000
COLUMNS = ("place", "iccid", "result", "excluded", "explanation", "action_id")
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute what begins with one of these


async def csv_of(db: Database, organization_id: int, bulk_action_id: int) -> AsyncIterator[str]:
    """A line of names, then a line for each SIM in its order."""
    text, following = ",".join(COLUMNS) + "\r\n", None
    while True:
        cursor = read_cursor(following) if following else None
        async with db.reading() as reading:
            found, following = await reads.results(
                reading, organization_id, bulk_action_id, limit=AT_ONCE, cursor=cursor
            )
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
