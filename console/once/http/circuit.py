"""An organization's circuit breaker and unavailable operations, shared by all workers through Redis.

After `CircuitPolicy.failures` failures in a row the circuit opens: no calls are made for a time that doubles with each
opening. Then one trial call closes it or opens it again. 429 and refusals are answers, hence no failures.
"""

from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from msgspec import Struct, json
from redis.asyncio import Redis

from console.once.errors import CircuitOpen, NotOffered
from console.once.http.capabilities import RETRIED_AFTER, SIMS_IN_DOUBT, unavailable_text, undocumented_text
from console.once.http.changes import (
    CarrierChange,
    CircuitChanged,
    CircuitState,
    OnChange,
    OperationAvailable,
    OperationUnavailable,
)
from console.once.http.circuit_scripts import ACQUIRE, FAILED, SUCCEEDED
from console.once.http.shared_state import OUT_OF_REACH, shared, text
from console.once.operations import Operation


class CircuitPolicy(Struct, frozen=True):
    """When the circuit opens, and for how long: an outage of an hour costs some twenty calls of all workers."""

    failures: int = 8  # in a row
    first_seconds: float = 5.0
    longest_seconds: float = 300.0
    trial_seconds: float = 45.0  # after which a trial call without an answer is replaced by another


class Permit(Struct, frozen=True):
    """A call that may be made. `reports`: success changes the shared state. `is_trial`: the circuit is half open."""

    reports: bool
    is_trial: bool


class UnavailableOperation(Struct, frozen=True):
    """An unavailable operation, as Redis has it."""

    reason: str
    status: int
    retry_at_us: int


class CarrierSnapshot(Struct, frozen=True, kw_only=True):
    """The circuit's state and reason, and the reason of each unavailable operation."""

    circuit: CircuitState
    reason: str
    unavailable: dict[str, str]


