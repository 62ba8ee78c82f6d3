"""A flag of an organization as it is now, and the fact that somebody has changed it."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class FlagState(Struct, frozen=True, kw_only=True):
    """What a flag is now, who is responsible for it, and why it is so."""

    name: Annotated[str, Meta(description="Its name.", examples=["spending"])]
    on: Annotated[bool, Meta(description="Whether it is on.", examples=[False])]
    on_by_default: Annotated[bool, Meta(description="What it is where nobody has changed it.", examples=[True])]
    means: Annotated[
        str,
        Meta(description="What it decides.", examples=["Top-ups may be asked for, and are sent to 1NCE."]),
    ]
    owner: Annotated[
        str | None, Meta(description="Who is responsible for it; null where nobody has changed it.", examples=["ada"])
    ] = None
    reason: Annotated[
        str | None, Meta(description="Why it was changed last.", examples=["Invoice 4711 is in dispute"])
    ] = None
    changed_by: Annotated[str | None, Meta(description="Who changed it last.", examples=["ada"])] = None
    changed_at: Annotated[datetime | None, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])] = None


class FlagChanged(Struct, frozen=True, tag_field="type", tag="flag.changed"):
    """A flag was changed: what obeys it does so from this moment."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The flag's name.", examples=["spending"])]
    data: Annotated[FlagState, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The flags' topic."""
    return ("flags",)
