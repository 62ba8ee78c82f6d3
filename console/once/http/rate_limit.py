"""The rate limit of an organization, kept by all workers together in Redis and never exceeded.

1NCE counts an organization's requests per second. Every request first reserves a slot: a moment that no other request
has. Slots are spaced evenly, a little further apart than the rate says, so that a request may be sent up to
LATENESS_SECONDS after its moment and take up to NETWORK_JITTER_SECONDS longer than others, and still no second on
1NCE's clock holds more than the rate. A slot that was missed is replaced by another. Commands of people go before
polls: a poll gets a slot only if few are reserved.
"""

import asyncio
import time
from enum import StrEnum

from redis.asyncio import Redis

from console.once.errors import Throttled
from console.once.http.shared_state import shared

LATENESS_SECONDS = 0.035
NETWORK_JITTER_SECONDS = 0.02
POLL_AHEAD_SLOTS = 2  # a poll waits while more slots than this are reserved
MISSES_ALLOWED = 10  # slots in a row that a busy process may miss before Throttled is raised
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
        self._reserve = redis.register_script(_RESERVE)
        self._pause = redis.register_script(_PAUSE)
        self._spacing = (1.0 + LATENESS_SECONDS + NETWORK_JITTER_SECONDS) / requests_per_second
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
        for _ in range(MISSES_ALLOWED):
            sent_at = await self._slot_reached(priority, deadline)
            if sent_at is not None and time.monotonic() - sent_at <= LATENESS_SECONDS:
                return
        raise Throttled("This process is too busy to send requests to 1NCE in their slots.", retry_after=1.0)

    async def _slot_reached(self, priority: CallPriority, deadline: float) -> float | None:
        """Reserve a slot and sleep until it. Returns its earliest moment (monotonic), or None if a pause began."""
        while True:
            left = deadline - time.monotonic()
            ahead = left if priority is CallPriority.COMMAND else min(left, POLL_AHEAD_SLOTS * self._spacing)
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
