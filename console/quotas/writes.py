"""Changes of quotas, and of the books that say how much of their fall our usage records explain."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.dialects.postgresql import insert

from console.quotas.rules import Book, differs, looked, unexplained
from console.quotas.tables import quota_books, quotas
from console.sims.rules import quota_word
from console.sims.writes import record_checks, touch
from console.store.bulk import Row, told, upsert_changed
from console.store.database import Transaction
from console.streamer.rules import LEAST_BYTES as STREAMED_FROM_BYTES
from console.streamer.writes import note_found
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
BOOK = Book.__struct_fields__
LOOK = ("used", "looked_at", "settled_used", "waiting_used", "waiting_at", "differs_since")


async def record_quotas(
    transaction: Transaction,
    organization_id: int,
    found: Sequence[Row],
    now: datetime,
    *,
    stream_alive: bool,
    stream_used: bool = False,
) -> list[str]:
    """Take in quotas as 1NCE tells them (rows with `iccid`, `service` and COMPARE). The ICCIDs that changed.

    The fall of a data quota that usage records do not explain becomes a usage record of its own, marked as derived. If
    the organization uses the Data Streamer, that is a record which should have come, and its books differ.
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
    await _keep_books(transaction, organization_id, used, now, stream_alive=stream_alive, stream_used=stream_used)
    changed = sorted({iccid for _, iccid, _ in keys})
    words = {
        row["iccid"]: quota_word(row["left"], row["total"], row["status"]) for row in rows if row["service"] == "data"
    }
    await touch(transaction, organization_id, changed, now, quotas=words)
    return changed


async def _keep_books(
    transaction: Transaction,
    organization_id: int,
    used: Mapping[str, int],
    now: datetime,
    *,
    stream_alive: bool,
    stream_used: bool,
) -> None:
    books = await _books(transaction, organization_id, sorted(used))
    after = {iccid: looked(book, used[iccid], now) for iccid, book in books.items()}
    derived = [
        _derived(iccid, amount, books[iccid], now)
        for iccid, book in after.items()
        if (amount := unexplained(book, stream_alive=stream_alive))
    ]
    kept = await record_usage(transaction, organization_id, derived, now)
    await explain(transaction, organization_id, kept, missing=stream_used)
    await note_found(
        transaction, organization_id, "usage", [row["time"] for row in kept if row["data_bytes"] > STREAMED_FROM_BYTES]
    )
    for iccid, book in after.items():
        since = (book.differs_since or now) if stream_used and differs(book) else None
        after[iccid] = structs.replace(book, differs_since=since)
    opened = {iccid: _opened(used_now, now) for iccid, used_now in used.items() if iccid not in books}
    changed = {iccid: book for iccid, book in after.items() if _says_more(book, books[iccid])}
    await _write(transaction, organization_id, opened | changed)


def _opened(used_now: int, now: datetime) -> Book:
    return Book(
        opened_at=now,
        used_at_opening=used_now,
        used=used_now,
        looked_at=now,
        recorded=0,
        settled_used=used_now,
        waiting_used=used_now,
        waiting_at=now,
    )


def _says_more(book: Book, before: Book) -> bool:
    """Whether it must be written: that a look found nothing new is in `sim_checks`."""
    return structs.replace(book, waiting_at=before.waiting_at) != before


async def _books(transaction: Transaction, organization_id: int, iccids: Sequence[str]) -> dict[str, Book]:
    c = quota_books.c
    source = told(quota_books, ("iccid",), [{"iccid": iccid} for iccid in iccids])
    query = (
        sa.select(c.iccid, *(c[name] for name in BOOK))
        .where(c.organization_id == organization_id, c.iccid == source.c.iccid)
        .order_by(c.iccid)
        .with_for_update(of=quota_books)
    )
    rows = (await transaction.connection.execute(query)).all() if iccids else []
    return {row[0]: Book(**dict(zip(BOOK, row[1:], strict=True))) for row in rows}


async def _write(transaction: Transaction, organization_id: int, books: Mapping[str, Book]) -> None:
    """All but what `explain` has written."""
    if not books:
        return
    rows = [{"iccid": iccid, **structs.asdict(books[iccid])} for iccid in sorted(books)]
    source = told(quota_books, ("iccid", *BOOK), rows)
    row = sa.select(sa.literal(organization_id), source.c.iccid, *(source.c[name] for name in BOOK))
    statement = insert(quota_books).from_select(["organization_id", "iccid", *BOOK], row.order_by(source.c.iccid))
    latest = {name: statement.excluded[name] for name in LOOK}
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


async def explain(
    transaction: Transaction, organization_id: int, records: Sequence[Row], *, missing: bool = False
) -> None:
    """Enter new usage records into the books of their SIMs. Records from before a book was opened are not in it.

    `missing`: they are derived, and 1NCE's stream should have brought them.
    """
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
        .values(recorded=c.recorded + sums.c.amount, **({"missing": c.missing + sums.c.amount} if missing else {}))
        .where(c.organization_id == organization_id, c.iccid == sums.c.iccid)
    )
