"""What all workers keep together in Redis, and what it means when Redis is away: nobody asks 1NCE then."""

from typing import Any

from redis.exceptions import RedisError

from console.once.errors import Unavailable

OUT_OF_REACH = (RedisError, OSError)


async def shared(asking: Any) -> Any:
    """What Redis answers. Raises Unavailable when it is out of reach: who cannot know the pace does not ask."""
    try:
        return await asking
    except OUT_OF_REACH as error:
        message = f"Redis, which keeps the pace and what is known of 1NCE, is out of reach: {error}"
        raise Unavailable(message, maybe_done=False) from error


def text(value: Any) -> str | None:
    """Redis answers bytes or text, depending on how its client was made."""
    return value.decode() if isinstance(value, bytes) else value
