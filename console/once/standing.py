"""How an account stands with 1NCE, as all workers know it through Redis: does it answer, and what does it offer.

The line is a circuit breaker: after FAILURES in a row nobody asks for a while, which doubles from FIRST_SECONDS to
LONGEST_SECONDS; then one call tries, and its answer closes or opens the line again. Being throttled is no failure, and
neither is a refusal: 1NCE answers.
"""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct, json
from redis.asyncio import Redis
from redis.exceptions import RedisError

from console.once.capabilities import SIMS_IN_DOUBT, TRIED_AGAIN, sentence
from console.once.errors import CircuitOpen, NotOffered, Unavailable
from console.once.notices import BreakerMoved, CapabilityFound, CapabilityLost, LineState, Notice, Noticed
from console.once.operations import Operation

FAILURES = 8
FIRST_SECONDS = 5.0
LONGEST_SECONDS = 300.0
PROBE_SECONDS = 45.0  # a call that tries has so long before another may

# KEYS: line, switched off, doubt. ARGV: operation, microseconds for a try, "1" to ask whatever the line is.
# Answers {"off", what is kept of it}, {"open", microseconds, reason}, {"try", was it moved, there is news in success}
# or {"go", 0, there is news in success}.
_ENTER = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local news = redis.call('EXISTS', KEYS[3])
local off = redis.call('HGET', KEYS[2], ARGV[1])
if off then
  if now < tonumber(cjson.decode(off).again_us) and ARGV[3] ~= '1' then return {'off', off} end
  news = 1
end
local line = redis.call('HMGET', KEYS[1], 'state', 'until', 'failures', 'reason')
if line[1] then
  local left = tonumber(line[2]) - now
  if left > 0 and ARGV[3] ~= '1' then return {'open', left, line[4]} end
  redis.call('HSET', KEYS[1], 'state', 'half_open', 'until', string.format('%.0f', now + ARGV[2]))
  return {'try', line[1] == 'open' and 1 or 0, 1}
end
if line[3] then news = 1 end
return {'go', 0, news}
"""

# KEYS: line, switched off, doubt. ARGV: operation. Answers {was the line moved, was it switched off}.
_ANSWERED = """
local state = redis.call('HGET', KEYS[1], 'state')
redis.call('DEL', KEYS[1], KEYS[3])
return {state and 1 or 0, redis.call('HDEL', KEYS[2], ARGV[1])}
"""

# KEYS: line. ARGV: failures until it opens, first and longest wait in microseconds, reason.
# Answers {failures, microseconds until the next try, 0 if nothing moved}.
_FAILED = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
local state = redis.call('HGET', KEYS[1], 'state')
redis.call('EXPIRE', KEYS[1], 86400)
if state == 'open' then return {failures, 0, 1} end
if not state and failures < tonumber(ARGV[1]) then return {failures, 0, 0} end
local opened = redis.call('HINCRBY', KEYS[1], 'opened', 1)
local wait = math.min(ARGV[2] * 2 ^ (opened - 1), tonumber(ARGV[3]))
redis.call('HSET', KEYS[1], 'state', 'open', 'until', string.format('%.0f', now + wait), 'reason', ARGV[4])
return {failures, wait, 1}
"""


class Entry(Struct, frozen=True):
    """A call that may be made. `news`: its success would change what is known."""

    news: bool


class SwitchedOff(Struct, frozen=True):
    """An operation that is not asked for, as it is kept."""

    sentence: str
    status: int
    again_us: int


class Stands(Struct, frozen=True, kw_only=True):
    """How an account stands now: its line, and the sentence of each operation that is switched off."""

    line: LineState
    reason: str
    off: dict[str, str]


