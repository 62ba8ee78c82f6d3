"""The Data Streamer's posts: kept as they came, handed to a job one by one, set aside if they can't be read."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from saq.queue.redis import RedisQueue
from sqlalchemy.ext.asyncio import AsyncConnection

from console.queue import later
from console.store.bulk import insert_once
from console.store.database import Transaction
from console.streamer.tables import stream_batches, unknown_records

JOB = "take_stream"
c = stream_batches.c


class StreamBatch(Struct, frozen=True):
    """A post as it came."""

    id: int
    body: bytes
    source: str  # "streamer": the Data Streamer; "forwarder": the SMS Forwarder


async def keep(
    transaction: Transaction, organization_id: int, body: bytes, now: datetime, *, source: str = "streamer"
) -> None:
    """Put a post down, and ask for the job that takes it in."""
    statement = sa.insert(stream_batches).values(
        organization_id=organization_id, received_at=now, body=body, source=source
    )
    await transaction.connection.execute(statement)
    # Asked for once a second, not once at a time: the one that runs may be past its last look.
    transaction.later(JOB, key=f"{JOB}:{organization_id}:{now:%H%M%S}", organization_id=organization_id)


async def ask_again(queue: RedisQueue, organization_id: int, *, seconds: float) -> None:
    """Ask for the job in so many seconds, for posts that were left behind."""
    key = f"{JOB}:{organization_id}:again"
    await later(queue, JOB, key=key, seconds=seconds, organization_id=organization_id)


async def next_batches(transaction: Transaction, organization_id: int, *, most: int) -> list[StreamBatch]:
    """The oldest posts that nobody is at work on."""
    query = (
        sa.select(c.id, c.body, c.source)
        .where(c.organization_id == organization_id, c.failure.is_(None))
        .order_by(c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [StreamBatch(*row) for row in (await transaction.connection.execute(query)).all()]


async def left_over(connection: AsyncConnection) -> list[int]:
    """The organizations with posts that wait and that nobody is at work on."""
    free = sa.select(c.organization_id).where(c.failure.is_(None)).limit(1_000).with_for_update(skip_locked=True)
    return list((await connection.execute(sa.select(free.subquery().c.organization_id).distinct())).scalars())


async def done(transaction: Transaction, batch_ids: Sequence[int]) -> None:
    """They are taken in."""
    await transaction.connection.execute(sa.delete(stream_batches).where(c.id.in_(batch_ids)))


async def forget_set_aside(transaction: Transaction, before: datetime) -> int:
    """Drop posts from before that could not be read; how many."""
    statement = sa.delete(stream_batches).where(c.failure.is_not(None), c.received_at < before)
    return (await transaction.connection.execute(statement)).rowcount


async def set_aside(transaction: Transaction, batch_id: int, why: str) -> None:
    """It can't be read: keep it for whoever looks into it."""
    await transaction.connection.execute(sa.update(stream_batches).where(c.id == batch_id).values(failure=why[:500]))


async def keep_unknown(
    transaction: Transaction, organization_id: int, records: Sequence[tuple[bytes, str]], now: datetime
) -> None:
    """Keep records that can't be taken in, each once, with the reason."""
    rows = {
        digest: {"organization_id": organization_id, "received_at": now, "digest": digest, "body": body, "why": why}
        for body, why in records
        if (digest := hashlib.sha256(body).digest())
    }
    await insert_once(transaction.connection, unknown_records, list(rows.values()), key=("organization_id", "digest"))


async def forget_unknown(transaction: Transaction, before: datetime) -> int:
    """Drop records of unknown shape from before; how many."""
    c = unknown_records.c
    found = await transaction.connection.execute(sa.delete(unknown_records).where(c.received_at < before))
    return found.rowcount
