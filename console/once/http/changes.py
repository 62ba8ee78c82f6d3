"""What a client of 1NCE reports of its carrier: once for each change, by the process that made the call."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class CircuitState(StrEnum):
    """The states of the circuit breaker."""

    CLOSED = "closed"  # calls go through
    OPEN = "open"  # no calls until `until`
    HALF_OPEN = "half_open"  # one trial call


class OperationUnavailable(Struct, frozen=True, kw_only=True):
    """1NCE does not offer an operation to this organization; it is tried again at `retry_at`.

    Reported again, with new times, after each trial that fails.
    """

    operation: str
    reason: str  # a sentence for people
    status: int
    at: datetime
    retry_at: datetime


class OperationAvailable(Struct, frozen=True, kw_only=True):
    """An operation that was unavailable, or is not documented, has answered."""

    operation: str
    at: datetime


class CircuitChanged(Struct, frozen=True, kw_only=True):
    """The circuit breaker has changed its state. `until` is when the next trial call may be made."""

    state: CircuitState
    reason: str
    failures: int
    at: datetime
    until: datetime | None = None


CarrierChange = OperationUnavailable | OperationAvailable | CircuitChanged
OnChange = Callable[[CarrierChange], Awaitable[None]]
