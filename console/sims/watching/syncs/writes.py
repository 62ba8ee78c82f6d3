"""Requests for a sync: remembered by SIM, so that what is asked twice is asked once."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import TooMany
from console.organizations.tables import organizations
from console.sims.watching.rules import (
    SYNC_ALL_EVERY,
    SYNC_CALLS,
    SYNC_EVERY,
    SYNCS_PER_MINUTE,
    SyncRequest,
)
from console.sims.watching.tables import FLEET, sync_requests
from console.sims.watching.writes import request_sync
from console.store.database import Transaction

c = sync_requests.c
WINDOW = timedelta(minutes=1)
KEPT = timedelta(hours=1)


async def request_sim_sync(transaction: Transaction, organization_id: int, iccid: str, now: datetime) -> SyncRequest:
    """Ask 1NCE about this SIM; the request, or the one that was made within SYNC_EVERY.

    Raises TooMany beyond SYNCS_PER_MINUTE SIMs of one organization.
    """
    asked_at = await _asked_lately(transaction, organization_id, iccid, now - SYNC_EVERY)
    if asked_at is None:
        lately = sa.select(sa.func.count(), sa.func.min(c.requested_at)).where(
            c.organization_id == organization_id, c.requested_at > now - WINDOW, c.subject != FLEET
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
    query = sa.select(c.requested_at).where(
        c.organization_id == organization_id, c.subject == subject, c.requested_at > since
    )
    found: datetime | None = (await transaction.connection.execute(query)).scalar()
    return found


async def _remember(transaction: Transaction, organization_id: int, subject: str, now: datetime) -> datetime:
    connection = transaction.connection
    old = sa.delete(sync_requests).where(c.organization_id == organization_id, c.requested_at < now - KEPT)
    await connection.execute(old)
    values = {"organization_id": organization_id, "subject": subject, "requested_at": now}
    statement = insert(sync_requests).values(**values)
    again = statement.on_conflict_do_update(index_elements=["organization_id", "subject"], set_={"requested_at": now})
    await connection.execute(again)
    return now
