"""The Data Streamer's posts: kept as they came, handed to a job one by one, set aside if they can't be read."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct

from console.connectivity.tables import stream_batches, unknown_records
from console.database import Transaction
from console.rows import insert_once

c = stream_batches.c


class StreamBatch(Struct, frozen=True):
    """A post as it came."""

    id: int
    body: bytes


async def keep(transaction: Transaction, organization_id: int, body: bytes, now: datetime) -> None:
    """Put a post down, and ask for the job that takes it in."""
    statement = sa.insert(stream_batches).values(organization_id=organization_id, received_at=now, body=body)
    await transaction.connection.execute(statement)
    transaction.later("take_stream", key=f"take_stream:{organization_id}", organization_id=organization_id)


async def next_batch(transaction: Transaction, organization_id: int) -> StreamBatch | None:
    """The oldest post that nobody is at work on."""
    query = (
        sa.select(c.id, c.body)
        .where(c.organization_id == organization_id, c.failure.is_(None))
        .order_by(c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = (await transaction.connection.execute(query)).first()
    return StreamBatch(row.id, row.body) if row else None


async def done(transaction: Transaction, batch_id: int) -> None:
    """It is taken in."""
    await transaction.connection.execute(sa.delete(stream_batches).where(c.id == batch_id))


async def set_aside(transaction: Transaction, batch_id: int, why: str) -> None:
    """It can't be read: keep it for whoever looks into it."""
    await transaction.connection.execute(sa.update(stream_batches).where(c.id == batch_id).values(failure=why[:500]))


async def keep_unknown(transaction: Transaction, organization_id: int, bodies: Sequence[bytes], now: datetime) -> None:
    """Keep records of a shape that nobody knows, each once."""
    rows = {
        digest: {"organization_id": organization_id, "received_at": now, "digest": digest, "body": body}
        for body in bodies
        if (digest := hashlib.sha256(body).digest())
    }
    await insert_once(transaction.connection, unknown_records, list(rows.values()), key=("organization_id", "digest"))
