"""When posts of the Data Streamer should have come and did not."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.streamer.posts_reads import newest_waiting_at
from console.streamer.reads import health
from console.streamer.rules import NOT_FLOWING, streamer_state
from console.streamer.tables import streamer_silences

s = streamer_silences.c


class SilentSpans(Struct, frozen=True, kw_only=True):
    """Of one kind of record: since when it comes at all, and its silences, each from a moment to another."""

    first_post_at: datetime | None  # None: none ever came
    spans: list[tuple[datetime, datetime]]


async def silent_spans(
    connection: AsyncConnection, organization_id: int, kind: str, since: datetime, now: datetime
) -> SilentSpans:
    """The silences that end after `since`, the oldest first; the one that goes on ends now."""
    stored = (await health(connection, organization_id)).get(kind)
    if stored is None:
        return SilentSpans(first_post_at=None, spans=[])
    query = sa.select(s.since, s.until).where(
        s.organization_id == organization_id, s.kind == kind, sa.or_(s.until > since, s.until.is_(None))
    )
    found = [(row.since, row.until or now) for row in await connection.execute(query.order_by(s.since))]
    waiting_at = await newest_waiting_at(connection, organization_id)
    if streamer_state(stored, now, waiting_at) in NOT_FLOWING and (not found or found[-1][1] != now):
        found.append((stored.last_post_at, now))
    return SilentSpans(first_post_at=stored.first_post_at or stored.last_post_at, spans=found)
