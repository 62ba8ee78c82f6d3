"""How fast we ask: one pace for a whole organization, kept by all workers together in Redis and never exceeded.

1NCE counts an organization's requests per second. Every request first gets a slot: a moment that is its own. Slots lie
evenly, a little further apart than the rate says, so that a request may leave up to LATENESS_SECONDS after its moment
and be up to ROAD_SECONDS longer on its way than others, and still no second on 1NCE's clock holds more than the rate.
Who wakes too late for a slot asks for a new one. Commands of people go before background polls: a poll gets a slot
only if few are waiting.
"""

import asyncio
import time
from enum import StrEnum

from redis.asyncio import Redis

from console.once.errors import Throttled
from console.once.http.shared_state import shared

LATENESS_SECONDS = 0.035
ROAD_SECONDS = 0.02
POLL_AHEAD_SLOTS = 2  # a poll is turned away while more slots than this are taken
MISSES_ALLOWED = 10  # slots in a row that a busy process may miss before it says so
LONGEST_PAUSE_SECONDS = 3600.0

# KEYS: next free moment, end of the pause. ARGV: spacing, furthest moment that may be taken (both microseconds).
# Answers {microseconds until the slot, 1}, or {microseconds until a slot, 0} if none was taken.
_RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local slot = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0), tonumber(redis.call('GET', KEYS[2]) or 0))
local wait = slot - now
if wait > tonumber(ARGV[2]) then return {wait, 0} end
redis.call('SET', KEYS[1], string.format('%.0f', slot + ARGV[1]), 'PX', math.ceil((wait + ARGV[1]) / 1000) + 60000)
return {wait, 1}
"""

# KEYS: end of the pause. ARGV: its length in microseconds. A shorter pause never ends a longer one.
_PAUSE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local until_ = now + ARGV[1]
if until_ > tonumber(redis.call('GET', KEYS[1]) or 0) then
  redis.call('SET', KEYS[1], string.format('%.0f', until_), 'PX', math.ceil(ARGV[1] / 1000) + 1)
end
return 1
"""


class Lane(StrEnum):
    """Who is waiting: a person (COMMAND) or nobody (POLL). A loop over a fleet is a POLL, even if a person began it."""

    COMMAND = "command"
    POLL = "poll"


class Pace:
    """An organization's pace. Any number of these may share it, in any number of processes, through Redis."""

    def __init__(
        self, redis: Redis, organization: str, *, requests_per_second: float, max_wait_seconds: float = 30.0
    ) -> None:
        self._redis = redis
        self._keys = [f"once:{organization}:pace", f"once:{organization}:pause"]
        self._reserve = redis.register_script(_RESERVE)
        self._pause = redis.register_script(_PAUSE)
        self._spacing = (1.0 + LATENESS_SECONDS + ROAD_SECONDS) / requests_per_second
        self._max_wait = max_wait_seconds
        self._turns = {lane: asyncio.Lock() for lane in Lane}

    async def slot(self, lane: Lane) -> None:
        """Wait for a moment of one's own; on return, the request must be sent at once.

        Raises Throttled when there is none within `max_wait_seconds`, and Unavailable when Redis is out of reach: an
        unknown pace is not a pace.
        """
        deadline = time.monotonic() + self._max_wait
        try:
            async with asyncio.timeout(self._max_wait):
                await self._turns[lane].acquire()
        except TimeoutError:
            raise Throttled("Too many requests to 1NCE are waiting.", retry_after=self._max_wait) from None
        try:
            await self._take(lane, deadline)
        finally:
            self._turns[lane].release()

    async def pause(self, seconds: float) -> None:
        """Nobody of the organization asks for so many seconds, since 1NCE said so. At most an hour."""
        length = int(min(seconds, LONGEST_PAUSE_SECONDS) * 1e6)
        await shared(self._pause(keys=self._keys[1:], args=[length]))

    async def _take(self, lane: Lane, deadline: float) -> None:
        """Only one waiter of each lane and process is here, so the slots taken ahead are as few as the processes."""
        for _ in range(MISSES_ALLOWED):
            asked = await self._book(lane, deadline)
            if asked is not None and time.monotonic() - asked <= LATENESS_SECONDS:
                return
        raise Throttled("This process is too busy to ask 1NCE at an even pace.", retry_after=1.0)

    async def _book(self, lane: Lane, deadline: float) -> float | None:
        """Take a slot and sleep until it: the earliest moment at which it can have begun, or None if a pause came."""
        while True:
            left = deadline - time.monotonic()
            ahead = left if lane is Lane.COMMAND else min(left, POLL_AHEAD_SLOTS * self._spacing)
            before = time.monotonic()
            microseconds, taken = await shared(
                self._reserve(keys=self._keys, args=[int(self._spacing * 1e6), int(max(ahead, 0) * 1e6)])
            )
            wait = microseconds / 1e6
            if not taken:
                if wait > left:
                    raise Throttled(
                        "1NCE has asked us to wait, or too many requests are before this.", retry_after=wait
                    )
                await asyncio.sleep(max(wait - ahead, self._spacing / 4))
                continue
            if wait <= 0:
                return before
            await asyncio.sleep(wait)
            paused = await shared(self._redis.exists(self._keys[1]))
            return None if paused else before + wait