class Standing:
    """One account's standing, shared by all who ask for it. `noticed` hears of each change, once."""

    def __init__(self, redis: Redis, organization: str, noticed: Noticed | None) -> None:
        self._redis = redis
        self._line, self._off, self._doubt = (f"once:{organization}:{what}" for what in ("line", "off", "doubt:"))
        self._enter, self._answered, self._failed = map(redis.register_script, (_ENTER, _ANSWERED, _FAILED))
        self._noticed = noticed

    async def enter(self, operation: Operation, *, whatever: bool = False) -> Entry:
        """May this be asked now? Raises CircuitOpen or NotOffered, and Unavailable when Redis can't say.

        With `whatever` it may, and serves as a try.
        """
        args: list[str | int] = [operation.metric, int(PROBE_SECONDS * 1e6), int(whatever)]
        word, *rest = await self._ask(self._enter(keys=self._keys(operation), args=args))
        if word == b"off":
            kept = json.decode(rest[0], type=SwitchedOff)
            raise NotOffered(kept.status, kept.sentence)
        if word == b"open":
            raise CircuitOpen(f"1NCE is left alone for a while: {rest[1].decode()}", retry_after=rest[0] / 1e6)
        if word == b"try" and rest[0]:
            await self._notice(BreakerMoved(state=LineState.HALF_OPEN, reason="one call tries", failures=0, at=_now()))
        return Entry(bool(rest[1]))

    async def answered(self, operation: Operation, entry: Entry) -> None:
        """1NCE has answered, if only with a refusal: the line is good."""
        if entry.news:
            await self._mend(self._keys(operation)[:1], operation, offered=False)

    async def offered(self, operation: Operation, entry: Entry) -> None:
        """1NCE has done what it was asked for: so it offers it."""
        if entry.news:
            await self._mend(self._keys(operation), operation, offered=True)

    async def _mend(self, keys: list[str], operation: Operation, *, offered: bool) -> None:
        keys += [] if offered else ["once:nothing", "once:nothing"]
        moved, found = await self._note(self._answered(keys=keys, args=[operation.metric]), (0, 0))
        if moved:
            await self._notice(BreakerMoved(state=LineState.CLOSED, reason="1NCE answers", failures=0, at=_now()))
        if found:
            await self._notice(CapabilityFound(operation=operation.metric, at=_now()))

    async def failed(self, reason: str) -> bool:
        """1NCE gave no proper answer; whether it is to be left alone now."""
        args: list[str | int] = [FAILURES, int(FIRST_SECONDS * 1e6), int(LONGEST_SECONDS * 1e6), reason]
        failures, wait, is_open = await self._note(self._failed(keys=[self._line], args=args), (0, 0, 0))
        if wait:
            now = _now()
            until = now + timedelta(microseconds=wait)
            moved = BreakerMoved(state=LineState.OPEN, reason=reason, failures=failures, at=now, until=until)
            await self._notice(moved)
        return bool(is_open)

    async def doubt(self, operation: Operation, iccid: str) -> bool:
        """A SIM that exists was refused: whether that makes enough of them."""
        key = self._doubt + operation.metric
        async with self._redis.pipeline() as pipe:
            pipe.sadd(key, iccid)
            pipe.expire(key, TRIED_AGAIN)
            pipe.scard(key)
            return int((await self._note(pipe.execute(), (0, 0, 0)))[2]) >= SIMS_IN_DOUBT

    async def absent(self, operation: Operation, status: int) -> NotOffered:
        """1NCE does not offer this: switch it off for a day. What to raise."""
        at = _now()
        again_at = at + TRIED_AGAIN
        kept = SwitchedOff(sentence(operation, status, at), status, int(again_at.timestamp() * 1e6))
        await self._note(self._redis.hset(self._off, operation.metric, json.encode(kept)), 0)  # type: ignore[arg-type]
        lost = CapabilityLost(operation=operation.metric, reason=kept.sentence, status=status, at=at, again_at=again_at)
        await self._notice(lost)
        return NotOffered(status, kept.sentence)

    async def now(self) -> Stands:
        """How the account stands, as Redis has it."""
        async with self._redis.pipeline() as pipe:
            pipe.hmget(self._line, ["state", "reason"])
            pipe.hgetall(self._off)
            (state, reason), off = await self._ask(pipe.execute())
        return Stands(
            line=LineState(state.decode()) if state else LineState.CLOSED,
            reason=reason.decode() if reason else "",
            off={name.decode(): json.decode(kept, type=SwitchedOff).sentence for name, kept in off.items()},
        )

    def _keys(self, operation: Operation) -> list[str]:
        return [self._line, self._off, self._doubt + operation.metric]

    async def _notice(self, notice: Notice) -> None:
        """Tell the house; what it makes of it must not harm the call."""
        if self._noticed is not None:
            try:
                await self._noticed(notice)
            except Exception:
                structlog.get_logger("once").exception("a notice could not be kept", notice=type(notice).__name__)

    async def _note(self, noting: Awaitable[Any], otherwise: Any) -> Any:
        """What is noted after a call must not make a failure of it: if Redis is away, it is not noted."""
        try:
            return await noting
        except (RedisError, OSError):
            return otherwise

    async def _ask(self, asking: Awaitable[Any]) -> Any:
        try:
            return await asking
        except (RedisError, OSError) as error:
            raise Unavailable(
                f"Redis, which knows how 1NCE answers, is out of reach: {error}", maybe_done=False
            ) from error


def _now() -> datetime:
    return datetime.now(UTC)
