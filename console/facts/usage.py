"""What a SIM has used on a day, and the fact that it has risen."""

from datetime import datetime

from msgspec import Struct


class SimDayUsage(Struct, frozen=True, kw_only=True):
    """What a SIM has used on one UTC day, after new usage records came in."""

    iccid: str
    day: str  # "2026-11-20"
    data_bytes: int
    sms: int


class SimUsageChanged(Struct, frozen=True, tag_field="type", tag="sim.usage"):
    """A SIM's usage of a day."""

    time: datetime
    subject: str
    data: SimDayUsage
