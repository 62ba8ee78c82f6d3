"""Messages to devices and from them, and the fact that one has changed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


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

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    direction: Annotated[str, Meta(description="`mt`: to the device; `mo`: from it.", examples=["mo"])]
    id: Annotated[
        str, Meta(description="1NCE's; messages to devices and from them are numbered apart.", examples=["8901947"])
    ]
    time: Annotated[
        datetime,
        Meta(
            description="When it was submitted, or first reported where 1NCE does not say.",
            examples=["2026-11-20T09:57:00Z"],
        ),
    ]
    status: Annotated[
        str,
        Meta(
            description="`pending`, `buffered` (a network has it), `delivered`, `failed`, `expired`. The last three "
            "are final.",
            examples=["delivered"],
        ),
    ]
    payload: Annotated[
        str | None,
        Meta(
            description="Coded as `dcs` says; null where only its delivery was reported.", examples=["pump 1: 21.5 C"]
        ),
    ] = None
    source_address: Annotated[str | None, Meta(description="Who sent it.", examples=["882285100000001"])] = None
    dest_address: Annotated[str | None, Meta(description="Where the device sent it.", examples=["338"])] = None
    dcs: Annotated[
        int | None, Meta(description="The data coding scheme: 0 GSM 7-bit, 4 binary as hex, 8 UCS-2.", examples=[0])
    ] = None
    udh: Annotated[str | None, Meta(description="The user data header, as hex.")] = None
    part_of: Annotated[str | None, Meta(description="The same in all parts of a long message.")] = None
    part: Annotated[int | None, Meta(description="Which part of a long message this is, from 1.")] = None
    parts: Annotated[int | None, Meta(description="How many parts the long message has.")] = None
    submitted_at: Annotated[
        datetime | None, Meta(description="When it was submitted.", examples=["2026-11-20T09:57:00Z"])
    ] = None
    final_at: Annotated[datetime | None, Meta(description="When it reached its final status.")] = None
    expires_at: Annotated[datetime | None, Meta(description="When 1NCE gives up delivering it.")] = None
    other_id: Annotated[
        str | None,
        Meta(description="1NCE's other id of it: the request to send and the message made of it are numbered apart."),
    ] = None
    source: Annotated[
        str,
        Meta(
            description="Where its state came from: `poll` (Management API), `streamer` (Data Streamer), `forwarder` "
            "(SMS Forwarder).",
            examples=["streamer"],
        ),
    ]


class SmsChanged(Struct, frozen=True, tag_field="type", tag="sms.changed"):
    """A message's new state."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The ICCID.", examples=["8988228066600000001"])]
    data: Annotated[Sms, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The messages' topic, the fleet's, and the SIM's own."""
    return ("sms", "fleet", f"sim:{subject}") if subject else ("sms", "fleet")
