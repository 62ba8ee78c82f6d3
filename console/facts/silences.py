"""Silences and maintenance windows, and the fact that one has begun, ended or changed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class HidingKind(StrEnum):
    """What hides alerts."""

    SILENCE = "silence"
    WINDOW = "window"


class HidingState(Struct, frozen=True, kw_only=True):
    """A silence or a maintenance window as it is now."""

    kind: Annotated[HidingKind, Meta(description="What it is.", examples=["silence"])]
    id: Annotated[int, Meta(description="Its number among its kind.", examples=[4])]
    text: Annotated[
        str, Meta(description="A silence's reason, or a window's name.", examples=["DTAG announced works until noon"])
    ]
    active: Annotated[bool, Meta(description="Whether it hides alerts now.", examples=[True])]
    begins_at: Annotated[
        datetime | None, Meta(description="When it begins, or began.", examples=["2026-11-20T10:00:00Z"])
    ]
    ends_at: Annotated[datetime | None, Meta(description="When it ends, or ended.", examples=["2026-11-20T12:00:00Z"])]


class SilenceChanged(Struct, frozen=True, tag_field="type", tag="silence.changed"):
    """A silence or a maintenance window was made, has begun, has ended, or names a rule that was renamed."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="Which one: its kind and number.", examples=["silence:4"])]
    data: Annotated[HidingState, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The alerts' topic."""
    return ("alerts",)
