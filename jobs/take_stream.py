"""Takes in what the Data Streamer has pushed, batch by batch; a batch that is taken in twice counts once."""

from datetime import datetime

import msgspec
from sqlalchemy.exc import DBAPIError

from console import metrics
from console.connectivity import batches
from console.connectivity.batches import StreamBatch
from console.connectivity.reads import places
from console.connectivity.rules import Place, after
from console.connectivity.writes import record_events, record_statuses
from console.database import Transaction
from console.log import logger
from console.once.events import EventRecord
from console.once.records import Batch, read_batch
from console.quotas.writes import explain
from console.rows import Row
from console.usage.writes import in_turn, record_usage
from jobs.records import event_row, happening, usage_row
from jobs.running import Run, by_organization
from jobs.streaming import note_stream

log = logger("jobs")
REFUSED = "22"  # SQLSTATE: data that can't be stored, now or ever


@by_organization(needs_once=False, alone=False)
async def take_stream(run: Run) -> None:
    """Each batch is one transaction: its records are kept and the batch itself is gone, or neither."""
    while (taken := await _take_next(run)) is not None:
        if taken:
            await note_stream(run)


async def _take_next(run: Run) -> bool | None:
    """Take in the oldest batch: whether it brought usage; None if none waits. One that the database refuses is set
    aside, so that those behind it have their turn."""
    batch: StreamBatch | None = None
    try:
        async with run.db.transaction() as transaction:
            batch = await batches.next_batch(transaction, run.organization_id)
            return None if batch is None else await _take(run, transaction, batch)
    except DBAPIError as error:
        if batch is None or not str(getattr(error.orig, "sqlstate", "")).startswith(REFUSED):
            raise  # the database is away, or busy: the batch waits for another turn
        run.counted(seen=1, failed=1)
        log.warning("a streamer batch can't be stored; it is kept", batch=batch.id, reason=str(error.orig))
        async with run.db.transaction() as transaction:
            await batches.set_aside(transaction, batch.id, str(error.orig))
        return False


async def _take(run: Run, transaction: Transaction, batch: StreamBatch) -> bool:
    try:
        records = read_batch(batch.body)
    except msgspec.MsgspecError as error:
        await batches.set_aside(transaction, batch.id, str(error))
        run.counted(seen=1, failed=1)
        log.warning("a streamer batch can't be read; it is kept", batch=batch.id, reason=str(error))
        return False
    now = run.now()
    await in_turn(transaction, run.organization_id)
    usage = [usage_row(record) for record in records.usage if record.iccid is not None]
    new_usage = await record_usage(transaction, run.organization_id, usage, now)
    await explain(transaction, run.organization_id, new_usage)
    new_events = await record_events(transaction, run.organization_id, [event_row(e) for e in records.events], now)
    await _move(run, transaction, [event for event in records.events if event.iccid], now)
    nameless = [msgspec.json.encode(record) for record in records.usage if record.iccid is None]
    kept = [record.raw for record in records.unknown] + nameless
    await batches.keep_unknown(transaction, run.organization_id, kept, now)
    await batches.done(transaction, batch.id)
    _count(run, records, len(new_events), len(new_usage), len(kept))
    return bool(usage)


def _count(run: Run, records: Batch, new_events: int, new_usage: int, unknown: int) -> None:
    run.counted(
        seen=len(records.events) + len(records.usage) + len(records.unknown),
        changed=new_events + new_usage,
        failed=unknown,
    )
    for kind, seen, new in (("event", len(records.events), new_events), ("usage", len(records.usage), new_usage)):
        metrics.stream_records.labels(kind, "new").inc(new)
        metrics.stream_records.labels(kind, "known").inc(seen - new)
    metrics.stream_records.labels("unknown", "kept").inc(unknown)


async def _move(run: Run, transaction: Transaction, events: list[EventRecord], now: datetime) -> None:
    """What the events say of where their SIMs are now, in the order in which they happened."""
    by_iccid: dict[str, list[EventRecord]] = {}
    for event in sorted(events, key=lambda event: (event.time, event.id)):
        assert event.iccid is not None
        by_iccid.setdefault(event.iccid, []).append(event)
    iccids = sorted(by_iccid)
    known = await places(transaction.connection, run.organization_id, iccids)
    moved: list[Row] = []
    for iccid, theirs in by_iccid.items():
        place = before = known.get(iccid, Place())
        for event in theirs:
            told = happening(event)
            place = after(place, msgspec.structs.replace(told, time=min(told.time, now)))
        if place != before:
            moved.append({"iccid": iccid, **msgspec.structs.asdict(place)})
    if moved:
        await record_statuses(transaction, run.organization_id, moved, now, "push")
