"""Everything that a browser or a program can be told, and the topic that each of it travels on.

A fact carries the new state of a thing, never an increment: hearing it twice does no harm.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from console.states import AccountTold, EventTold, JobRunTold, SimState, Sms, StreamTold, UsageTold


class SmsStatus(StrEnum):
    """How far a message has come."""

    PENDING = "pending"
    BUFFERED = "buffered"  # a network has it, the device not yet
    DELIVERED = "delivered"
    FAILED = "failed"
    EXPIRED = "expired"


SMS_OPEN = frozenset({SmsStatus.PENDING, SmsStatus.BUFFERED})


class SimChanged(Struct, frozen=True, tag_field="type", tag="sim.changed"):
    """A SIM's new state."""

    time: datetime
    subject: str
    data: SimState


class SimUsage(Struct, frozen=True, tag_field="type", tag="sim.usage"):
    """A SIM's usage of a day."""

    time: datetime
    subject: str
    data: UsageTold


class SimEvent(Struct, frozen=True, tag_field="type", tag="sim.event"):
    """Something happened on the network."""

    time: datetime
    subject: str | None
    data: EventTold


class SmsChanged(Struct, frozen=True, tag_field="type", tag="sms.changed"):
    """A message's new state."""

    time: datetime
    subject: str  # the ICCID
    data: Sms


class SimsSynced(Struct, frozen=True, tag_field="type", tag="sims.synced"):
    """A job has gone over the fleet."""

    time: datetime
    subject: str  # the job's name
    data: JobRunTold


class AccountChanged(Struct, frozen=True, tag_field="type", tag="account.changed"):
    """The line to 1NCE, or what 1NCE offers there, is another than before."""

    time: datetime
    subject: None
    data: AccountTold


class StreamerChanged(Struct, frozen=True, tag_field="type", tag="streamer.changed"):
    """The Data Streamer has gone quiet, or has come back."""

    time: datetime
    subject: str  # the kind of record
    data: StreamTold


Fact = SimChanged | SimUsage | SimEvent | SmsChanged | SimsSynced | AccountChanged | StreamerChanged

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Fact] = msgspec.json.Decoder(Fact)


def encode(fact: Fact) -> bytes:
    """The fact as one line of JSON, without the sequence number that it gets when it is told."""
    return _encoder.encode(fact)


def decode(body: bytes) -> Fact:
    """The fact that `encode` wrote."""
    return _decoder.decode(body)


def kind(fact: Fact) -> str:
    """The word under `type` on the wire: "sim.changed", ..."""
    tag: Any = fact.__struct_config__.tag
    return str(tag)


FLEET_KINDS = frozenset({"sim.changed", "sim.usage", "sim.event", "sims.synced"})


def topics(kind_: str, subject: str | None) -> tuple[str, ...]:
    """The topics that a fact travels on: the fleet's, and the SIM's own."""
    if kind_ in ("sims.synced", "streamer.changed"):
        return ("fleet", "jobs")
    if kind_ == "sms.changed" and subject:
        return ("sms", "fleet", f"sim:{subject}")
    if kind_ == "account.changed":
        return ("account", "fleet", "jobs")
    if kind_ in FLEET_KINDS:
        return ("fleet", f"sim:{subject}") if subject else ("fleet",)
    return (kind_.split(".", 1)[0] + "s",)
