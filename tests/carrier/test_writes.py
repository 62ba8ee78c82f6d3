"""What is written down of an account: twice is no news, and neither is what comes too late."""

from datetime import UTC, datetime, timedelta
from typing import Any

from console.carrier import reads
from console.carrier.rules import CircuitState
from console.carrier.writes import record_answers, record_circuit, record_unavailable
from console.store.database import Database
from console.store.outbox import SEQUENCE
from tests.cast import Cast

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


async def move(db: Database, cast: Cast, state: CircuitState, at: datetime, **said: Any) -> bool:
    known = {"reason": "no answer in time", "failures": 8, "retry_at": None, **said}
    async with db.transaction() as transaction:
        return await record_circuit(transaction, cast.acme, state, at=at, **known)


async def lose(db: Database, cast: Cast, at: datetime) -> bool:
    async with db.transaction() as transaction:
        return await record_unavailable(
            transaction,
            cast.acme,
            "orders.list",
            unavailable_reason="No.",
            status=410,
            at=at,
            retry_at=at + timedelta(days=1),
        )


async def answer(db: Database, cast: Cast, at: datetime) -> list[str]:
    async with db.transaction() as transaction:
        return await record_answers(transaction, cast.acme, {"orders.list": at}, at)


async def published(db: Database) -> int:
    return int(await db.redis.get(SEQUENCE) or 0)


async def test_the_same_move_by_two_workers_is_published_once(db: Database, cast: Cast) -> None:
    before = await published(db)
    assert await move(db, cast, CircuitState.OPEN, NOON, retry_at=NOON + 5 * SECOND)
    assert not await move(db, cast, CircuitState.OPEN, NOON + SECOND, retry_at=NOON + 5 * SECOND)
    assert await published(db) == before + 1


async def test_a_move_that_is_recorded_late_changes_nothing(db: Database, cast: Cast) -> None:
    assert await move(db, cast, CircuitState.CLOSED, NOON, reason=None, failures=0)
    assert not await move(db, cast, CircuitState.OPEN, NOON - SECOND)
    async with db.reading() as reading:
        assert (await reads.circuit(reading, cast.acme)).state == "closed"


async def test_trouble_lasts_from_the_first_opening_to_the_closing(db: Database, cast: Cast) -> None:
    await move(db, cast, CircuitState.OPEN, NOON, retry_at=NOON + 5 * SECOND)
    await move(db, cast, CircuitState.HALF_OPEN, NOON + 5 * SECOND, reason="one call tries", failures=0)
    async with db.reading() as reading:
        tried = await reads.circuit(reading, cast.acme)
    assert (tried.since, tried.reason, tried.failures) == (NOON, "no answer in time", 8)
    await move(db, cast, CircuitState.OPEN, NOON + 6 * SECOND, retry_at=NOON + 16 * SECOND)
    async with db.reading() as reading:
        assert (await reads.circuit(reading, cast.acme)).since == NOON
    await move(db, cast, CircuitState.CLOSED, NOON + 16 * SECOND, reason=None, failures=0)
    async with db.reading() as reading:
        assert (await reads.circuit(reading, cast.acme)).since == NOON + 16 * SECOND


async def test_an_answer_from_before_the_loss_brings_nothing_back(db: Database, cast: Cast) -> None:
    assert await lose(db, cast, NOON)
    assert await answer(db, cast, NOON - SECOND) == []
    async with db.reading() as reading:
        assert [one.name for one in await reads.unavailable(reading, cast.acme)] == ["orders.list"]
    assert await answer(db, cast, NOON + SECOND) == ["orders.list"]
    async with db.reading() as reading:
        assert await reads.unavailable(reading, cast.acme) == []


async def test_what_is_off_keeps_its_beginning_when_it_is_refused_again(db: Database, cast: Cast) -> None:
    await lose(db, cast, NOON)
    assert await lose(db, cast, NOON + timedelta(days=1))
    async with db.reading() as reading:
        (off,) = await reads.unavailable(reading, cast.acme)
    assert off.since == NOON
    assert off.retry_at == NOON + timedelta(days=2)


async def test_only_the_first_answer_is_published(db: Database, cast: Cast) -> None:
    before = await published(db)
    assert await answer(db, cast, NOON) == ["orders.list"]
    assert await answer(db, cast, NOON + SECOND) == []
    assert await published(db) == before + 1


async def test_one_organizations_account_is_not_anothers(db: Database, cast: Cast) -> None:
    await lose(db, cast, NOON)
    await move(db, cast, CircuitState.OPEN, NOON)
    async with db.reading() as reading:
        assert (await reads.circuit(reading, cast.evil)).state == "unknown"
        assert await reads.unavailable(reading, cast.evil) == []
        assert await reads.summary(reading) == [("acme", "open", 1), ("evil", "unknown", 0)]
