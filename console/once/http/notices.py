"""What a house is told when an account's standing at 1NCE changes: once for each change, by the process that saw it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class LineState(StrEnum):
    """Whether 1NCE is asked at all (the circuit breaker's three states)."""

    CLOSED = "closed"  # the circuit is closed: calls go through
    OPEN = "open"  # 1NCE has failed again and again: nobody asks for a while
    HALF_OPEN = "half_open"  # one call tries


class CapabilityLost(Struct, frozen=True, kw_only=True):
    """1NCE does not offer an operation to this account; it is tried again at `again_at`.

    Told anew, with new times, after each attempt in vain.
    """

    operation: str
    reason: str  # a sentence for people
    status: int
    at: datetime
    again_at: datetime


class CapabilityFound(Struct, frozen=True, kw_only=True):
    """An operation that was switched off, or that no document shows, answers after all."""

    operation: str
    at: datetime


class BreakerMoved(Struct, frozen=True, kw_only=True):
    """The line to 1NCE has been opened, tried or closed. `until` is when the next call may try."""

    state: LineState
    reason: str
    failures: int
    at: datetime
    until: datetime | None = None


Notice = CapabilityLost | CapabilityFound | BreakerMoved
Noticed = Callable[[Notice], Awaitable[None]]
