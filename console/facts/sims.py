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

    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    label: Annotated[str | None, Meta(description="The name that people gave it.", examples=["pump-1"])] = None
    status: Annotated[
        str | None, Meta(description="`enabled`, `disabled`, or 1NCE's own word in lower case.", examples=["enabled"])
    ] = None
    connection: Annotated[
        str | None,
        Meta(
            description="`online`: a PDP session is open; `attached`: seen by a network, may be a day or two old; "
            "`offline`; `blocked`; or 1NCE's own word in lower case.",
            examples=["online"],
        ),
    ] = None
    imsi: Annotated[
        str | None,
        Meta(
            description="The subscriber's identity on the network; its last four digits without `identifiers:read`.",
            examples=["901405100000001"],
        ),
    ] = None
    msisdn: Annotated[
        str | None,
        Meta(
            description="The phone number, without the plus sign; its last four digits without `identifiers:read`.",
            examples=["882285100000001"],
        ),
    ] = None
    imei: Annotated[str | None, Meta(description="The device that it is in.", examples=["867648040000001"])] = None
    imei_lock: Annotated[bool | None, Meta(description="Whether it works in that device only.", examples=[False])] = (
        None
    )
    ip_address: Annotated[
        str | None, Meta(description="Its fixed address inside 1NCE's network.", examples=["10.64.0.17"])
    ] = None
    operator: Annotated[str | None, Meta(description="The network that serves it.", examples=["Deutsche Telekom"])] = (
        None
    )
    country: Annotated[str | None, Meta(description="ISO 3166 alpha-2, upper case.", examples=["DE"])] = None
    rat: Annotated[
        str | None, Meta(description="The radio access technology: LTE, NB-IoT, 2G, …", examples=["LTE"])
    ] = None
    apn: Annotated[str | None, Meta(description="The access point name.", examples=["iot.1nce.net"])] = None
    cell: Annotated[
        str | None, Meta(description="lac/ci or tac/eci, as the network names it.", examples=["5521/28417793"])
    ] = None
    session_started_at: Annotated[
        datetime | None, Meta(description="When the open PDP session began.", examples=["2026-11-20T08:00:00Z"])
    ] = None
    last_seen_at: Annotated[
        datetime | None, Meta(description="When a network last reported it.", examples=["2026-11-20T09:59:20Z"])
    ] = None
    data_left_bytes: Annotated[
        int | None,
        Meta(description="Bytes left of the data quota; may be negative, as 1NCE reports it.", examples=[432_013_312]),
    ] = None
    data_total_bytes: Annotated[
        int | None, Meta(description="Bytes after the last top-up.", examples=[524_288_000])
    ] = None
    data_quota: Annotated[str | None, Meta(description="`active`, `exhausted`, `expired`.", examples=["active"])] = None
    data_expires_at: Annotated[
        datetime | None, Meta(description="When the data quota ends.", examples=["2035-11-20T00:00:00Z"])
    ] = None
    sms_left: Annotated[int | None, Meta(description="Messages left.", examples=[243])] = None
    sms_total: Annotated[int | None, Meta(description="Messages after the last top-up.", examples=[250])] = None
    sms_quota: Annotated[str | None, Meta(description="`active`, `exhausted`, `expired`.", examples=["active"])] = None
    activated_at: Annotated[
        datetime | None, Meta(description="When it was first activated.", examples=["2025-11-20T00:00:00Z"])
    ] = None
    confirmed_at: Annotated[
        datetime | None, Meta(description="When 1NCE last confirmed the connection.", examples=["2026-11-20T09:59:20Z"])
    ] = None
    source: Annotated[
        str | None,
        Meta(description="How: `poll` (Management API) or `streamer` (Data Streamer).", examples=["streamer"]),
    ] = None
    changed_at: Annotated[
        datetime | None, Meta(description="When anything here last changed.", examples=["2026-11-20T08:00:00Z"])
    ] = None
    missing: Annotated[bool, Meta(description="1NCE's inventory no longer lists it.", examples=[False])] = False
    tags: Annotated[
        list[str], Meta(description="Your own words for it, in lower case, sorted.", examples=[["cold-store", "pump"]])
    ] = []
    note: Annotated[
        str | None,
        Meta(description="Your own note, at most 2,000 characters.", examples=["On the roof, second cabinet."]),
    ] = None
    custom_fields: Annotated[
        dict[str, str],
        Meta(
            description="Your own fields, such as `site`, `customer` or `device_model`.",
            examples=[{"customer": "Acme", "site": "Berlin"}],
        ),
    ] = {}
    edits: Annotated[
        int, Meta(description="Rises by one with each change of tags, note or custom fields.", examples=[3])
    ] = 0
    watched: Annotated[
        bool,
        Meta(description="False once somebody has stopped watching it: then no list or total has it.", examples=[True]),
    ] = True
    revision: Annotated[int, Meta(description="Rises by one with each change of this SIM.", examples=[812])] = 0


class SimChanged(Struct, frozen=True, tag_field="type", tag="sim.changed", omit_defaults=True):
    """A SIM's new state."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The ICCID.", examples=["8988228066600000001"])]
    data: Annotated[SimState, Meta(description="The new state of the thing, never an increment.")]
    watched_anew: Annotated[
        bool, Meta(description="It was not watched before: its events and messages are listed again. Absent if not so.")
    ] = False

    @property
    def moves_lists(self) -> bool:
        """Whether what is known of the SIM comes into lists, or leaves them."""
        return self.watched_anew or not self.data.watched


def topics(subject: str | None) -> tuple[str, ...]:
    """The fleet's topic, and the SIM's own."""
    return ("fleet", f"sim:{subject}") if subject else ("fleet",)
