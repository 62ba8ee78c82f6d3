"""What a health check says of the intake, for the whole installation: counts and times, and no organization's name."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.streamer.rules import FAILED, WAITING_TOO_LONG
from console.streamer.tables import streamer_health, streamer_posts, unknown_records

h, p = streamer_health.c, streamer_posts.c


async def check_streams(connection: AsyncConnection) -> str:
    """Whether every organization's Data Streamer posts, as it was last judged. LookupError if one does not."""
    failed = h.state.in_([*FAILED])
    query = sa.select(
        sa.func.count(sa.distinct(h.organization_id)),
        sa.func.count(sa.distinct(h.organization_id)).filter(failed),
        sa.func.min(h.since).filter(failed),
    )
    used, silent, since = (await connection.execute(query)).one()
    if silent:
        raise LookupError(f"no posts as they usually come for {silent} of {used} organizations, since {_said(since)}")
    return f"posts come for {used} organizations" if used else "not used"


async def check_waiting(connection: AsyncConnection, now: datetime) -> str:
    """How long posts wait to be taken in, and what was set aside. LookupError beyond WAITING_TOO_LONG."""
    open_ = p.failure.is_(None)
    query = sa.select(
        sa.func.count().filter(open_), sa.func.min(p.received_at).filter(open_), sa.func.count().filter(sa.not_(open_))
    )
    posts, oldest, posts_aside = (await connection.execute(query)).one()
    records_aside = (await connection.execute(sa.select(sa.func.count()).select_from(unknown_records))).scalar_one()
    waited = (now - oldest).total_seconds() if oldest else 0.0
    waiting = f"{posts} posts wait, the oldest for {max(0.0, waited):.0f} s" if posts else "no posts wait"
    said = f"{waiting}; set aside: {posts_aside} posts, {records_aside} records"
    if waited > WAITING_TOO_LONG.total_seconds():
        raise LookupError(said)
    return said


def _said(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
