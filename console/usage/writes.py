"""Changes of usage: each record once, and the day's new sum of each SIM published."""

from collections.abc import Sequence
from datetime import datetime

from console.facts.usage import SimUsageChanged
from console.store.bulk import Row, insert_once
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock
from console.usage import reads
from console.usage.tables import usage_records

KEY = ("organization_id", "iccid", "time", "source", "record_id")


async def in_turn(transaction: Transaction, organization_id: int) -> None:
    """Wait for other writers of this organization's usage: sums and reconciliation are rows that many of them lock.

    Call it before the transaction has locked anything else.
    """
    await transaction.connection.execute(transaction_lock(AdvisoryLock.USAGE, organization_id))


async def record_usage(
    transaction: Transaction, organization_id: int, records: Sequence[Row], now: datetime
) -> Sequence[Row]:
    """Store usage records that are not stored yet. Returns the new ones. Volumes in bytes."""
    rows = {(row["iccid"], row["time"], row["source"], row["record_id"]): row for row in records}
    same = {"organization_id": organization_id}
    keys = await insert_once(transaction.connection, usage_records, list(rows.values()), key=KEY, same=same)
    new = [rows[key[1:]] for key in keys]
    touched = sorted({row["iccid"] for row in new})
    for sums in await reads.of_day(transaction.connection, organization_id, touched, now.date()) if touched else ():
        transaction.publish(organization_id, SimUsageChanged(time=now, subject=sums.iccid, data=sums))
    return new
