"""Changes of 1NCE's posts as they are kept, and of records in them that can't be taken in."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import accumulate

import sqlalchemy as sa
from msgspec import Struct

from console.facts.source import Source
from console.store.bulk import insert_once
from console.store.database import Transaction
from console.streamer.tables import streamer_posts, unknown_records

JOB = "take_in_posts"
CLAIMED_FOR = timedelta(seconds=15)  # doubles with each attempt
SHORT = 500  # characters of a reason
p = streamer_posts.c


class StreamerPost(Struct, frozen=True):
    """A post that waits, without its body: `posts_reads.body` has that, one at a time."""

    id: int
    source: str  # a Source: "streamer" or "forwarder"
    received_at: datetime
    attempt: int  # this one included
    last_error: str | None  # of the attempt before, if it ended with one


async def keep_post(
    transaction: Transaction, organization_id: int, body: bytes, now: datetime, *, source: Source = Source.STREAMER
) -> None:
    """Store a post, and request the job that takes it in."""
    values = {"organization_id": organization_id, "received_at": now, "body": body, "source": source}
    await transaction.connection.execute(sa.insert(streamer_posts).values(values))
    transaction.later(JOB, key=f"{JOB}:{organization_id}", organization_id=organization_id)


async def claim_posts(
    transaction: Transaction, organization_id: int, now: datetime, *, most: int, most_bytes: int | None = None
) -> list[StreamerPost]:
    """Begin an attempt at the oldest posts that nobody tries: at most `most` new ones, or one that was tried before.

    Of several the bodies have no more than `most_bytes` together.

    Commit it before the attempt: so an attempt counts that ends with its worker, and whoever comes next passes over
    these posts for a while.
    """
    free = sa.or_(p.claimed_until.is_(None), p.claimed_until <= sa.literal(now, p.claimed_until.type))
    query = (
        sa.select(p.id, p.attempts, sa.func.octet_length(p.body).label("bytes"))
        .where(p.organization_id == organization_id, p.failure.is_(None), free)
        .order_by(p.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    found = (await transaction.connection.execute(query)).all()
    tried = bool(found and found[0].attempts)
    sizes = accumulate(row.bytes for row in found)
    few = [row for row, size in zip(found, sizes, strict=True) if most_bytes is None or size <= most_bytes] or found[:1]
    chosen = [row.id for row in few if not row.attempts] if not tried else [found[0].id]
    if not chosen:
        return []
    # What is lost with the database's last instants is an attempt that nothing is known of any more.
    await transaction.connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
    seconds = CLAIMED_FOR.total_seconds() * sa.func.power(2, sa.func.least(p.attempts, 8), type_=sa.Double)
    waits = sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds, type_=sa.Interval)
    statement = (
        sa.update(streamer_posts)
        .where(p.id.in_(chosen))
        .values(attempts=p.attempts + 1, claimed_until=sa.literal(now, p.claimed_until.type) + waits)
        .returning(p.id, p.source, p.received_at, p.attempts, p.last_error)
    )
    rows = (await transaction.connection.execute(statement)).all()
    return sorted((StreamerPost(*row) for row in rows), key=lambda post: post.id)


async def lock_posts(transaction: Transaction, posts: Sequence[StreamerPost]) -> list[StreamerPost]:
    """Those whose attempt is still the last one, locked. Nobody else can begin one until the transaction ends."""
    mine = sa.tuple_(p.id, p.attempts).in_([(post.id, post.attempt) for post in posts])
    query = sa.select(p.id).where(mine, p.failure.is_(None)).order_by(p.id).with_for_update(skip_locked=True)
    locked = set((await transaction.connection.execute(query)).scalars())
    return [post for post in posts if post.id in locked]


async def end_attempt(
    transaction: Transaction, posts: Sequence[StreamerPost], *, error: str | None, free_at: datetime | None = None
) -> None:
    """The attempt is over, and the posts are still there. `error` None: it was not their fault, and does not count."""
    mine = sa.tuple_(p.id, p.attempts).in_([(post.id, post.attempt) for post in posts])
    values: dict[str, object] = {"attempts": p.attempts - 1, "claimed_until": None}
    if error is not None:
        values = {"last_error": error[:SHORT]} | ({"claimed_until": free_at} if free_at else {})
    await transaction.connection.execute(sa.update(streamer_posts).where(mine).values(**values))


async def replace_post(
    transaction: Transaction, organization_id: int, post: StreamerPost, bodies: Sequence[bytes], *, attempts: int
) -> None:
    """Put several smaller posts in the place of one; each has had so many attempts."""
    shared = {"organization_id": organization_id, "received_at": post.received_at, "source": post.source}
    rows = [{**shared, "body": body, "attempts": attempts, "last_error": post.last_error} for body in bodies]
    await transaction.connection.execute(sa.insert(streamer_posts), rows)
    await remove_posts(transaction, [post.id])


async def remove_posts(transaction: Transaction, post_ids: Sequence[int]) -> None:
    """Delete posts that are taken in."""
    await transaction.connection.execute(sa.delete(streamer_posts).where(p.id.in_(post_ids)))


async def set_aside(transaction: Transaction, post_id: int, reason: str) -> None:
    """Mark a post that can't be read: it is kept, and not claimed again."""
    statement = sa.update(streamer_posts).where(p.id == post_id)
    await transaction.connection.execute(statement.values(failure=reason[:SHORT]))


async def prune_set_aside(transaction: Transaction, before: datetime) -> int:
    """Delete posts received before that could not be read. Returns how many."""
    statement = sa.delete(streamer_posts).where(p.failure.is_not(None), p.received_at < before)
    return (await transaction.connection.execute(statement)).rowcount


async def keep_unknown(
    transaction: Transaction, organization_id: int, records: Sequence[tuple[bytes, str]], now: datetime
) -> None:
    """Store records that can't be taken in, each once, with the reason."""
    rows = {
        digest: {
            "organization_id": organization_id,
            "received_at": now,
            "digest": digest,
            "body": body,
            "why": why[:SHORT],
        }
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
