"""How many requests a caller of the API may send. Counted in Redis; if Redis does not answer, nobody is refused."""

import math

from litestar.types import Scope
from msgspec import Struct
from redis.asyncio import Redis

from console.http.client_address import network_of
from console.http.windows import Window, take

WINDOW_SECONDS = 60
REQUESTS_A_MINUTE = 1200


class Allowance(Struct, frozen=True):
    """How many requests a caller may still send, and when it may send all of them again."""

    limit: int
    remaining: int
    reset_unix_seconds: int
    wait_seconds: int  # 0 for a request that was not one too many

    def headers(self) -> dict[str, str]:
        """As every answer of the API carries them."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_unix_seconds),
        }


async def count_request(redis: Redis, handle: str, now: float) -> Allowance:
    """Count one request of this caller; one too many is not counted. `now` in seconds since 1970."""
    window = Window(f"rate:{handle}", REQUESTS_A_MINUTE, WINDOW_SECONDS)
    (count,) = await take(redis, [window], now)
    whole_at = math.floor(now / WINDOW_SECONDS) * WINDOW_SECONDS + 2 * WINDOW_SECONDS
    return Allowance(window.limit, max(0, window.limit - count.used), whole_at, count.wait_seconds)


def handle_of(scope: Scope) -> str:
    """What a request of somebody unknown is counted by: its network."""
    return f"network:{network_of(scope)}"
