"""How many requests a caller of the API may send. Counted in Redis; if Redis does not answer, nobody is refused."""

import math
import time

from litestar.types import Scope
from msgspec import Struct
from redis.asyncio import Redis

from console.errors import TooMany
from console.http.authentication import Connection, may_change
from console.http.client_address import network_of
from console.http.windows import Window, take_and_see
from console.store.changes import Changed

WINDOW_SECONDS = 60
REQUESTS_A_MINUTE = 1200
COUNTED_FOR = "counted_for"  # where a request's state has the handle that it was counted by
ACTIONS_A_MINUTE = 600  # of these, requests that may change something


class Allowance(Struct, frozen=True):
    """How many requests a caller may still send, and when it may send all of them again."""

    limit: int
    remaining: int
    reset_unix_seconds: int
    wait_seconds: int  # 0 for a request that was not one too many
    changed: Changed = Changed()  # when it was counted

    def headers(self) -> dict[str, str]:
        """As every answer of the API carries them."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_unix_seconds),
        }


async def count_request(redis: Redis, handle: str, now: float, *, acts: bool = False) -> Allowance:
    """Count one request of this caller; one too many is not counted. `now` in seconds since 1970.

    `acts`: it may change something, and counts as such too. What is left is said of the window that is the nearer to
    its end.
    """
    windows = [Window(f"rate:{handle}", REQUESTS_A_MINUTE, WINDOW_SECONDS)]
    if acts:
        windows.append(Window(f"rate:acts:{handle}", ACTIONS_A_MINUTE, WINDOW_SECONDS))
    counts, changed = await take_and_see(redis, windows, now)
    pairs = zip(windows, counts, strict=True)
    window, count = min(pairs, key=lambda one: (not one[1].wait_seconds, one[0].limit - one[1].used))
    whole_at = math.floor(now / WINDOW_SECONDS) * WINDOW_SECONDS + 2 * WINDOW_SECONDS
    return Allowance(window.limit, max(0, window.limit - count.used), whole_at, count.wait_seconds, changed)


async def count_on(redis: Redis, connection: Connection, handle: str) -> Allowance:
    """Count a request, with what it leaves for the headers of its answer. Raises TooMany for one too many.

    One that was counted already, as this caller's, is not counted again.
    """
    state = connection.scope["state"]
    if state.get(COUNTED_FOR) != handle:
        state["allowance"] = await count_request(redis, handle, time.time(), acts=may_change(connection))
    allowance: Allowance = state["allowance"]
    if allowance.wait_seconds:
        what = "requests" if allowance.limit == REQUESTS_A_MINUTE else "requests that change something"
        raise TooMany(f"At most {allowance.limit} {what} a minute", retry_after=allowance.wait_seconds)
    return allowance


def handle_of(scope: Scope) -> str:
    """What a request of somebody unknown is counted by: its network."""
    return f"network:{network_of(scope)}"
