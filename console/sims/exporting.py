"""A list of SIMs as a file, read and sent in parts: however many they are, few are in memory."""

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import msgspec

from console.facts.sims import SimState
from console.http.csv_lines import FOR_PROGRAMS, Sheet
from console.http.list_files import Format, head, lines
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


async def export_parts(
    db: Database,
    moment: Moment,
    organization_id: int,
    wanted: SimFilter,
    sort: Sequence[Sort],
    written_as: Format,
    shown: Callable[[Sequence[SimState]], list[SimState]],
    *,
    sheet: Sheet = FOR_PROGRAMS,
    at_once: int = AT_ONCE,
) -> AsyncIterator[bytes]:
    """The SIMs in this order, as `shown` shows them. No connection to the database is held while a part is sent.

    `sheet`: how a spreadsheet's reader has times and numbers.

    A SIM is written once, also if it moves in the order meanwhile; one that comes or goes meanwhile may be missing.
    """
    if written_as is not Format.NDJSON:
        yield head(FIELDS, written_as, sheet)
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
        yield _written(shown(new), written_as, sheet)


def _written(found: Sequence[SimState], written_as: Format, sheet: Sheet) -> bytes:
    if written_as is Format.NDJSON:
        return msgspec.json.Encoder().encode_lines(found)  # as `GET /sims` has them
    return lines(FIELDS, ([getattr(sim, name) for name in FIELDS] for sim in found), written_as, sheet)
