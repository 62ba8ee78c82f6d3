"""The things of the trade as they are told: the same on a screen, in the API, and in a fact."""

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
    confirmed_by: str | None = None  # "poll" or "push"
    changed_at: datetime | None = None
    missing: bool = False  # 1NCE's inventory no longer lists it
    revision: int = 0  # rises by one with each change of this SIM


class UsageTold(Struct, frozen=True, kw_only=True):
    """What a SIM has used on one UTC day, after new usage records came in."""

    iccid: str
    day: str  # "2026-11-20"
    data_bytes: int
    sms: int


class EventTold(Struct, frozen=True, kw_only=True):
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


class Sms(Struct, frozen=True, kw_only=True):
    """A message to a device (mt) or from one (mo). Each part of a long one stands by itself, as 1NCE counts."""

    iccid: str
    direction: str  # "mt", "mo"
    id: str  # 1NCE's
    time: datetime  # when it was submitted; or when it was first told, where 1NCE has not said
    status: str  # an SmsStatus
    payload: str | None = None  # None: only its delivery has been told
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
    told_by: str  # who told it last: "push", "forwarder", "poll"


class JobRunTold(Struct, frozen=True, kw_only=True):
    """A run of a job: what it saw and what it changed."""

    id: int
    job: str
    state: str  # "running", "done", "failed", "interrupted"
    started_at: datetime
    finished_at: datetime | None
    seen: int
    changed: int
    failed: int
    error: str | None


class LineState(Struct, frozen=True, kw_only=True):
    """The line to 1NCE for an organization: whether its questions are answered. Open, like a switch: none is put."""

    state: str = "unknown"  # "closed" (1NCE answers), "open", "half_open" (one question tries it), "unknown"
    reason: str | None = None  # why it is not closed
    failures: int = 0  # one after the other
    since: datetime | None = None  # when it was closed, or ceased to be
    until: datetime | None = None  # when 1NCE is tried again
    answered_at: datetime | None = None  # when 1NCE last answered anything


class OperationState(Struct, frozen=True, kw_only=True):
    """Something that 1NCE can be asked to do, and whether it does it for this account."""

    name: str
    does: str
    offered: bool | None = None  # None: not yet asked
    sentence: str | None = None  # why it is not offered
    status: int | None = None  # the HTTP status that said so
    since: datetime | None = None
    answered_at: datetime | None = None  # when 1NCE last answered it, with yes or no
    again_at: datetime | None = None  # when what is not offered is asked for again


class AccountTold(Struct, frozen=True, kw_only=True):
    """How an organization's account at 1NCE stands."""

    line: LineState
    off: list[OperationState]  # what 1NCE does not offer it


class StreamTold(Struct, frozen=True, kw_only=True):
    """How 1NCE's Data Streamer is, for one kind of record."""

    kind: str  # "event" or "usage"
    state: str  # "flowing"; "quiet"; "missed": polling finds what it does not bring; "unused"
    last_post_at: datetime
    missed_since: datetime | None  # the first thing since then that polling has found
    found: int  # how many things polling has found since then
