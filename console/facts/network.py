"""What 1NCE reports of a SIM's network life."""

from datetime import datetime

from msgspec import Struct


class NetworkEvent(Struct, frozen=True, kw_only=True):
    """A network event, as 1NCE wrote it."""

    id: int
    iccid: str | None
    time: datetime
    type: int | None
    name: str  # 1NCE's text of the type
    severity: str  # "info", "warn", "error", "critical"
    description: str
    operator: str | None = None
    country: str | None = None
    cause: str | None = None


class NetworkEventReported(Struct, frozen=True, tag_field="type", tag="network.event"):
    """1NCE has reported a network event."""

    time: datetime
    subject: str | None
    data: NetworkEvent
