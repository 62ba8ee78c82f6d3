"""The heads of the chains as they are kept outside of the database: in Redis, so that removed last lines are missed."""

from redis.asyncio import Redis

from console.audit.chain import Head

KEY = "audit:heads"


async def keep_head(redis: Redis, organization_id: int, head: Head) -> None:
    """Remember where an organization's chain has got to. Only of a chain that still holds the head kept before."""
    await redis.hset(KEY, str(organization_id), f"{head.number}:{head.hmac.hex()}")  # type: ignore[misc]


async def kept_head(redis: Redis, organization_id: int) -> Head | None:
    """Where Redis remembers it to have got to; None if it remembers none."""
    found = await redis.hget(KEY, str(organization_id))  # type: ignore[misc]
    number, _, digest = found.decode().partition(":") if found else ("", "", "")
    return Head(int(number), bytes.fromhex(digest)) if number else None
