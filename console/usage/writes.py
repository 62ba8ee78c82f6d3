"""Changes of usage: each record once, and the new sum of each day and SIM that it changes published."""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.facts.source import Source
from console.facts.usage import SimUsageChanged
from console.sims.watching_reads import unwatched_among
from console.store.bulk import Row, records_of
from console.store.copying import copy_new
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock
from console.usage import reads
from console.usage.reads import LateHours
from console.usage.rules import each_once, touch
from console.usage.tables import usage_incomplete, usage_late_hours, usage_records

KEY = ("organization_id", "iccid", "time", "source", "record_id")
RECENT = timedelta(days=14)  # two of the parts by which TimescaleDB cuts the records; packed are those of a month ago
JOB = "refresh_sums"
INCOMPLETE_RETENTION = timedelta(days=90)
MARGIN = timedelta(minutes=10)  # a refresh may begin while the transaction of a record is open


async def in_turn(transaction: Transaction, organization_id: int) -> None:
    """Wait for other writers of this organization's usage: sums and reconciliation are rows that many of them lock.

    Call it before the transaction has locked anything else.
    """
    await transaction.connection.execute(transaction_lock(AdvisoryLock.USAGE, organization_id))


async def record_usage(
    transaction: Transaction,
    organization_id: int,
    records: Sequence[Row],
    now: datetime,
    *,
    incomplete: Collection[tuple[str, int]] = (),
) -> Sequence[Row]:
    """Store usage records that are not stored yet. Returns the new ones. Volumes in bytes.

    `incomplete` are the ICCIDs and record ids of those that came with one time only. Such a record is the same as one
    with the same id whose span touches it, in whichever order they come: the first is kept. Call `in_turn` before.

    The sum of each SIM and day that they change is published: at once, or within a minute where the sums have to be
    refreshed for records that come so late.
    """
    if incomplete or await _is_incomplete(transaction, organization_id, records):
        records = await _not_stored_otherwise(transaction, organization_id, each_once(records), incomplete)
        await _note_incomplete(transaction, organization_id, records, incomplete, now)
    rows = {(row["iccid"], row["time"], row["source"], row["record_id"]): row for row in records}
    if not rows:
        return []
    names = list(records[0])
    tuples = [(organization_id, *record) for record in records_of(list(rows.values()), names)]
    names = ["organization_id", *names]
    inserted = await copy_new(
        transaction.connection, usage_records, names, tuples, key=KEY, moment="time", since=now - RECENT
    )
    key_of = itemgetter(*(names.index(name) for name in KEY[1:]))
    new = [rows[key_of(record)] for record in inserted]
    until = await _summed_until(transaction, new, now)
    if late := [row for row in new if row["time"] < until]:
        await _note_late(transaction, organization_id, late)
    await _publish(
        transaction, organization_id, {(row["iccid"], _day(row["time"])) for row in new if row["time"] >= until}, now
    )
    return new


async def _is_incomplete(transaction: Transaction, organization_id: int, records: Sequence[Row]) -> bool:
    """Whether one of these records was stored with one time only."""
    c = usage_incomplete.c
    numbers = [row["record_id"] for row in records if row["source"] == Source.STREAMER]
    wanted = c.record_id == sa.func.any(sa.bindparam(None, numbers, type_=sa.ARRAY(sa.BigInteger)))
    query = sa.select(sa.exists().where(c.organization_id == organization_id, wanted))
    return bool(numbers) and bool((await transaction.connection.execute(query)).scalar_one())


async def _not_stored_otherwise(
    transaction: Transaction, organization_id: int, records: Sequence[Row], incomplete: Collection[tuple[str, int]]
) -> list[Row]:
    """Those of these records that are not stored under another time."""
    lacking = [row for row in records if (row["iccid"], row["record_id"]) in incomplete]
    stored = await reads.incomplete(transaction.connection, organization_id, records)
    for key, spans in (await reads.stored_spans(transaction.connection, organization_id, lacking)).items():
        stored[key] = stored.get(key, []) + spans
    return [
        row
        for row in records
        if not any(
            touch((row["started_at"], row["time"]), span) and row["time"] != span[1]
            for span in stored.get((row["iccid"], row["record_id"]), ())
        )
    ]


async def _note_incomplete(
    transaction: Transaction,
    organization_id: int,
    records: Sequence[Row],
    incomplete: Collection[tuple[str, int]],
    now: datetime,
) -> None:
    """Remember those that are stored with one time only."""
    noted = [
        {"organization_id": organization_id, **{name: row[name] for name in ("record_id", "iccid", "time")}}
        for row in records
        if (row["iccid"], row["record_id"]) in incomplete
    ]
    if noted:
        await transaction.connection.execute(insert(usage_incomplete).on_conflict_do_nothing(), noted)
        old = usage_incomplete.c.time < now - INCOMPLETE_RETENTION
        mine = usage_incomplete.c.organization_id == organization_id
        await transaction.connection.execute(sa.delete(usage_incomplete).where(mine, old))


async def _summed_until(transaction: Transaction, rows: Sequence[Row], now: datetime) -> datetime:
    """Records of times before come too late for the sums. It is asked only for records that may have."""
    lag = None
    if any(row["time"] < now - timedelta(minutes=30) for row in rows):
        lag = await reads.sums_lag(transaction.connection)
    return datetime.min.replace(tzinfo=UTC) if lag is None else now - lag + MARGIN


async def _note_late(transaction: Transaction, organization_id: int, rows: Sequence[Row]) -> None:
    hours = sorted({(row["iccid"], row["time"].replace(minute=0, second=0, microsecond=0)) for row in rows})
    values = [{"organization_id": organization_id, "iccid": iccid, "hour": hour} for iccid, hour in hours]
    statement = insert(usage_late_hours)
    again = statement.on_conflict_do_update(
        index_elements=["organization_id", "iccid", "hour"], set_={"hour": statement.excluded.hour}
    )
    await transaction.connection.execute(again, values)
    transaction.later(JOB, key=JOB)


async def end_late(transaction: Transaction, refreshed: Sequence[LateHours], now: datetime) -> None:
    """The sums have these hours now: forget them but for those that came again meanwhile, and publish their days."""
    c = usage_late_hours.c
    version = sa.literal_column("xmin::text", sa.Text)
    for one in refreshed:
        mine = sa.and_(c.organization_id == one.organization_id, c.iccid == one.iccid, c.hour == one.hour)
        await transaction.connection.execute(sa.delete(usage_late_hours).where(mine, version == one.version))
    by_organization: dict[int, set[tuple[str, date]]] = {}
    for one in refreshed:
        by_organization.setdefault(one.organization_id, set()).add((one.iccid, _day(one.hour)))
    for organization_id, days in sorted(by_organization.items()):
        await _publish(transaction, organization_id, days, now)


async def _publish(
    transaction: Transaction, organization_id: int, days: Iterable[tuple[str, date]], now: datetime
) -> None:
    wanted = sorted(days)
    unwatched = await unwatched_among(transaction.connection, organization_id, {iccid for iccid, _ in wanted})
    for sums in await reads.of_days(
        transaction.connection, organization_id, [one for one in wanted if one[0] not in unwatched]
    ):
        transaction.publish(organization_id, SimUsageChanged(time=now, subject=sums.iccid, data=sums))


def _day(time: datetime) -> date:
    return time.astimezone(UTC).date()
