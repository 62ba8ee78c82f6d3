"""A SIM as it is now, and the fact that it has changed."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Connection(StrEnum):
    """What 1NCE says of a SIM's place on the network."""

    ONLINE = "online"  # a PDP session is open
    ATTACHED = "attached"  # seen by a network, not yet reported gone: may be 1-2 days stale
    OFFLINE = "offline"
    BLOCKED = "blocked"


REACHABLE = frozenset({Connection.ONLINE, Connection.ATTACHED})


class SimState(Struct, frozen=True, kw_only=True):
    """A SIM as a row of the screen, an item of the API and the body of a fact: the same everywhere.

    Volumes in bytes, times UTC. `None` is "1NCE has not said", never zero.
    """

    iccid: str
    label: str | None = None
    status: str | None = None  # "enabled", "disabled", or 1NCE's own word in lower case
    connection: str | None = None  # a Connection, or 1NCE's own word in lower case
    imsi: str | None = None
    msisdn: str | None = None
    imei: str | None = None
    imei_lock: bool | None = None
    ip_address: str | None = None
    operator: str | None = None
    country: str | None = None  # ISO 3166 alpha-2, upper case
    rat: str | None = None  # "LTE", "NB-IoT", "2G", ...
    apn: str | None = None
    cell: str | None = None  # "lac/ci" or "tac/eci", as the network names it
    session_started_at: datetime | None = None
    last_seen_at: datetime | None = None  # when a network last heard of it
    data_left_bytes: int | None = None  # may be negative, as 1NCE tells it
    data_total_bytes: int | None = None
    data_quota: str | None = None  # "active", "exhausted", "expired"
    data_expires_at: datetime | None = None
    sms_left: int | None = None
    sms_total: int | None = None
    sms_quota: str | None = None
    activated_at: datetime | None = None
    confirmed_at: datetime | None = None  # when 1NCE last confirmed the connection
    confirmed_by: str | None = None  # a Source
    changed_at: datetime | None = None
    missing: bool = False  # 1NCE's inventory no longer lists it
    revision: int = 0  # rises by one with each change of this SIM


class SimChanged(Struct, frozen=True, tag_field="type", tag="sim.changed"):
    """A SIM's new state."""

    time: datetime
    subject: str
    data: SimState


def topics(subject: str | None) -> tuple[str, ...]:
    """The fleet's topic, and the SIM's own."""
    return ("fleet", f"sim:{subject}") if subject else ("fleet",)
