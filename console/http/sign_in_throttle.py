"""Slows down who guesses passwords. Counted in Redis; if Redis is away, nobody is refused."""

from redis.asyncio import Redis
from redis.exceptions import RedisError

from console.errors import TooMany

GUESSES = 8
GUESS_SECONDS = 300


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
