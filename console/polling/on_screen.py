"""Which SIMs are on a screen: they are polled before all others."""

from collections.abc import Sequence
from datetime import datetime

from redis.asyncio import Redis
from redis.exceptions import RedisError

SCREEN_SECONDS = 30  # how long a row counts as on a screen after a browser was last known to show it
MOST = 500


def _screen_key(organization_id: int) -> str:
    return f"screen:{organization_id}"


async def show_on_screen(redis: Redis, organization_id: int, iccids: Sequence[str], now: datetime) -> None:
    """Somebody is looking at these SIMs."""
    if iccids:
        key = _screen_key(organization_id)
        await redis.zadd(key, dict.fromkeys(iccids, now.timestamp()))
        await redis.expire(key, SCREEN_SECONDS)


async def on_screen(redis: Redis, organization_id: int, now: datetime) -> list[str]:
    """The SIMs that somebody is looking at; none while Redis is down: only the order of polling depends on it."""
    key, since = _screen_key(organization_id), now.timestamp() - SCREEN_SECONDS
    try:
        await redis.zremrangebyscore(key, "-inf", since)
        return [iccid.decode() for iccid in await redis.zrangebyscore(key, since, "+inf", start=0, num=MOST)]
    except (RedisError, OSError, TimeoutError):
        return []
