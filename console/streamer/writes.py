"""Changes of 1NCE's posts as they are kept, and of what is known of the Data Streamer's health."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct, structs
from sqlalchemy.dialects.postgresql import insert

from console.facts.source import Source
from console.facts.streamer import StreamerChanged, StreamerStatus
from console.store.bulk import insert_once
from console.store.database import Transaction
from console.streamer import reads
from console.streamer.rules import KindHealth, streamer_state
from console.streamer.tables import streamer_health, streamer_posts, unknown_records

JOB = "take_stream"
EXACT_TO = timedelta(seconds=10)  # while posts keep coming, the time of the last is not stored with each post
c, p = streamer_health.c, streamer_posts.c


class StreamerPost(Struct, frozen=True):
    """A post as it came."""

    id: int
    body: bytes
    source: str  # a Source: "streamer" or "forwarder"


async def keep_post(
    transaction: Transaction, organization_id: int, body: bytes, now: datetime, *, source: Source = Source.STREAMER
) -> None:
    """Store a post, and request the job that takes it in."""
    values = {"organization_id": organization_id, "received_at": now, "body": body, "source": source}
    await transaction.connection.execute(sa.insert(streamer_posts).values(values))
    transaction.later(JOB, key=f"{JOB}:{organization_id}", organization_id=organization_id)


async def claim_posts(transaction: Transaction, organization_id: int, *, most: int) -> list[StreamerPost]:
    """Lock and return the oldest posts that no other transaction has locked, at most `most`."""
    query = (
        sa.select(p.id, p.body, p.source)
        .where(p.organization_id == organization_id, p.failure.is_(None))
        .order_by(p.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [StreamerPost(*row) for row in (await transaction.connection.execute(query)).all()]


async def remove_posts(transaction: Transaction, post_ids: Sequence[int]) -> None:
    """Delete posts that are taken in."""
    await transaction.connection.execute(sa.delete(streamer_posts).where(p.id.in_(post_ids)))


async def set_aside(transaction: Transaction, post_id: int, reason: str) -> None:
    """Mark a post that can't be read: it is kept, and not claimed again."""
    await transaction.connection.execute(sa.update(streamer_posts).where(p.id == post_id).values(failure=reason[:500]))


async def prune_set_aside(transaction: Transaction, before: datetime) -> int:
    """Delete posts received before that could not be read. Returns how many."""
    statement = sa.delete(streamer_posts).where(p.failure.is_not(None), p.received_at < before)
    return (await transaction.connection.execute(statement)).rowcount


async def keep_unknown(
    transaction: Transaction, organization_id: int, records: Sequence[tuple[bytes, str]], now: datetime
) -> None:
    """Store records that can't be taken in, each once, with the reason."""
    rows = {
        digest: {"organization_id": organization_id, "received_at": now, "digest": digest, "body": body, "why": why}
        for body, why in records
        if (digest := hashlib.sha256(body).digest())
    }
    await insert_once(transaction.connection, unknown_records, list(rows.values()), key=("organization_id", "digest"))


async def prune_unknown(transaction: Transaction, before: datetime) -> int:
    """Delete records of unknown shape received before. Returns how many."""
    found = await transaction.connection.execute(
        sa.delete(unknown_records).where(unknown_records.c.received_at < before)
    )
    return found.rowcount


async def note_posts(transaction: Transaction, organization_id: int, kinds: Collection[str], now: datetime) -> None:
    """Record that 1NCE has posted records of these kinds ("event", "usage") at `now`."""
    known = await reads.health(transaction.connection, organization_id)
    for kind in sorted(kinds):
        before = known.get(kind)
        if before and not before.missed_since and before.state == "flowing" and now - before.last_post_at < EXACT_TO:
            continue
        after = KindHealth(kind=kind, last_post_at=now)
        values = structs.asdict(after)
        statement = insert(streamer_health).values(organization_id=organization_id, **values)
        await transaction.connection.execute(
            statement.on_conflict_do_update(index_elements=["organization_id", "kind"], set_=values)
        )
        if before is None or before.state != after.state:
            _publish(transaction, organization_id, after, now)


async def note_found(transaction: Transaction, organization_id: int, kind: str, times: Sequence[datetime]) -> None:
    """Record that polling has found new records of this kind. Those from before the last post prove nothing."""
    before = (await reads.health(transaction.connection, organization_id)).get(kind) if times else None
    if before is None or not (missed := [time for time in times if time > before.last_post_at]):
        return
    first = sa.literal(min(missed), sa.DateTime(timezone=True))
    await transaction.connection.execute(
        sa.update(streamer_health)
        .values(missed_since=sa.func.least(c.missed_since, first), found=c.found + len(missed))
        .where(c.organization_id == organization_id, c.kind == kind, c.last_post_at < first)
    )


async def settle(transaction: Transaction, organization_id: int, now: datetime) -> list[KindHealth]:
    """Update the state of each kind of record to `now`; publish those that changed. Returns all of them."""
    found = []
    for before in (await reads.health(transaction.connection, organization_id)).values():
        after = structs.replace(before, state=streamer_state(before, now))
        if after.state != before.state:
            changed = await transaction.connection.execute(
                sa.update(streamer_health)
                .values(state=after.state)
                .where(
                    c.organization_id == organization_id, c.kind == before.kind, c.last_post_at == before.last_post_at
                )
            )
            if changed.rowcount:
                _publish(transaction, organization_id, after, now)
        found.append(after)
    return found


def _publish(transaction: Transaction, organization_id: int, health: KindHealth, now: datetime) -> None:
    status = StreamerStatus(**structs.asdict(health))
    transaction.publish(organization_id, StreamerChanged(time=now, subject=health.kind, data=status))
