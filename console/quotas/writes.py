"""Changes of quotas, and of their reconciliation with usage records."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import insert

from console.quotas.days_left import days_left_of, without_rank
from console.quotas.reconciliation import FIELDS, stored
from console.quotas.rules import Reconciliation, checked, derived_record, differs, says_more, started, unexplained
from console.quotas.tables import (
    days_left,
    forecast_quality,
    quota_counts,
    quota_forecasts,
    quota_reconciliation,
    quotas,
)
from console.sims.rules import quota_word
from console.sims.writes import fold, record_checks, touch
from console.store.bulk import Row, passed, rows_of, upsert_changed
from console.store.database import Transaction
from console.streamer.rules import LEAST_BYTES as STREAMED_FROM_BYTES
from console.streamer.writes import note_found
from console.usage.writes import in_turn, record_usage

KEY = ("organization_id", "iccid", "service")
COMPARE = ("status", "left", "total", "accumulated", "last_added", "threshold_percent", "expires_at", "created_at")
FORECAST = ("used_bytes", "days", "daily_bytes", "low_daily_bytes", "high_daily_bytes", "found", "since")
CHECK = ("used", "checked_at", "settled_used", "waiting_used", "waiting_at", "differs_since")


async def record_quotas(
    transaction: Transaction,
    organization_id: int,
    found: Sequence[Row],
    now: datetime,
    *,
    streamer_alive: bool,
    streamer_used: bool = False,
) -> list[str]:
    """Record quotas as 1NCE reports them (rows with `iccid`, `service` and COMPARE). Returns the ICCIDs that changed.

    The fall of a data quota that usage records do not explain becomes a usage record of its own, marked as derived. If
    the organization uses the Data Streamer, that is a record which should have come: the SIM is listed as differing.
    """
    await in_turn(transaction, organization_id)
    rows = [{"organization_id": organization_id, **row} for row in found]
    for service, column in (("data", "data_quota_at"), ("sms", "sms_quota_at")):
        if iccids := [row["iccid"] for row in rows if row["service"] == service]:
            await record_checks(transaction, organization_id, iccids, now, **{column: now})
    keys = await upsert_changed(
        transaction.connection,
        quotas,
        rows,
        key=KEY,
        compare=COMPARE,
        on_insert={"changed_at": now},
        on_change={"changed_at": now},
    )
    used = {
        row["iccid"]: row["accumulated"] - row["left"]
        for row in rows
        if row["service"] == "data" and row["accumulated"] is not None
    }
    await _reconcile(
        transaction, organization_id, used, now, streamer_alive=streamer_alive, streamer_used=streamer_used
    )
    changed = sorted({iccid for _, iccid, _ in keys})
    words = {
        row["iccid"]: quota_word(row["left"], row["total"], row["status"]) for row in rows if row["service"] == "data"
    }
    await keep_days_left(transaction, organization_id, changed)
    await touch(transaction, organization_id, changed, now, quotas=words)
    return changed


async def _reconcile(
    transaction: Transaction,
    organization_id: int,
    used: Mapping[str, int],
    now: datetime,
    *,
    streamer_alive: bool,
    streamer_used: bool,
) -> None:
    before = await stored(transaction.connection, organization_id, sorted(used))
    after = {iccid: checked(one, used[iccid], now) for iccid, one in before.items()}
    derived = [
        derived_record(iccid, amount, before[iccid], now)
        for iccid, one in after.items()
        if (amount := unexplained(one, streamer_alive=streamer_alive))
    ]
    kept = await record_usage(transaction, organization_id, derived, now)
    await explain(transaction, organization_id, kept, missing=streamer_used)
    await note_found(
        transaction, organization_id, "usage", [row["time"] for row in kept if row["data_bytes"] > STREAMED_FROM_BYTES]
    )
    for iccid, one in after.items():
        since = (one.differs_since or now) if streamer_used and differs(one) else None
        after[iccid] = structs.replace(one, differs_since=since)
    first = {iccid: started(used_now, now) for iccid, used_now in used.items() if iccid not in before}
    changed = {iccid: one for iccid, one in after.items() if says_more(one, before[iccid])}
    await _write(transaction, organization_id, first | changed)


async def _write(transaction: Transaction, organization_id: int, before: Mapping[str, Reconciliation]) -> None:
    """All but what `explain` has written."""
    if not before:
        return
    rows = [{"iccid": iccid, **structs.asdict(before[iccid])} for iccid in sorted(before)]
    source = rows_of(quota_reconciliation, ("iccid", *FIELDS), rows)
    row = sa.select(sa.literal(organization_id), source.c.iccid, *(source.c[name] for name in FIELDS))
    names = ["organization_id", "iccid", *FIELDS]
    statement = insert(quota_reconciliation).from_select(names, row.order_by(source.c.iccid))
    latest = {name: statement.excluded[name] for name in CHECK}
    await transaction.connection.execute(statement.on_conflict_do_update(index_elements=KEY[:2], set_=latest))


async def explain(
    transaction: Transaction, organization_id: int, records: Sequence[Row], *, missing: bool = False
) -> None:
    """Add new usage records to the reconciliation of their SIMs. Records from before its start do not count.

    `missing`: they are derived, and the Data Streamer should have posted them.
    """
    if not records:
        return
    c = quota_reconciliation.c
    amounts = [(row["iccid"], row["time"], row["data_bytes"]) for row in records]
    names = ("iccid", "started_at", "recorded")
    source = await passed(transaction.connection, quota_reconciliation, names, amounts)
    mine = sa.and_(c.organization_id == organization_id, c.iccid == source.c.iccid)
    sums = (
        sa.select(source.c.iccid, sa.cast(sa.func.sum(source.c.recorded), sa.BigInteger).label("amount"))
        .select_from(source.join(quota_reconciliation, mine))
        .where(source.c.started_at > c.started_at)
        .group_by(source.c.iccid)
        .subquery()
    )
    await transaction.connection.execute(
        sa.update(quota_reconciliation)
        .values(recorded=c.recorded + sums.c.amount, **({"missing": c.missing + sums.c.amount} if missing else {}))
        .where(c.organization_id == organization_id, c.iccid == sums.c.iccid)
    )


async def record_forecasts(transaction: Transaction, organization_id: int, found: Sequence[Row], today: date) -> int:
    """Record forecasts of use: rows with `iccid` and FORECAST. Returns how many changed."""
    await in_turn(transaction, organization_id)
    rows = [{"organization_id": organization_id, "measured_on": today, **row} for row in found]
    compare = (*FORECAST, "measured_on")
    changed = await upsert_changed(
        transaction.connection, quota_forecasts, rows, key=("organization_id", "iccid"), compare=compare
    )
    await keep_days_left(transaction, organization_id, [iccid for _, iccid in changed])
    return len(changed)


async def end_forecasts(
    transaction: Transaction, organization_id: int, today: date, *, held: int, compared: int
) -> int:
    """Forget the forecasts of earlier days, and note how often intervals held. Returns how many forecasts are gone."""
    await in_turn(transaction, organization_id)
    f, values = quota_forecasts.c, {"held": held, "compared": compared, "measured_on": today}
    new = insert(forecast_quality).values(organization_id=organization_id, **values)
    await transaction.connection.execute(new.on_conflict_do_update(index_elements=["organization_id"], set_=values))
    old = sa.delete(quota_forecasts).where(f.organization_id == organization_id, f.measured_on < today)
    gone = (await transaction.connection.execute(old.returning(f.iccid))).scalars().all()
    await keep_days_left(transaction, organization_id, gone)
    return len(gone)


async def keep_days_left(transaction: Transaction, organization_id: int, iccids: Sequence[str]) -> None:
    """Keep in how many seconds quotas are empty, where quota or forecast has changed in this transaction."""
    if not iccids:
        return
    d, found, names = days_left.c, days_left_of(organization_id, iccids), ("seconds", "measured_on", "rank")
    new = insert(days_left).from_select([*KEY[:2], *names], sa.select(found).order_by(found.c.iccid))
    changed = sa.or_(*(d[name].is_distinct_from(new.excluded[name]) for name in names))
    values = {name: new.excluded[name] for name in names}
    await transaction.connection.execute(new.on_conflict_do_update(index_elements=KEY[:2], set_=values, where=changed))


async def rank_again(transaction: Transaction, organization_id: int, limit: int | None = None) -> int:
    """Rank what a version before this one has written without a rank, so many at most. Returns how many."""
    await in_turn(transaction, organization_id)
    iccids = [*await transaction.connection.scalars(without_rank(organization_id).limit(limit))]
    await keep_days_left(transaction, organization_id, iccids)
    return len(iccids)


async def fold_quota_counts(transaction: Transaction, organization_id: int) -> None:
    """Keep one row for each band and hour instead of one for each change. No number changes."""
    await fold(transaction, quota_counts, organization_id)
