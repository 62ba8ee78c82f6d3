"""How an organization's account at 1NCE stands, and the fact that this has changed."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class CircuitStatus(Struct, frozen=True, kw_only=True):
    """Whether calls to 1NCE are let through for an organization: a circuit breaker. Open, it lets none through."""

    state: Annotated[
        str,
        Meta(
            description="`closed`: 1NCE answers; `open`: it does not, and no call is made before `retry_at`; "
            "`half_open`: one call tries it; `unknown`: no call was made yet.",
            examples=["closed"],
        ),
    ] = "unknown"
    reason: Annotated[str | None, Meta(description="Why it is not closed: the last failure.")] = None
    failures: Annotated[int, Meta(description="Consecutive failures.", examples=[0])] = 0
    since: Annotated[
        datetime | None, Meta(description="When it was closed, or ceased to be.", examples=["2026-11-20T00:00:00Z"])
    ] = None
    retry_at: Annotated[datetime | None, Meta(description="When 1NCE is tried again.")] = None
    answered_at: Annotated[
        datetime | None, Meta(description="When 1NCE last answered any call.", examples=["2026-11-20T09:59:58Z"])
    ] = None


class Operation(Struct, frozen=True, kw_only=True):
    """Something that 1NCE can be asked to do, and whether 1NCE offers it to this organization."""

    name: Annotated[str, Meta(description="Its name in jobs and metrics.", examples=["sim.topup"])]
    description: Annotated[str, Meta(description="What it does.", examples=["Top up a SIM"])]
    available: Annotated[
        bool | None,
        Meta(description="Whether 1NCE offers it here; null if it was not called yet.", examples=[False]),
    ] = None
    unavailable_reason: Annotated[
        str | None,
        Meta(description="Why it is not available.", examples=["1NCE has switched this part of its API off."]),
    ] = None
    status: Annotated[int | None, Meta(description="The HTTP status by which 1NCE refused it.", examples=[410])] = None
    since: Annotated[
        datetime | None, Meta(description="Available, or not, from this moment on.", examples=["2026-11-20T07:00:00Z"])
    ] = None
    answered_at: Annotated[
        datetime | None,
        Meta(description="When 1NCE last answered it, with success or refusal.", examples=["2026-11-20T07:00:00Z"]),
    ] = None
    retry_at: Annotated[
        datetime | None,
        Meta(description="When what is not available is tried again.", examples=["2026-11-21T07:00:00Z"]),
    ] = None


class CarrierStatus(Struct, frozen=True, kw_only=True):
    """How an organization's account at 1NCE stands."""

    circuit: Annotated[CircuitStatus, Meta(description="The circuit breaker: whether calls to 1NCE are let through.")]
    operations: Annotated[list[Operation], Meta(description="What 1NCE can be asked to do, in the order of the page.")]


class CarrierChanged(Struct, frozen=True, tag_field="type", tag="carrier.changed"):
    """The circuit breaker, or what 1NCE offers, is not what it was."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[None, Meta(description="Null: it is about the organization.")]
    data: Annotated[CarrierStatus, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The carrier's topic, and those of the pages that say when 1NCE does not answer."""
    return ("carrier", "fleet", "jobs")
