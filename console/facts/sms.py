"""Messages to devices and from them, and the fact that one has changed."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class SmsStatus(StrEnum):
    """How far a message has come."""

    PENDING = "pending"
    BUFFERED = "buffered"  # a network has it, the device not yet
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"


SMS_OPEN = frozenset({SmsStatus.PENDING, SmsStatus.BUFFERED})


class Sms(Struct, frozen=True, kw_only=True):
    """A message to a device (mt) or from one (mo). Each part of a long one stands by itself, as 1NCE counts."""

    iccid: str
    direction: str  # "mt", "mo"
    id: str  # 1NCE's
    time: datetime  # when it was submitted; or when it was first reported, where 1NCE has not said
    status: str  # an SmsStatus
    payload: str | None = None  # None: only its delivery has been reported
    source_address: str | None = None
    dest_address: str | None = None
    dcs: int | None = None  # 0 GSM 7-bit, 4 binary as hex, 8 UCS-2
    udh: str | None = None
    part_of: str | None = None  # the same in all parts of a long message
    part: int | None = None
    parts: int | None = None
    submitted_at: datetime | None = None
    final_at: datetime | None = None
    expires_at: datetime | None = None
    other_id: str | None = None  # 1NCE's other id of it: it numbers an order and the message made of it apart
    source: str  # the Source of what was last learned of it


class SmsChanged(Struct, frozen=True, tag_field="type", tag="sms.changed"):
    """A message's new state."""

    time: datetime
    subject: str  # the ICCID
    data: Sms


def topics(subject: str | None) -> tuple[str, ...]:
    """The messages' topic, the fleet's, and the SIM's own."""
    return ("sms", "fleet", f"sim:{subject}") if subject else ("sms", "fleet")
