"""Who has the page of an alert open: in Redis alone, for as long as their browsers say so."""

from datetime import datetime

from redis.asyncio import Redis
from redis.exceptions import RedisError

LOOKING_SECONDS = 40  # pages say so each 15 seconds
MOST = 20


def _key(organization_id: int, alert_id: int) -> str:
    return f"looking:{organization_id}:{alert_id}"


async def who_looks(redis: "Redis", organization_id: int, alert_id: int, now: datetime) -> list[str] | None:
    """The names of those who have it open. None: not known, Redis does not answer."""
    since = now.timestamp() - LOOKING_SECONDS
    try:
        found = await redis.zrange(_key(organization_id, alert_id), since, "+inf", byscore=True, offset=0, num=MOST)
    except (RedisError, OSError, TimeoutError):
        return None
    return sorted(one.decode() for one in found)


async def looking_too(
    redis: "Redis", organization_id: int, alert_id: int, name: str, now: datetime
) -> list[str] | None:
    """Note that somebody has it open; the names of the others who have. None: not known, Redis does not answer."""
    key, since = _key(organization_id, alert_id), now.timestamp() - LOOKING_SECONDS
    try:
        async with redis.pipeline(transaction=True) as pipeline:
            pipeline.zremrangebyscore(key, "-inf", since)
            pipeline.zadd(key, {name: now.timestamp()})
            pipeline.expire(key, LOOKING_SECONDS)
            pipeline.zrange(key, 0, MOST)
            found = (await pipeline.execute())[-1]
    except (RedisError, OSError, TimeoutError):
        return None
    return sorted(one.decode() for one in found if one.decode() != name)
