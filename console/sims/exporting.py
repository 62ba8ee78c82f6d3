"""A list of SIMs as a file, read and sent in parts: however many they are, few are in memory."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial

import msgspec

from console.facts.sims import SimState
from console.http.csv_lines import LongNumber, csv_lines
from console.sims import reads
from console.sims.rules import SimFilter, Sort
from console.store.database import Database
from console.store.keyset import read_cursor
from console.store.replica import Moment

AT_ONCE = 200  # SIMs of a part
FIELDS = (
    "iccid label tags connection status operator country rat apn data_left_bytes data_total_bytes data_quota"
    " data_expires_at sms_left sms_total last_seen_at confirmed_at source imsi msisdn imei ip_address note"
    " custom_fields"
).split()
NUMBERS = ("iccid", "imsi", "msisdn", "imei")  # of digits alone, too long for a spreadsheet's numbers
MARK = "\ufeff"  # by which spreadsheets know UTF-8


class Format(StrEnum):
    """How a list is written."""

    SPREADSHEET = "spreadsheet"  # CSV that begins with the mark of UTF-8, its long numbers as texts
    CSV = "csv"  # RFC 4180, UTF-8 without a mark, numbers as they are
    NDJSON = "ndjson"  # one JSON object a line, as `GET /sims` has it


MEDIA_TYPES = {
    Format.SPREADSHEET: "text/csv; charset=utf-8",
    Format.CSV: "text/csv; charset=utf-8",
    Format.NDJSON: "application/x-ndjson",
}


async def export_parts(
    db: Database,
    moment: Moment,
    organization_id: int,
    wanted: SimFilter,
    sort: Sequence[Sort],
    written_as: Format,
    shown: Callable[[Sequence[SimState]], list[SimState]],
    *,
    at_once: int = AT_ONCE,
) -> AsyncIterator[bytes]:
    """The SIMs in this order, as `shown` shows them. No connection to the database is held while a part is sent.

    A SIM is written once, also if it moves in the order meanwhile; one that comes or goes meanwhile may be missing.
    """
    if written_as is not Format.NDJSON:
        yield (MARK * (written_as is Format.SPREADSHEET) + csv_lines([FIELDS])).encode()
    moves = any(one.field != "iccid" for one in sort)
    written: set[int] = set()  # some 70 MB for a million SIMs, where the order is one in which they move
    following: str | None = ""
    while following is not None:
        cursor = read_cursor(following) if following else None
        part = partial(
            reads.page, organization_id=organization_id, wanted=wanted, sort=sort, limit=at_once, cursor=cursor
        )
        found = await db.replica.ask(part, moment)
        new = [sim for sim in found.items if int(sim.iccid) not in written]
        if moves:
            written.update(int(sim.iccid) for sim in new)
        following = found.next_cursor
        yield _written(shown(new), written_as)


def _written(found: Sequence[SimState], written_as: Format) -> bytes:
    if written_as is Format.NDJSON:
        return msgspec.json.Encoder().encode_lines(found)
    as_texts = written_as is Format.SPREADSHEET
    return csv_lines([_cell(name, getattr(sim, name), as_texts) for name in FIELDS] for sim in found).encode()


def _cell(name: str, value: object, as_texts: bool) -> object:
    """Times in RFC 3339 with their zone, UTC; tags divided by comma; custom fields as JSON; nothing for none."""
    if as_texts and name in NUMBERS and isinstance(value, str) and value.isascii() and value.isdigit():
        return LongNumber(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, list):
        return ", ".join(value)
    if isinstance(value, dict):
        return msgspec.json.encode(value).decode() if value else None
    return value
