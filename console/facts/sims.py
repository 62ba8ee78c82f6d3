"""A SIM as it is now, and the fact that it has changed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct


class Connection(StrEnum):
    """What 1NCE says of a SIM's place on the network."""

    ONLINE = "online"  # a PDP session is open
    ATTACHED = "attached"  # seen by a network, not yet reported gone: may be 1-2 days stale
    OFFLINE = "offline"
    BLOCKED = "blocked"


class SimState(Struct, frozen=True, kw_only=True):
    """A SIM as a row of the screen, an item of the API and the body of a fact: the same everywhere.

    Volumes in bytes, times UTC. `None` is "1NCE has not said", never zero.
    """

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.")]
    label: Annotated[str | None, Meta(description="The name that people gave it.")] = None
    status: Annotated[str | None, Meta(description="`enabled`, `disabled`, or 1NCE's own word in lower case.")] = None
    connection: Annotated[
        str | None,
        Meta(
            description="`online`: a PDP session is open; `attached`: seen by a network, may be a day or two old; "
            "`offline`; `blocked`; or 1NCE's own word in lower case."
        ),
    ] = None
    imsi: Annotated[str | None, Meta(description="The subscriber's identity on the network.")] = None
    msisdn: Annotated[str | None, Meta(description="The phone number, without the plus sign.")] = None
    imei: Annotated[str | None, Meta(description="The device that it is in.")] = None
    imei_lock: Annotated[bool | None, Meta(description="Whether it works in that device only.")] = None
    ip_address: Annotated[str | None, Meta(description="Its fixed address inside 1NCE's network.")] = None
    operator: Annotated[str | None, Meta(description="The network that serves it.")] = None
    country: Annotated[str | None, Meta(description="ISO 3166 alpha-2, upper case.")] = None
    rat: Annotated[str | None, Meta(description="The radio access technology: LTE, NB-IoT, 2G, …")] = None
    apn: Annotated[str | None, Meta(description="The access point name.")] = None
    cell: Annotated[str | None, Meta(description="lac/ci or tac/eci, as the network names it.")] = None
    session_started_at: Annotated[datetime | None, Meta(description="When the open PDP session began.")] = None
    last_seen_at: Annotated[datetime | None, Meta(description="When a network last reported it.")] = None
    data_left_bytes: Annotated[
        int | None, Meta(description="Bytes left of the data quota; may be negative, as 1NCE reports it.")
    ] = None
    data_total_bytes: Annotated[int | None, Meta(description="Bytes after the last top-up.")] = None
    data_quota: Annotated[str | None, Meta(description="`active`, `exhausted`, `expired`.")] = None
    data_expires_at: Annotated[datetime | None, Meta(description="When the data quota ends.")] = None
    sms_left: Annotated[int | None, Meta(description="Messages left.")] = None
    sms_total: Annotated[int | None, Meta(description="Messages after the last top-up.")] = None
    sms_quota: Annotated[str | None, Meta(description="`active`, `exhausted`, `expired`.")] = None
    activated_at: Annotated[datetime | None, Meta(description="When it was first activated.")] = None
    confirmed_at: Annotated[datetime | None, Meta(description="When 1NCE last confirmed the connection.")] = None
    confirmed_by: Annotated[
        str | None, Meta(description="How: `poll` (Management API) or `streamer` (Data Streamer).")
    ] = None
    changed_at: Annotated[datetime | None, Meta(description="When anything here last changed.")] = None
    missing: Annotated[bool, Meta(description="1NCE's inventory no longer lists it.")] = False
    tags: Annotated[list[str], Meta(description="Your own words for it, in lower case, sorted.")] = []
    note: Annotated[str | None, Meta(description="Your own note, at most 2,000 characters.")] = None
    custom_fields: Annotated[
        dict[str, str], Meta(description="Your own fields, such as `site`, `customer` or `device_model`.")
    ] = {}
    edits: Annotated[int, Meta(description="Rises by one with each change of tags, note or custom fields.")] = 0
    watched: Annotated[
        bool, Meta(description="False once somebody has stopped watching it: then no list or total has it.")
    ] = True
    revision: Annotated[int, Meta(description="Rises by one with each change of this SIM.")] = 0


class SimChanged(Struct, frozen=True, tag_field="type", tag="sim.changed"):
    """A SIM's new state."""

    time: Annotated[datetime, Meta(description="When it happened.")]
    subject: Annotated[str, Meta(description="The ICCID.")]
    data: Annotated[SimState, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The fleet's topic, and the SIM's own."""
    return ("fleet", f"sim:{subject}") if subject else ("fleet",)
