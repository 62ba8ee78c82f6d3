"""Changes of messages: each counts once, whatever its source and however often it comes; its new state is published."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import structs

from console.facts.sms import Sms, SmsChanged
from console.sims.reads import unwatched_among
from console.sms import reads
from console.sms.rules import changed
from console.sms.tables import sms
from console.store.bulk import Row, upsert_changed
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock

KEY = ("organization_id", "iccid", "direction", "id")
COMPARE = tuple(name for name in Sms.__struct_fields__ if name not in KEY)


async def record_messages(
    transaction: Transaction, organization_id: int, messages: Sequence[Sms], now: datetime
) -> list[Sms]:
    """Record messages as a source reported them. Returns those that are new or have changed, as they are now."""
    if not messages:
        return []
    connection = transaction.connection
    await connection.execute(transaction_lock(AdvisoryLock.SMS, organization_id))
    known = await reads.known(connection, organization_id, messages)
    found = sorted(changed(known, messages), key=lambda one: (one.time, one.id))
    rows: list[Row] = [{"organization_id": organization_id, **structs.asdict(one)} for one in found]
    await upsert_changed(connection, sms, rows, key=KEY, compare=COMPARE)
    unwatched = await unwatched_among(connection, organization_id, {one.iccid for one in found})
    for one in found:
        if one.iccid not in unwatched:
            transaction.publish(organization_id, SmsChanged(time=now, subject=one.iccid, data=one))
    return found


async def forget_messages(transaction: Transaction, before: datetime) -> int:
    """Drop messages from before; how many."""
    return (await transaction.connection.execute(sa.delete(sms).where(sms.c.time < before))).rowcount
