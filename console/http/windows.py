"""Sliding windows, counted in Redis: at most so many of something within so many seconds, for all processes together.

Each window is two buckets: the present one, and the one before, which counts for as much of it as the window still
covers, rounded up: no more fit at the turn from one to the next. That takes two short keys however much is counted,
and errs by a few percent where the past was uneven.
"""

import hashlib
import math
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from msgspec import Struct
from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from console.store.changes import WORDS, Changed
from console.store.redis_scripts import ScriptLost, run_script

# KEYS: of each window the present bucket and the one before; then the words of store.changes, which are answered too.
# ARGV: of each window the limit, the weight of the bucket before, and how many seconds the present one is kept. Counts
# one in every window, if none is full. A word that is absent is made: Redis has begun anew.
TAKE = """
local found, full, buckets = {}, false, #ARGV / 3 * 2
for i = 1, buckets, 2 do
  local limit, weight = tonumber(ARGV[(i - 1) / 2 * 3 + 1]), tonumber(ARGV[(i - 1) / 2 * 3 + 2])
  found[i] = tonumber(redis.call('GET', KEYS[i]) or '0')
  found[i + 1] = tonumber(redis.call('GET', KEYS[i + 1]) or '0')
  if found[i] + math.ceil(found[i + 1] * weight) >= limit then full = true end
end
if not full then
  for i = 1, buckets, 2 do
    redis.call('INCR', KEYS[i])
    redis.call('EXPIRE', KEYS[i], ARGV[(i - 1) / 2 * 3 + 3])
  end
end
for i = buckets + 1, #KEYS do
  found[i] = redis.call('GET', KEYS[i])
  if not found[i] then
    found[i] = table.concat(redis.call('TIME'), '.')
    redis.call('SET', KEYS[i], found[i])
  end
end
return found
"""


class Window(Struct, frozen=True):
    """At most `limit` within `seconds`, counted under `key`."""

    key: str
    limit: int
    seconds: int

    def buckets(self, now: float) -> tuple[str, str]:
        """The keys of the present bucket and of the one before. `now` in seconds since 1970."""
        number = int(now // self.seconds)
        return f"{self.key}:{number}", f"{self.key}:{number - 1}"

    def used(self, present: int, before: int, now: float) -> int:
        """How much of the limit is used."""
        return present + math.ceil(before * (1 - now % self.seconds / self.seconds))

    def wait_seconds(self, present: int, before: int, now: float) -> int:
        """How long until one more fits, if nothing else is counted meanwhile; 0 if it fits now."""
        if self.used(present, before, now) < self.limit:
            return 0
        into = now % self.seconds
        if present < self.limit:  # the bucket before weighs too much
            share = (self.limit - present - 1) / before
            return max(1, math.ceil(self.seconds * (1 - share) - into + 0.001))
        share = (self.limit - 1) / present  # of the present one, once it is the one before
        return max(1, math.ceil(self.seconds - into + self.seconds * (1 - share) + 0.001))


class Count(Struct, frozen=True):
    """What a window holds after the attempt to count one more, and how long that must wait if it was full."""

    used: int
    wait_seconds: int


async def take(redis: Redis, windows: Sequence[Window], now: float) -> list[Count]:
    """Count one in all of these windows, or in none of them if one is full: then its `wait_seconds` is not 0.

    If Redis does not answer, nothing is counted and nothing is full.
    """
    return (await take_and_see(redis, windows, now))[0]


async def take_and_see(redis: Redis, windows: Sequence[Window], now: float) -> tuple[list[Count], Changed]:
    """As `take`, and whether anything has changed, as of the same moment."""
    keys = [key for window in windows for key in window.buckets(now)]
    arguments: list[int | float] = []
    for window in windows:
        arguments += (window.limit, 1 - now % window.seconds / window.seconds, 2 * window.seconds + 5)
    try:
        *counted, rows, callers = await _run(redis, [*keys, *WORDS], arguments)
        found = [int(number) for number in counted]
    except (RedisError, OSError, TimeoutError):
        return [Count(0, 0) for _ in windows], Changed()
    pairs = list(zip(windows, found[::2], found[1::2], strict=True))
    waits = [window.wait_seconds(present, before, now) for window, present, before in pairs]
    one = 0 if any(waits) else 1
    counts = [
        Count(window.used(present, before, now) + one, wait)
        for (window, present, before), wait in zip(pairs, waits, strict=True)
    ]
    return counts, Changed(rows, callers)


@cache
def _digest() -> str:
    """What Redis calls the script."""
    return hashlib.sha1(TAKE.encode(), usedforsecurity=False).hexdigest()


async def _run(redis: Redis, keys: Sequence[str], arguments: Sequence[int | float]) -> Sequence[Any]:
    with suppress(ScriptLost):
        return await run_script(redis, _digest(), keys, arguments)
    try:
        found = await redis.evalsha(_digest(), len(keys), *keys, *arguments)  # type: ignore[misc]
    except NoScriptError:  # Redis has begun anew: EVAL keeps it
        found = await redis.eval(TAKE, len(keys), *keys, *arguments)  # type: ignore[misc]
    answer: Sequence[Any] = found
    return answer


async def give_back(
    redis: Redis, windows: Sequence[Window], emptied: Sequence[Window], counted_unix_seconds: float
) -> None:
    """Uncount one in each of `windows`, which was counted at this time, and all of `emptied`."""
    try:
        async with redis.pipeline(transaction=False) as pipe:
            for window in windows:
                pipe.decr(window.buckets(counted_unix_seconds)[0])
            for window in emptied:
                pipe.unlink(*window.buckets(counted_unix_seconds))
            await pipe.execute()
    except (RedisError, OSError, TimeoutError):
        return


async def used(redis: Redis, windows: Sequence[Window], now: float) -> list[int]:
    """How much of each window is used; 0 if Redis does not answer."""
    try:
        found = await redis.mget([key for window in windows for key in window.buckets(now)])
    except (RedisError, OSError, TimeoutError):
        return [0 for _ in windows]
    counts = [int(number or 0) for number in found]
    pairs = zip(windows, counts[::2], counts[1::2], strict=True)
    return [window.used(present, before, now) for window, present, before in pairs]
