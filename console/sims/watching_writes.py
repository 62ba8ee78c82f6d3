"""Changes of what is watched. Nothing here deletes a SIM or its history."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import TooMany
from console.facts.sims import SimChanged
from console.organizations.tables import organizations
from console.sims import reads
from console.sims.filters import texts
from console.sims.tables import FLEET, sync_requests, unwatched, watch_requests
from console.sims.watching_reads import known_sim
from console.sims.watching_rules import (
    SYNC_ALL_EVERY,
    SYNC_CALLS,
    SYNC_EVERY,
    SYNCS_PER_MINUTE,
    SyncRequest,
    Watch,
)
from console.sims.writes import touch
from console.store.database import Transaction

KEY = ["organization_id", "iccid"]
s = sync_requests.c
WINDOW = timedelta(minutes=1)
KEPT = timedelta(hours=1)


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
            await touch(transaction, organization_id, [iccid], now, watched_anew=True)
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


async def request_sim_sync(transaction: Transaction, organization_id: int, iccid: str, now: datetime) -> SyncRequest:
    """Ask 1NCE about this SIM; the request, or the one that was made within SYNC_EVERY.

    Raises TooMany beyond SYNCS_PER_MINUTE SIMs of one organization.
    """
    asked_at = await _asked_lately(transaction, organization_id, iccid, now - SYNC_EVERY)
    if asked_at is None:
        lately = sa.select(sa.func.count(), sa.func.min(s.requested_at)).where(
            s.organization_id == organization_id, s.requested_at > now - WINDOW, s.subject != FLEET
        )
        count, oldest = (await transaction.connection.execute(lately)).one()
        if count >= SYNCS_PER_MINUTE:
            wait = max(1, round((oldest + WINDOW - now).total_seconds()))
            raise TooMany(f"At most {SYNCS_PER_MINUTE} SIMs a minute can be asked about", retry_after=wait)
        asked_at = await _remember(transaction, organization_id, iccid, now)
        request_sync(transaction, organization_id, iccid)
    return SyncRequest(
        subject=iccid, requested_at=asked_at, job="sync_sim", calls=SYNC_CALLS, retry_at=asked_at + SYNC_EVERY
    )


async def request_fleet_sync(transaction: Transaction, organization_id: int, now: datetime) -> SyncRequest:
    """Read the whole inventory; the request, or the one that was made within SYNC_ALL_EVERY."""
    asked_at = await _asked_lately(transaction, organization_id, FLEET, now - SYNC_ALL_EVERY)
    if asked_at is None:
        asked_at = await _remember(transaction, organization_id, FLEET, now)
        transaction.later("sync_sims", key=f"sync_sims:{organization_id}", organization_id=organization_id)
    return SyncRequest(
        subject=FLEET, requested_at=asked_at, job="sync_sims", calls=None, retry_at=asked_at + SYNC_ALL_EVERY
    )


async def _asked_lately(
    transaction: Transaction, organization_id: int, subject: str, since: datetime
) -> datetime | None:
    """When it was last asked for, if after `since`. Requests of one organization wait for each other from here on."""
    o = organizations.c
    alone = sa.select(o.id).where(o.id == organization_id).with_for_update(key_share=True)
    await transaction.connection.execute(alone)
    query = sa.select(s.requested_at).where(
        s.organization_id == organization_id, s.subject == subject, s.requested_at > since
    )
    found: datetime | None = (await transaction.connection.execute(query)).scalar()
    return found


async def _remember(transaction: Transaction, organization_id: int, subject: str, now: datetime) -> datetime:
    connection = transaction.connection
    old = sa.delete(sync_requests).where(s.organization_id == organization_id, s.requested_at < now - KEPT)
    await connection.execute(old)
    values = {"organization_id": organization_id, "subject": subject, "requested_at": now}
    statement = insert(sync_requests).values(**values)
    again = statement.on_conflict_do_update(index_elements=["organization_id", "subject"], set_={"requested_at": now})
    await connection.execute(again)
    return now
