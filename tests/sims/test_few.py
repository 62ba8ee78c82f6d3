"""A list of few SIMs is sorted by what the filter finds, a long one walked in its order: the same list either way."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from urllib.parse import parse_qsl

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims import ordering, reads
from console.sims.filter_parameters import read_filter
from console.sims.rules import SimFilter, parse_sort
from console.sims.writes import record_connections, record_inventory
from console.store.database import Database
from console.store.keyset import read_cursor
from tests.cast import Cast, listed, placed

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 3, 14, 12, tzinfo=UTC)
ICCIDS = [f"89882280666{number:08d}" for number in range(60)]


async def fill(db: Database, organization_id: int) -> None:
    chance = random.Random(7)
    inventory = [listed(iccid, label=chance.choice(["a", "b", None])) for iccid in ICCIDS]
    where = [
        placed(
            iccid,
            NOW,
            connection=chance.choice(["online", "offline"]),
            country=chance.choice(["DE", "FR", None]),
            last_seen_at=chance.choice([None, NOW - timedelta(seconds=chance.randrange(5))]),
        )
        for iccid in ICCIDS[10:]
    ]
    async with db.transaction() as transaction:
        await record_inventory(transaction, organization_id, inventory, NOW)
        await record_connections(transaction, organization_id, where, NOW)


def is_in_order(sort: str) -> Callable[[Any], Any]:
    descending, field = sort.startswith("-"), sort.removeprefix("-")

    def key(sim: Any) -> tuple[bool, Any, int]:
        value = getattr(sim, field)
        number = ord(value) if isinstance(value, str) else value.timestamp() if value else 0
        return value is None, -number if descending and value else number, (-1 if descending else 1) * int(sim.iccid)

    return key


@pytest.mark.parametrize("asked", ["connection=online", "country=DE&connection_not=offline", "country=unknown"])
async def test_pages_are_the_same_however_they_are_found(
    asked: str, db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(db, cast.acme)
    for few, sort in product((-1, ordering.FEW), ("label", "-label", "last_seen_at", "-last_seen_at")):
        monkeypatch.setattr(ordering, "FEW", few)
        async with db.snapshot() as reading:
            by_cursor, by_number = await walked(reading, cast.acme, read_filter(parse_qsl(asked)), sort)
        assert len({one.iccid for one in by_cursor}) == len(by_cursor) > 7
        assert by_cursor == sorted(by_cursor, key=is_in_order(sort))
        assert by_number == by_cursor


async def walked(
    reading: AsyncConnection, organization_id: int, wanted: SimFilter, sort: str
) -> tuple[list[Any], list[Any]]:
    """The whole list, page by page: by cursor, and by number."""
    page = await reads.page(reading, organization_id, wanted, sort=parse_sort(sort), limit=7)
    found, total, numbered = list(page.items), page.total, list[Any]()
    while page.next_cursor:
        cursor = read_cursor(page.next_cursor)
        page = await reads.page(reading, organization_id, wanted, sort=parse_sort(sort), limit=7, cursor=cursor)
        found += page.items
    for offset in range(0, total, 7):
        numbered += await reads.rows(
            reading, organization_id, wanted, sort=parse_sort(sort), limit=7, offset=offset, total=total
        )
    assert len(found) == total
    return found, numbered


async def test_of_an_empty_list_no_row_is_looked_for(db: Database, cast: Cast) -> None:
    await fill(db, cast.acme)
    wanted = read_filter([("country", "ES")])
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_rest: Any) -> None:
        sent.append(text)

    sa.event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    try:
        async with db.snapshot() as reading:
            page = await reads.page(reading, cast.acme, wanted, sort=parse_sort("label"))
    finally:
        sa.event.remove(db.engine.sync_engine, "before_cursor_execute", note)
    assert (page.items, page.total) == ([], 0)
    assert sent
    assert [text for text in sent if "ORDER BY" in text] == []


@pytest.mark.parametrize(("share", "few"), [(2, True), (50, False)])
async def test_what_is_few_grows_with_the_fleet(
    share: int, few: bool, db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with db.transaction() as transaction:
        rows = [
            placed(iccid, NOW, connection="online" if number < 20 else "offline") for number, iccid in enumerate(ICCIDS)
        ]
        await record_inventory(transaction, cast.acme, [listed(iccid) for iccid in ICCIDS], NOW)
        await record_connections(transaction, cast.acme, rows, NOW)
    monkeypatch.setattr(ordering, "FEW", 5)
    monkeypatch.setattr(ordering, "FEW_OF", share)
    wanted = read_filter([("connection", "online")])
    async with db.snapshot() as reading:
        total = await reads.count(reading, cast.acme, wanted)
        assert await ordering.is_few(reading, cast.acme, wanted, total) is few
