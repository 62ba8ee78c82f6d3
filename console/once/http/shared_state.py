"""State that all workers share in Redis. Without Redis no calls are made to 1NCE."""

from typing import Any

from redis.exceptions import RedisError

from console.once.errors import Unavailable

OUT_OF_REACH = (RedisError, OSError)


async def shared(asking: Any) -> Any:
    """What Redis answers. Raises Unavailable when it is out of reach: the rate limit cannot be kept then."""
    try:
        return await asking
    except OUT_OF_REACH as error:
        message = f"Redis, which holds the rate limit and the circuit breaker, is out of reach: {error}"
        raise Unavailable(message, maybe_done=False) from error


def text(value: Any) -> str | None:
    """Redis answers bytes or text, depending on how its client was made."""
    return value.decode() if isinstance(value, bytes) else value
