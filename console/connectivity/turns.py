"""Whose turn it is to be asked about: SIMs on a screen first, then those that moved, then the longest unasked."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.tables import checks, sims

SCREEN_SECONDS = 30  # how long a row counts as on a screen after a browser was last known to show it


class Ages(Struct, frozen=True, kw_only=True):
    """How old an answer must be before the same question is asked again."""

    on_screen: timedelta
    moved: timedelta
    rest: timedelta


STATUS = Ages(on_screen=timedelta(seconds=20), moved=timedelta(minutes=2), rest=timedelta(minutes=10))
EVENTS = Ages(on_screen=timedelta(minutes=2), moved=timedelta(minutes=15), rest=timedelta(hours=1))
DATA_QUOTA = Ages(on_screen=timedelta(minutes=5), moved=timedelta(minutes=25), rest=timedelta(minutes=28))
SMS_QUOTA = Ages(on_screen=timedelta(hours=1), moved=timedelta(hours=24), rest=timedelta(hours=24))


def _screen_key(organization_id: int) -> str:
    return f"screen:{organization_id}"


async def show_on_screen(redis: Redis, organization_id: int, iccids: Sequence[str], now: datetime) -> None:
    """Somebody is looking at these SIMs."""
    if iccids:
        key = _screen_key(organization_id)
        await redis.zadd(key, dict.fromkeys(iccids, now.timestamp()))
        await redis.expire(key, SCREEN_SECONDS)


async def on_screen(redis: Redis, organization_id: int, now: datetime) -> list[str]:
    """The SIMs that somebody is looking at; none if Redis is away, for the order is a kindness and not a duty."""
    key, since = _screen_key(organization_id), now.timestamp() - SCREEN_SECONDS
    try:
        await redis.zremrangebyscore(key, "-inf", since)
        return [iccid.decode() for iccid in await redis.zrangebyscore(key, since, "+inf", start=0, num=500)]
    except (RedisError, OSError, TimeoutError):
        return []


async def whose_turn(
    connection: AsyncConnection,
    organization_id: int,
    column: str,
    ages: Ages,
    now: datetime,
    *,
    screen: Sequence[str],
    skip: Sequence[str],
    limit: int,
) -> list[str]:
    """The ICCIDs to ask about next, by the column of `sim_checks` that says when each was last asked about."""
    asked = checks.c[column]
    moment = sa.literal(now, sa.DateTime(timezone=True))
    shown = sims.c.iccid == sa.func.any(sa.literal(list(screen), sa.ARRAY(sa.Text)))
    moved = sims.c.changed_at > moment - sa.literal(timedelta(hours=1))
    age = sa.case(
        (shown, sa.literal(ages.on_screen)),
        (moved, sa.literal(ages.moved)),
        else_=sa.literal(ages.rest),
    )
    rank = sa.case((shown, 0), (asked.is_(None), 1), (moved, 1), else_=2)
    query = (
        sa.select(sims.c.iccid)
        .outerjoin(checks, sa.and_(checks.c.organization_id == sims.c.organization_id, checks.c.iccid == sims.c.iccid))
        .where(
            sims.c.organization_id == organization_id,
            sims.c.missing_walks < 2,
            sims.c.iccid != sa.func.all(sa.literal(list(skip), sa.ARRAY(sa.Text))),
            sa.or_(asked.is_(None), asked < moment - age),
        )
        .order_by(rank, asked.asc().nulls_first(), sims.c.iccid)
        .limit(limit)
    )
    return list((await connection.execute(query)).scalars())
