"""The rate limit of an organization, kept by all workers together in Redis and never exceeded.

1NCE counts an organization's requests per second. Every request first reserves a slot: a moment that no other request
has. Slots are spaced evenly. At its slot the request is entered in the record of the latest ones, or waits until the
record has room: never more of them than the rate in a second and what LATENESS_SECONDS and NETWORK_JITTER_SECONDS add.
It is sent right after that; a busy process that is later than LATENESS_SECONDS enters it anew. So a request may take
up to NETWORK_JITTER_SECONDS longer than others, and still no second on 1NCE's clock holds more than the rate, and a
process that is late loses no slot. Commands of people go before polls: a poll gets a slot only if few are reserved.
"""

import asyncio
import time
from enum import StrEnum

from redis.asyncio import Redis

from console.once.errors import Throttled
from console.once.http.shared_state import shared

LATENESS_SECONDS = 0.015
NETWORK_JITTER_SECONDS = 0.02
POLL_AHEAD_SLOTS = 2  # a poll waits while more slots than this are reserved
MISSES_ALLOWED = 10  # times in a row that a busy process may be late before Throttled is raised
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

# KEYS: latest requests, end of the pause. ARGV: their number, the span that holds no more, an entry to be taken back.
# Answers {microseconds until there is room, 0}, {0, 0} in a pause, or {0, the entry}. The record holds what it limits.
_ENTER = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
redis.call('LREM', KEYS[1], 1, ARGV[3])
if now < tonumber(redis.call('GET', KEYS[2]) or 0) then return {0, 0} end
local oldest = tonumber(redis.call('LINDEX', KEYS[1], ARGV[1] - 1) or 0)
if oldest > now then redis.call('DEL', KEYS[1]) oldest = 0 end
if now < oldest + ARGV[2] then return {oldest + ARGV[2] - now, 0} end
redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
redis.call('LTRIM', KEYS[1], 0, ARGV[1] - 1)
redis.call('PEXPIRE', KEYS[1], math.ceil(ARGV[2] / 1000) + 1)
return {0, now}
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


class CallPriority(StrEnum):
    """COMMAND if a person waits for the answer, else POLL. A loop over a fleet is a POLL, even if a person began it."""

    COMMAND = "command"
    POLL = "poll"


class RateLimit:
    """The rate limit of an organization, shared through Redis by any number of these in any number of processes."""

    def __init__(
        self, redis: Redis, organization: str, *, requests_per_second: float, max_wait_seconds: float = 30.0
    ) -> None:
        self._redis = redis
        self._keys = [f"once:{organization}:rate", f"once:{organization}:pause"]
        self._latest = f"once:{organization}:latest"
        self._reserve = redis.register_script(_RESERVE)
        self._enter = redis.register_script(_ENTER)
        self._pause = redis.register_script(_PAUSE)
        self._most = max(1, int(requests_per_second))
        self._span = self._most / requests_per_second + LATENESS_SECONDS + NETWORK_JITTER_SECONDS
        self._spacing = self._span / self._most
        self._max_wait = max_wait_seconds
        self._locks = {priority: asyncio.Lock() for priority in CallPriority}

    async def slot(self, priority: CallPriority) -> None:
        """Wait for a slot of one's own; on return, the request must be sent at once.

        Raises Throttled when there is none within `max_wait_seconds`, and Unavailable when Redis is out of reach.
        """
        deadline = time.monotonic() + self._max_wait
        try:
            async with asyncio.timeout(self._max_wait):
                await self._locks[priority].acquire()
        except TimeoutError:
            raise Throttled("Too many requests to 1NCE are waiting.", retry_after=self._max_wait) from None
        try:
            await self._take(priority, deadline)
        finally:
            self._locks[priority].release()

    async def pause(self, seconds: float) -> None:
        """Make no calls of the organization for so many seconds, at most an hour: 1NCE has answered 429."""
        length = int(min(seconds, LONGEST_PAUSE_SECONDS) * 1e6)
        await shared(self._pause(keys=self._keys[1:], args=[length]))

    async def _take(self, priority: CallPriority, deadline: float) -> None:
        """Only one waiter of each priority and process is here, so few slots are reserved ahead."""
        entry = 0
        for _ in range(MISSES_ALLOWED):
            entered_at, entry = await self._entered(priority, deadline, entry)
            if time.monotonic() - entered_at <= LATENESS_SECONDS:
                return
        await shared(self._redis.lrem(self._latest, 1, str(entry)))
        raise Throttled("This process is too busy to send requests to 1NCE in time.", retry_after=1.0)

    async def _entered(self, priority: CallPriority, deadline: float, entry: int) -> tuple[float, int]:
        """The earliest moment (monotonic) of an entry in the record, and the entry. `entry`: one that came too late."""
        in_slot = entry != 0
        while True:
            if not in_slot:
                await self._slot_reached(priority, deadline)
            before = time.monotonic()
            asked = [self._most, int(self._span * 1e6), entry]
            microseconds, entry = await shared(self._enter(keys=[self._latest, self._keys[1]], args=asked))
            if entry:
                return before, entry
            in_slot = microseconds > 0  # else a pause has begun, and its end is the next slot
            wait = microseconds / 1e6
            if wait > deadline - before:
                raise Throttled("Too many requests to 1NCE are before this.", retry_after=wait)
            await asyncio.sleep(wait)

    async def _slot_reached(self, priority: CallPriority, deadline: float) -> None:
        """Reserve a slot and sleep until it."""
        while True:
            left = deadline - time.monotonic()
            ahead = left if priority is CallPriority.COMMAND else min(left, POLL_AHEAD_SLOTS * self._spacing)
            microseconds, taken = await shared(
                self._reserve(keys=self._keys, args=[int(self._spacing * 1e6), int(max(ahead, 0) * 1e6)])
            )
            wait = microseconds / 1e6
            if taken:
                await asyncio.sleep(wait)
                return
            if wait > left:
                raise Throttled("1NCE has asked us to wait, or too many requests are before this.", retry_after=wait)
            await asyncio.sleep(max(wait - ahead, self._spacing / 4))
