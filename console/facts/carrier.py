"""How an organization's account at 1NCE stands, and the fact that this has changed."""

from datetime import datetime

from msgspec import Struct


class CircuitStatus(Struct, frozen=True, kw_only=True):
    """Whether calls to 1NCE are let through for an organization: a circuit breaker. Open, it lets none through."""

    state: str = "unknown"  # "closed" (1NCE answers), "open", "half_open" (one call tries it), "unknown"
    reason: str | None = None  # why it is not closed
    failures: int = 0  # one after the other
    since: datetime | None = None  # when it was closed, or ceased to be
    retry_at: datetime | None = None  # when 1NCE is tried again
    answered_at: datetime | None = None  # when 1NCE last answered anything


class Operation(Struct, frozen=True, kw_only=True):
    """Something that 1NCE can be asked to do, and whether it description it for this account."""

    name: str
    description: str
    available: bool | None = None  # None: not yet asked
    unavailable_reason: str | None = None  # why it is not available
    status: int | None = None  # the HTTP status that said so
    since: datetime | None = None
    answered_at: datetime | None = None  # when 1NCE last answered it, with yes or no
    retry_at: datetime | None = None  # when what is not available is asked for again


class CarrierStatus(Struct, frozen=True, kw_only=True):
    """How an organization's account at 1NCE stands."""

    circuit: CircuitStatus
    operations: list[Operation]


class CarrierChanged(Struct, frozen=True, tag_field="type", tag="carrier.changed"):
    """The circuit breaker, or what 1NCE offers, is not what it was."""

    time: datetime
    subject: None
    data: CarrierStatus


def topics(subject: str | None) -> tuple[str, ...]:
    """The carrier's topic, and those of the pages that say when 1NCE does not answer."""
    return ("carrier", "fleet", "jobs")
