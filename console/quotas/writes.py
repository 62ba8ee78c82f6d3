"""Changes of quotas, and of the books that say how much of their fall our usage records explain."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.database import Transaction
from console.quotas.rules import Book, unexplained
from console.quotas.tables import quota_books, quotas
from console.rows import Row, told, upsert_changed
from console.sims.rules import quota_word
from console.sims.writes import record_checks, touch
from console.usage.writes import in_turn, record_usage

KEY = ("organization_id", "iccid", "service")
COMPARE = (
    "status",
    "left",
    "total",
    "accumulated",
    "last_added",
    "threshold_percent",
    "expires_at",
    "created_at",
)


async def record_quotas(
    transaction: Transaction, organization_id: int, found: Sequence[Row], now: datetime, *, stream_alive: bool
) -> list[str]:
    """Take in quotas as 1NCE tells them (rows with `iccid`, `service` and COMPARE). The ICCIDs that changed.

    The fall of a data quota that usage records do not explain becomes a usage record of its own, marked as derived.
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
    await _keep_books(transaction, organization_id, used, now, stream_alive=stream_alive)
    changed = sorted({iccid for _, iccid, _ in keys})
    words = {
        row["iccid"]: quota_word(row["left"], row["total"], row["status"]) for row in rows if row["service"] == "data"
    }
    await touch(transaction, organization_id, changed, now, quotas=words)
    return changed


async def _keep_books(
    transaction: Transaction, organization_id: int, used: Mapping[str, int], now: datetime, *, stream_alive: bool
) -> None:
    c = quota_books.c
    if not used:
        return
    source = told(quota_books, ("iccid",), [{"iccid": iccid} for iccid in sorted(used)])
    query = (
        sa.select(quota_books)
        .where(c.organization_id == organization_id, c.iccid == source.c.iccid)
        .order_by(c.iccid)
        .with_for_update(of=quota_books)
    )
    books = {
        row.iccid: Book(**{name: row._mapping[name] for name in Book.__struct_fields__})
        for row in (await transaction.connection.execute(query)).all()
    }
    derived = [
        _derived(iccid, amount, books[iccid], now)
        for iccid, used_now in used.items()
        if iccid in books and (amount := unexplained(books[iccid], used_now, stream_alive=stream_alive))
    ]
    await explain(transaction, organization_id, await record_usage(transaction, organization_id, derived, now))
    moved = sorted(iccid for iccid, used_now in used.items() if iccid not in books or books[iccid].used != used_now)
    if moved:
        looked = told(quota_books, ("iccid", "used"), [{"iccid": iccid, "used": used[iccid]} for iccid in moved])
        names = ["organization_id", "iccid", "opened_at", "used_at_opening", "used", "looked_at", "recorded"]
        moment = sa.literal(now, sa.DateTime(timezone=True))
        row = sa.select(
            sa.literal(organization_id), looked.c.iccid, moment, looked.c.used, looked.c.used, moment, sa.literal(0)
        )
        statement = insert(quota_books).from_select(names, row.order_by(looked.c.iccid))
        latest = {name: statement.excluded[name] for name in ("used", "looked_at")}
        await transaction.connection.execute(statement.on_conflict_do_update(index_elements=KEY[:2], set_=latest))


def _derived(iccid: str, amount: int, book: Book, now: datetime) -> Row:
    return {
        "iccid": iccid,
        "time": now,
        "source": "derived",
        "record_id": int(now.timestamp() * 1_000_000),
        "started_at": book.looked_at,
        "data_bytes": amount,
        "sent_bytes": None,
        "received_bytes": None,
        "sms": 0,
        "operator": None,
        "country": None,
        "rat": None,
    }


async def explain(transaction: Transaction, organization_id: int, records: Sequence[Row]) -> None:
    """Enter new usage records into the books of their SIMs. Records from before a book was opened are not in it."""
    if not records:
        return
    c = quota_books.c
    source = told(
        quota_books,
        ("iccid", "opened_at", "recorded"),
        [{"iccid": row["iccid"], "opened_at": row["time"], "recorded": row["data_bytes"]} for row in records],
    )
    sums = (
        sa.select(source.c.iccid, sa.cast(sa.func.sum(source.c.recorded), sa.BigInteger).label("amount"))
        .select_from(source.join(quota_books, sa.and_(c.organization_id == organization_id, c.iccid == source.c.iccid)))
        .where(source.c.opened_at > c.opened_at)
        .group_by(source.c.iccid)
        .subquery()
    )
    await transaction.connection.execute(
        sa.update(quota_books)
        .values(recorded=c.recorded + sums.c.amount)
        .where(c.organization_id == organization_id, c.iccid == sums.c.iccid)
    )
