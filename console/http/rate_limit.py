"""How many requests a caller of the API may send. Counted in Redis; if Redis is away, nobody is refused."""

import time

from litestar.types import Scope
from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

WINDOW_SECONDS = 60
REQUESTS_A_MINUTE = 1200


class Allowance(Struct, frozen=True):
    """How many requests a caller has in this minute, and when the next minute begins."""

    limit: int
    remaining: int
    reset: int  # seconds from now

    def headers(self) -> dict[str, str]:
        """As every answer of the API carries them."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.remaining)),
            "X-RateLimit-Reset": str(self.reset),
        }


async def count_request(redis: Redis, handle: str) -> Allowance:
    """Count one request of this caller. `remaining` is negative for one too many."""
    window, into = divmod(time.time(), WINDOW_SECONDS)
    key = f"rate:{handle}:{int(window)}"
    try:
        async with redis.pipeline(transaction=False) as pipe:
            pipe.incr(key)
            pipe.expire(key, WINDOW_SECONDS + 5)
            used = int((await pipe.execute())[0])
    except (RedisError, OSError, TimeoutError):
        used = 0
    return Allowance(REQUESTS_A_MINUTE, REQUESTS_A_MINUTE - used, max(1, int(WINDOW_SECONDS - into)))


async def count_address(redis: Redis, scope: Scope) -> dict[str, str]:
    """Count a request that came without a key, by its address; the rate limit headers of its answer."""
    return (await count_request(redis, address_of(scope))).headers()


def address_of(scope: Scope) -> str:
    """The address that a request came from, as it is counted by."""
    client = scope.get("client")
    return f"address:{client[0] if client else 'unknown'}"