class CarrierState:
    """How one organization stands at 1NCE. `on_change` is called for each change, in the process that caused it."""

    def __init__(self, redis: Redis, organization: str, policy: CircuitPolicy, on_change: OnChange | None) -> None:
        self._redis = redis
        self._policy = policy
        keys = ("circuit", "unavailable", "answered", "doubt:")
        self._circuit, self._unavailable, self._answered, self._doubt = (f"once:{organization}:{key}" for key in keys)
        self._acquire, self._succeeded, self._failed = map(redis.register_script, (ACQUIRE, SUCCEEDED, FAILED))
        self._on_change = on_change

    async def acquire(self, operation: Operation, *, force: bool = False) -> Permit:
        """The permit for a call. Raises CircuitOpen, NotOffered, and Unavailable when Redis is out of reach.

        With `force` neither an open circuit nor an unavailable operation prevents it; the call is then a trial.
        """
        if operation.undocumented and not (force or await self._has_answered(operation)):
            raise NotOffered(0, undocumented_text(operation))
        args: list[str | int] = [operation.metric, int(self._policy.trial_seconds * 1e6), int(force)]
        decision, *rest = await shared(self._acquire(keys=self._keys(operation), args=args))
        found = text(decision)
        if found == "unavailable":
            kept = json.decode(rest[0], type=UnavailableOperation)
            raise NotOffered(kept.status, kept.reason)
        if found == "open":
            raise _circuit_open(text(rest[1]), rest[0] / 1e6)
        if found == "trial" and rest[0]:
            change = CircuitChanged(state=CircuitState.HALF_OPEN, reason="one trial call", failures=0, at=_now())
            await self._report(change)
        return Permit(bool(rest[1]), found == "trial")

    async def check(self, permit: Permit) -> None:
        """To be called after waiting for a token or a slot. Raises CircuitOpen if the circuit has opened meanwhile."""
        if permit.is_trial:
            return
        state, until, reason = await shared(self._redis.hmget(self._circuit, ["state", "until", "reason"]))
        if state is not None:
            raise _circuit_open(text(reason), max(int(until) / 1e6 - _now().timestamp(), 0.0))

    async def answered(self, operation: Operation, permit: Permit) -> None:
        """1NCE has answered, perhaps with a refusal: closes the circuit."""
        if permit.reports:
            await self._close(self._keys(operation)[:1], operation, available=False)

    async def succeeded(self, operation: Operation, permit: Permit) -> None:
        """1NCE has carried out the call: closes the circuit and makes the operation available."""
        if permit.reports:
            await self._close(self._keys(operation), operation, available=True)

    async def _close(self, keys: list[str], operation: Operation, *, available: bool) -> None:
        keys += [] if available else ["once:nothing", "once:nothing"]
        closed, found = await _or_else(self._succeeded(keys=keys, args=[operation.metric]), (0, 0))
        if closed:
            await self._report(CircuitChanged(state=CircuitState.CLOSED, reason="1NCE answers", failures=0, at=_now()))
        if found:
            await self._report(OperationAvailable(operation=operation.metric, at=_now()))

    async def failed(self, reason: str) -> bool:
        """Count a call without a proper answer. Returns whether the circuit is open."""
        bounds = [int(seconds * 1e6) for seconds in (self._policy.first_seconds, self._policy.longest_seconds)]
        args: list[str | int] = [self._policy.failures, *bounds, reason]
        failures, wait, is_open = await _or_else(self._failed(keys=[self._circuit], args=args), (0, 0, 0))
        if wait:
            now = _now()
            until = now + timedelta(microseconds=wait)
            opened = CircuitChanged(state=CircuitState.OPEN, reason=reason, failures=failures, at=now, until=until)
            await self._report(opened)
        return bool(is_open)

    async def doubt(self, operation: Operation, iccid: str) -> bool:
        """Count an existing SIM that was refused. Returns whether they prove the operation unavailable."""
        key = self._doubt + operation.metric
        async with self._redis.pipeline() as pipe:
            pipe.sadd(key, iccid)
            pipe.expire(key, RETRIED_AFTER)
            pipe.scard(key)
            return int((await _or_else(pipe.execute(), (0, 0, 0)))[2]) >= SIMS_IN_DOUBT

    async def set_unavailable(self, operation: Operation, status: int) -> NotOffered:
        """Make an operation unavailable for a day. Returns the error to raise."""
        at = _now()
        retry_at = at + RETRIED_AFTER
        kept = UnavailableOperation(unavailable_text(operation, status, at), status, int(retry_at.timestamp() * 1e6))
        stored: Awaitable[int] = self._redis.hset(self._unavailable, operation.metric, json.encode(kept))  # type: ignore[arg-type,assignment]
        await _or_else(stored, 0)
        name, reason = operation.metric, kept.reason
        await self._report(OperationUnavailable(operation=name, reason=reason, status=status, at=at, retry_at=retry_at))
        return NotOffered(status, kept.reason)

    async def set_answered(self, operation: Operation) -> None:
        """An undocumented operation has given a readable answer: it is used from now on."""
        if await shared(self._redis.sadd(self._answered, operation.metric)):
            await self._report(OperationAvailable(operation=operation.metric, at=_now()))

    async def snapshot(self) -> CarrierSnapshot:
        """The state in Redis now."""
        async with self._redis.pipeline() as pipe:
            pipe.hmget(self._circuit, ["state", "reason"])
            pipe.hgetall(self._unavailable)
            (state, reason), found = await shared(pipe.execute())
        return CarrierSnapshot(
            circuit=CircuitState(text(state) or CircuitState.CLOSED),
            reason=text(reason) or "",
            unavailable={
                text(name) or "": json.decode(kept, type=UnavailableOperation).reason for name, kept in found.items()
            },
        )

    async def _has_answered(self, operation: Operation) -> bool:
        return bool(await shared(self._redis.sismember(self._answered, operation.metric)))

    def _keys(self, operation: Operation) -> list[str]:
        return [self._circuit, self._unavailable, self._doubt + operation.metric]

    async def _report(self, change: CarrierChange) -> None:
        """Call `on_change`; its failure is logged and does not fail the call to 1NCE."""
        if self._on_change is not None:
            try:
                await self._on_change(change)
            except Exception:
                structlog.get_logger("once").exception(
                    "a change of the carrier was not recorded", change=type(change).__name__
                )


async def _or_else(writing: Awaitable[Any], otherwise: Any) -> Any:
    """Redis' answer, or `otherwise` when it is out of reach: the call to 1NCE has been made already."""
    try:
        return await writing
    except OUT_OF_REACH:
        return otherwise


def _circuit_open(reason: str | None, seconds: float) -> CircuitOpen:
    return CircuitOpen(f"No calls are made to 1NCE for a while: {reason}", retry_after=seconds)


def _now() -> datetime:
    return datetime.now(UTC)
