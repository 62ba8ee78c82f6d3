"""Changes of what is watched. Nothing here deletes a SIM or its history."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.facts.sims import SimChanged
from console.sims import reads
from console.sims.filters import texts
from console.sims.watching.reads import known_sim
from console.sims.watching.rules import Watch
from console.sims.watching.tables import unwatched, watch_requests
from console.sims.writes import touch
from console.store.database import Transaction

KEY = ["organization_id", "iccid"]


async def watch(
    transaction: Transaction, organization_id: int, iccid: str, by: str, now: datetime
) -> tuple[Watch, bool]:
    """Watch a SIM; how it stands now, and whether anything has changed.

    A SIM that was unwatched is watched again. An ICCID that we do not know is recorded as asked for, and 1NCE is asked
    whether it has it: until then nothing else of it is stored or counted.
    """
    connection = transaction.connection
    if (await connection.execute(known_sim(organization_id, iccid).with_for_update())).first():
        c = unwatched.c
        back = sa.delete(unwatched).where(c.organization_id == organization_id, c.iccid == iccid)
        changed = (await connection.execute(back)).rowcount > 0
        if changed:
            await touch(transaction, organization_id, [iccid], now)
        return Watch.WATCHED, changed
    statement = insert(watch_requests).values(
        organization_id=organization_id, iccid=iccid, requested_at=now, requested_by=by
    )
    asked = {"requested_at": now, "requested_by": by, "refused_at": None, "refusal": None}
    again = statement.on_conflict_do_update(
        index_elements=KEY, set_=asked, where=watch_requests.c.refused_at.is_not(None)
    )
    changed = (await connection.execute(again.returning(watch_requests.c.iccid))).first() is not None
    if changed:
        request_sync(transaction, organization_id, iccid)
    return Watch.REQUESTED, changed


async def unwatch(
    transaction: Transaction, organization_id: int, iccid: str, by: str, now: datetime
) -> tuple[Watch | None, bool]:
    """Stop watching; how the ICCID stood before (None: it was neither known nor asked for), and what has changed.

    The SIM leaves lists, totals and polling; what is stored of it stays, and is kept up to date by the inventory and
    the Data Streamer without being published.
    """
    connection = transaction.connection
    if (await connection.execute(known_sim(organization_id, iccid).with_for_update())).first():
        values = {"organization_id": organization_id, "iccid": iccid, "unwatched_at": now, "unwatched_by": by}
        statement = insert(unwatched).values(**values).on_conflict_do_nothing(index_elements=KEY)
        changed = (await connection.execute(statement.returning(unwatched.c.iccid))).first() is not None
        if changed:
            await touch(transaction, organization_id, [iccid], now)
            for state in await reads.many(connection, organization_id, [iccid]):
                transaction.publish(organization_id, SimChanged(time=now, subject=iccid, data=state))
        return (Watch.WATCHED if changed else Watch.UNWATCHED), changed
    withdrawn = await end_requests(transaction, organization_id, [iccid])
    return (Watch.REQUESTED if withdrawn else None), withdrawn > 0


async def end_requests(transaction: Transaction, organization_id: int, iccids: Sequence[str]) -> int:
    """1NCE has these SIMs, or nobody asks for them any more; how many requests that ends."""
    c = watch_requests.c
    mine = sa.and_(c.organization_id == organization_id, c.iccid == sa.func.any(texts(iccids)))
    return (await transaction.connection.execute(sa.delete(watch_requests).where(mine))).rowcount


async def refuse(transaction: Transaction, organization_id: int, iccid: str, refusal: str, now: datetime) -> bool:
    """1NCE has no such SIM: whoever asked for it sees that, and in whose words. Whether anybody had asked."""
    c = watch_requests.c
    statement = (
        sa.update(watch_requests)
        .where(c.organization_id == organization_id, c.iccid == iccid)
        .values(refused_at=now, refusal=refusal[:500])
    )
    return (await transaction.connection.execute(statement)).rowcount > 0


def request_sync(transaction: Transaction, organization_id: int, iccid: str) -> None:
    """Ask for the job that asks 1NCE about this one SIM; requests that wait are one."""
    key = f"sync_sim:{organization_id}:{iccid}"
    transaction.later("sync_sim", key=key, organization_id=organization_id, iccid=iccid)
