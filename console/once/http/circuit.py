"""How an account stands with 1NCE, as all workers know it through Redis: does it answer, and what does it offer.

The line is a circuit breaker: after some failures in a row nobody asks for a while, which doubles each time; then one
call tries, and its answer closes or opens the line again. Being throttled is no failure, and neither is a refusal: 1NCE
answers.
"""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct, json
from redis.asyncio import Redis

from console.once.errors import CircuitOpen, NotOffered
from console.once.http.capabilities import SIMS_IN_DOUBT, TRIED_AGAIN, sentence, unseen
from console.once.http.circuit_scripts import ANSWERED, ENTER, FAILED
from console.once.http.notices import BreakerMoved, CapabilityFound, CapabilityLost, LineState, Notice, Noticed
from console.once.http.shared_state import OUT_OF_REACH, shared, text
from console.once.operations import Operation


class Patience(Struct, frozen=True):
    """When 1NCE is left alone, and for how long: an hour without it costs some twenty requests of all workers."""

    failures: int = 8  # in a row
    first_seconds: float = 5.0
    longest_seconds: float = 300.0
    try_seconds: float = 45.0  # a call that tries has so long before another may


class Entry(Struct, frozen=True):
    """A call that may be made. `news`: its success would change what is known. `tries`: though the line is open."""

    news: bool
    tries: bool


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

    def __init__(self, redis: Redis, organization: str, patience: Patience, noticed: Noticed | None) -> None:
        self._redis = redis
        self._patience = patience
        keys = ("line", "off", "met", "doubt:")
        self._line, self._off, self._met, self._doubt = (f"once:{organization}:{what}" for what in keys)
        self._enter, self._answered, self._failed = map(redis.register_script, (ENTER, ANSWERED, FAILED))
        self._noticed = noticed

    async def enter(self, operation: Operation, *, whatever: bool = False) -> Entry:
        """May this be asked now? Raises CircuitOpen or NotOffered, and Unavailable when Redis can't say.

        With `whatever` it may, and serves as a try.
        """
        if operation.guessed and not whatever and not await shared(self._redis.sismember(self._met, operation.metric)):
            raise NotOffered(0, unseen(operation))
        args: list[str | int] = [operation.metric, int(self._patience.try_seconds * 1e6), int(whatever)]
        told, *rest = await shared(self._enter(keys=self._keys(operation), args=args))
        word = text(told)
        if word == "off":
            kept = json.decode(rest[0], type=SwitchedOff)
            raise NotOffered(kept.status, kept.sentence)
        if word == "open":
            raise _left_alone(text(rest[1]), rest[0] / 1e6)
        if word == "try" and rest[0]:
            await self._notice(BreakerMoved(state=LineState.HALF_OPEN, reason="one call tries", failures=0, at=_now()))
        return Entry(bool(rest[1]), word == "try")

    async def confirm(self, entry: Entry) -> None:
        """Whoever waited for a token or a slot asks again: raises CircuitOpen if the line was opened meanwhile."""
        if entry.tries:
            return
        state, until, reason = await shared(self._redis.hmget(self._line, ["state", "until", "reason"]))
        if state is not None:
            raise _left_alone(text(reason), max(int(until) / 1e6 - _now().timestamp(), 0.0))

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
        bounds = [int(seconds * 1e6) for seconds in (self._patience.first_seconds, self._patience.longest_seconds)]
        args: list[str | int] = [self._patience.failures, *bounds, reason]
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

    async def met(self, operation: Operation) -> None:
        """An operation that no document shows has given an answer that could be read: it is used from now on."""
        if await shared(self._redis.sadd(self._met, operation.metric)):
            await self._notice(CapabilityFound(operation=operation.metric, at=_now()))

    async def now(self) -> Stands:
        """How the account stands, as Redis has it."""
        async with self._redis.pipeline() as pipe:
            pipe.hmget(self._line, ["state", "reason"])
            pipe.hgetall(self._off)
            (state, reason), off = await shared(pipe.execute())
        return Stands(
            line=LineState(text(state) or LineState.CLOSED),
            reason=text(reason) or "",
            off={text(name) or "": json.decode(kept, type=SwitchedOff).sentence for name, kept in off.items()},
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

    async def _note(self, reporter: Awaitable[Any], otherwise: Any) -> Any:
        """What is noted after a call must not make a failure of it: if Redis is away, it is not noted."""
        try:
            return await reporter
        except OUT_OF_REACH:
            return otherwise


def _left_alone(reason: str | None, seconds: float) -> CircuitOpen:
    return CircuitOpen(f"1NCE is left alone for a while: {reason}", retry_after=seconds)


def _now() -> datetime:
    return datetime.now(UTC)
