"""What 1NCE answers about a SIM, in our own units. None means that 1NCE did not say, never zero."""

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

Item = TypeVar("Item")


class Sim(Struct, frozen=True, kw_only=True):
    """A SIM as the inventory lists it."""

    iccid: str
    iccid_with_luhn: str | None = None  # as 1NCE writes it, not checked
    imsi: str | None = None
    imsi_2: str | None = None
    current_imsi: str | None = None
    msisdn: str | None = None
    imei: str | None = None  # 16 digits: without the check digit, with the software version; absent if never used
    imei_lock: bool | None = None
    status: str | None = None  # "enabled", "disabled", or 1NCE's own word in lower case
    label: str | None = None
    ip_address: str | None = None
    activated_at: datetime | None = None
    data_class: str | None = None  # "plenty" (over 20 %), "low", "none"


class SimPage(Struct, frozen=True, kw_only=True):
    """One page of the inventory. Items that could not be read stand in `unreadable`, as 1NCE wrote them."""

    items: list[Sim]
    unreadable: list[bytes]
    page: int
    pages: int | None = None
    total: int | None = None


class Status(Struct, frozen=True, kw_only=True):
    """Where a SIM is and how it is connected. Place and time can be days old."""

    connection: str | None = None  # "online", "attached", "offline", "blocked", or 1NCE's own word in lower case
    operator: str | None = None
    country: str | None = None  # ISO 3166 alpha-2, upper case
    located_at: datetime | None = None
    rat: str | None = None
    apn: str | None = None
    cell: str | None = None
    session_started_at: datetime | None = None
    ip_address: str | None = None  # of the newest session
    sessions: int = 0


class Quota(Struct, frozen=True, kw_only=True):
    """What a SIM may still use. Volumes are bytes where `service` is "data", and messages where it is "sms".

    `left` can be negative. `total` is what was left at the last top-up plus that top-up; `accumulated` is all that was
    ever given: its rise proves a top-up.
    """

    service: str
    left: int | None = None
    total: int | None = None
    accumulated: int | None = None
    last_added: int | None = None
    status: str | None = None  # "active", "exhausted", "expired"
    threshold_percent: int | None = None
    expires_at: datetime | None = None
    created_at: datetime | None = None


class Sms(Struct, frozen=True, kw_only=True):
    """A message to or from a device."""

    id: str  # a number in lists, a string when created: compared as text
    direction: str  # "mt" to the device, "mo" from the device
    status: str | None = None  # "pending", "buffered", "delivered", "failed", "expired"
    payload: str | None = None
    source_address: str | None = None
    dcs: int | None = None  # 0 GSM 7-bit, 4 binary as hex, 8 UCS-2
    udh: str | None = None
    submitted_at: datetime | None = None
    delivered_at: datetime | None = None
    expires_at: datetime | None = None
    final_at: datetime | None = None


class SmsPage(Struct, frozen=True, kw_only=True):
    """One page of a SIM's messages."""

    items: list[Sms]
    unreadable: list[bytes]
    page: int


class Page(Struct, Generic[Item], frozen=True, kw_only=True):
    """One page of a list. Items that could not be read stand in `unreadable`, as 1NCE wrote them."""

    items: list[Item]
    unreadable: list[bytes]
    page: int
    pages: int | None = None
    total: int | None = None
