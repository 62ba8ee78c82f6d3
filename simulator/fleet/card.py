"""One simulated SIM and, while it lasts, its data session. Nothing moves here: the network and the meter do that.

Volumes are whole millionths of a megabyte (1 MB = 1,024 kB), the last digit that 1NCE shows: so what usage records
say and what a quota loses agree exactly. Moments on the wall clock are seconds since 1970; moments of the fleet
itself are simulated seconds since its start, which pass faster than real ones when asked to.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simulator.fleet.events import NetworkEvent
    from simulator.fleet.messages import Message

MB = 1_000_000
PACK = 500 * MB  # what a SIM comes with, and what a top-up adds
PACK_SMS = 250
THRESHOLD_PERCENT = 20


class Connection(StrEnum):
    """The four words of 1NCE's status call."""

    ONLINE = "ONLINE"
    ATTACHED = "ATTACHED"
    OFFLINE = "OFFLINE"
    BLOCKED = "BLOCKED"


class QuotaClass(IntEnum):
    """How much is left, by the ids of the inventory."""

    PLENTY = 0  # over 20 %
    LOW = 1
    NONE = 2


class Session:
    """An open data session (PDP context). Usage runs at a steady rate from `leg_start` until something changes."""

    __slots__ = (
        "contexts", "end_at", "id", "leg_start", "metered_at", "move_at", "opened", "rate", "reported", "reported_wall",
        "used",
    )  # fmt: skip

    def __init__(self, id_: int, opened: float, leg_start: float, rate: float) -> None:
        self.id = id_
        self.opened = opened  # wall clock
        self.leg_start = leg_start  # simulated
        self.rate = rate  # millionths of a MB in a simulated second
        self.used = 0  # up to leg_start
        self.reported = 0  # of that, what usage records have said
        self.reported_wall = opened  # when the last record was reported
        self.metered_at = leg_start  # the same in simulated time
        self.end_at = float("inf")
        self.move_at = float("inf")
        self.contexts = 1

    def running(self, seconds: float) -> int:
        """What has been used since the last change, at this simulated moment."""
        return int(self.rate * (seconds - self.leg_start)) if seconds > self.leg_start else 0


class Card:
    """One SIM, with what its device and the network know of each other."""

    __slots__ = (
        "activated", "blocked", "cell", "connection", "device", "due", "enabled", "exceeded_at", "expired", "held",
        "home", "imei", "imei_lock", "index", "inventory_json", "label", "lac", "left", "limited", "listed",
        "located_at", "memory_full", "messages", "misplaced", "network_events", "packs", "place", "rat", "reported",
        "session", "silent", "sms_left", "sms_total", "threshold_at", "total", "used",
    )  # fmt: skip

    def __init__(self, index: int, device: int, place: int) -> None:
        self.index = index
        self.device = device  # its place in DEVICES
        self.home: int | None = None  # the operator it was at in the week before the start; None: at none
        self.place = place  # the operator it is at, by its place in OPERATORS
        self.rat = 0
        self.lac = 0  # location or tracking area
        self.cell = 0
        self.label: str | None = None
        self.imei: str | None = None  # None: never been in a device
        self.imei_lock = False
        self.misplaced = index % 23 == 11  # in another device than the one it may be locked to
        self.memory_full = index % 89 == 17  # its device takes no more messages
        self.enabled = True
        self.blocked = False
        self.limited = False  # its monthly limit is reached
        self.expired = False  # its data quota has passed its day
        self.listed = True  # False: 1NCE's inventory no longer knows it
        self.held = False  # True: it does nothing of its own accord
        self.silent = False  # gone without a word; the network has not noticed yet
        self.connection = Connection.OFFLINE
        self.located_at = 0.0  # wall clock, of the last location update
        self.activated = 0.0
        self.session: Session | None = None
        self.left = PACK  # as of the session's leg_start
        self.total = PACK  # left at the last top-up + that top-up
        self.packs = 1  # the first one and all top-ups
        self.sms_left = PACK_SMS
        self.sms_total = PACK_SMS
        self.threshold_at: float | None = None
        self.exceeded_at: float | None = None
        self.used = 0  # since the start, by sessions that are closed or settled
        self.reported = 0  # since the start, by usage records
        self.due = float("inf")  # simulated: when it next does something
        self.network_events: list[NetworkEvent] | None = None
        self.messages: list[Message] | None = None  # oldest first
        self.inventory_json: bytes | None = None  # its object in the inventory, ready to send; None: to be written anew

    @property
    def threshold(self) -> int:
        """The volume at which the network warns."""
        return self.total * THRESHOLD_PERCENT // 100

    @property
    def sms_threshold(self) -> int:
        """The number of messages at which the network warns."""
        return self.sms_total * THRESHOLD_PERCENT // 100

    def left_at(self, seconds: float) -> int:
        """The data volume left at this simulated moment; may be negative."""
        return self.left - (self.session.running(seconds) if self.session else 0)

    def used_at(self, seconds: float) -> int:
        """All data used since the simulation began."""
        return self.used + (self.session.running(seconds) if self.session else 0)

    @property
    def quota_class(self) -> QuotaClass:
        """By what the network has noticed, so that it agrees with the events."""
        if self.exceeded_at is not None:
            return QuotaClass.NONE
        return QuotaClass.LOW if self.threshold_at is not None else QuotaClass.PLENTY

    @property
    def refusal(self) -> str | None:
        """Why the network would not open a data session now, in 1NCE's word; None when it would."""
        if self.blocked:
            return "DATA_SERVICE_BARRED"
        if self.imei_lock and self.misplaced:
            return "IMEI_LOCK_BREACHED"
        if self.expired:
            return "QUOTA_EXPIRED"
        if self.exceeded_at is not None:
            return "QUOTA_EXHAUSTED"
        return "MONTHLY_USAGE_LIMIT_EXCEEDED" if self.limited else None

    @property
    def acts(self) -> bool:
        """It does things by itself."""
        return self.enabled and not self.blocked and not self.held and self.imei is not None and self.listed
