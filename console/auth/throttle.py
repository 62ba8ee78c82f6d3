"""Slowing down who guesses passwords, and who asks too much. Counted in Redis; if Redis is away, nobody is kept out."""

import time

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import RedisError

from console.errors import TooMany

WINDOW_SECONDS = 60
REQUESTS_A_MINUTE = 1200
GUESSES = 8
GUESS_SECONDS = 300


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


async def count_guess(redis: Redis, name: str, address: str) -> None:
    """Before a password is checked: TooMany after eight tries in five minutes at one name from one address."""
    key = f"guess:{name.lower()[:100]}:{address}"
    try:
        async with redis.pipeline(transaction=False) as pipe:
            pipe.incr(key)
            pipe.expire(key, GUESS_SECONDS, nx=True)
            pipe.ttl(key)
            tries, _, left = await pipe.execute()
    except (RedisError, OSError, TimeoutError):
        return
    if int(tries) > GUESSES:
        raise TooMany("Too many tries: wait a few minutes", retry_after=max(1, int(left)))


async def forget_guesses(redis: Redis, name: str, address: str) -> None:
    """The password was right."""
    try:
        await redis.delete(f"guess:{name.lower()[:100]}:{address}")
    except (RedisError, OSError, TimeoutError):
        return
