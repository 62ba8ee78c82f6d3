"""What a SIM has used on a day, and the fact that it has risen."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct


class SimDayUsage(Struct, frozen=True, kw_only=True):
    """What a SIM has used on one UTC day, after new usage records came in."""

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    day: Annotated[str, Meta(description="The UTC day, like `2026-11-20`.", examples=["2026-11-20"])]
    data_bytes: Annotated[int, Meta(description="Data in both directions.", examples=[3_145_728])]
    sms: Annotated[int, Meta(description="Messages.", examples=[1])]


class SimUsageChanged(Struct, frozen=True, tag_field="type", tag="sim.usage"):
    """A SIM's usage of a day."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The ICCID.", examples=["8988228066600000001"])]
    data: Annotated[SimDayUsage, Meta(description="The new state of the thing, never an increment.")]
