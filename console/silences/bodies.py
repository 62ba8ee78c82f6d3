"""What people and programs send about silences and maintenance windows."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

from console.silences.rules import Matcher

LOCAL_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}$"
Matchers = Annotated[list[Matcher], Meta(description="What it hides: alerts that all of these match.")]


class NewSilence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A silence to be made."""

    matchers: Matchers
    reason: Annotated[str, Meta(description="Why.", examples=["DTAG announced works until noon"], max_length=500)]
    ends_at: Annotated[
        datetime, Meta(description="When it ends: an operator's within 24 hours.", examples=["2026-11-20T12:00:00Z"])
    ]
    begins_at: Annotated[
        datetime | None, Meta(description="When it begins; null: at once.", examples=["2026-11-20T10:00:00Z"])
    ] = None


class WindowSetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A maintenance window: what it hides, and when it is open."""

    name: Annotated[str, Meta(description="What it is called.", examples=["Sunday maintenance"])]
    matchers: Matchers
    time_zone: Annotated[str, Meta(description="An IANA time zone.", examples=["Europe/Berlin"], max_length=64)]
    first_begin: Annotated[
        str,
        Meta(
            description="Local time of the first, without seconds and zone.",
            examples=["2026-11-22T02:30"],
            pattern=LOCAL_TIME,
        ),
    ]
    length_minutes: Annotated[int, Meta(description="How long it is open.", examples=[120], ge=5, le=10_080)]
    rule: Annotated[
        Annotated[str, Meta(max_length=200)] | None,
        Meta(
            description="When it opens again, as RFC 5545 writes it, once a day at most; null: never.",
            examples=["FREQ=WEEKLY;BYDAY=SU"],
        ),
    ] = None
