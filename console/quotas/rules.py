"""Decisions about quotas that need no database: how usage is derived from them."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct, structs

LATE = timedelta(minutes=20)  # a usage record comes up to 15 minutes after the use
# Less is no difference. 1NCE rounds each session up to 1 kB, counts up to 100 kB of an open one only at its end, and a
# record that covers a check is counted whole on one side of it.
LEAST_BYTES = 1024 * 1024
LEAST_PERCENT = 5


class Reconciliation(Struct, frozen=True, kw_only=True):
    """A SIM's quota against its usage records, since the first check; amounts in bytes."""

    started_at: datetime
    used_at_start: int
    used: int  # at the last check
    checked_at: datetime
    recorded: int  # by all usage records
    missing: int = 0  # the part of it that was derived although the Data Streamer should have posted it
    settled_used: int  # at the last check that is so long ago that all records of it should be here
    waiting_used: int  # at the check that will be the settled one next
    waiting_at: datetime
    differs_since: datetime | None = None

    @property
    def fallen(self) -> int:
        """By how much the quota has fallen."""
        return self.used - self.used_at_start

    @property
    def streamed(self) -> int:
        """What 1NCE's usage records explain of it."""
        return self.recorded - self.missing


def started(used_now: int, now: datetime) -> Reconciliation:
    """The reconciliation after the first check of the quota. `used_now` in bytes."""
    return Reconciliation(
        started_at=now,
        used_at_start=used_now,
        used=used_now,
        checked_at=now,
        recorded=0,
        settled_used=used_now,
        waiting_used=used_now,
        waiting_at=now,
    )


def says_more(one: Reconciliation, before: Reconciliation) -> bool:
    """Whether it must be written: that a check found nothing new is in `sim_checks`."""
    return structs.replace(one, waiting_at=before.waiting_at) != before


def checked(it: Reconciliation, used_now: int, now: datetime) -> Reconciliation:
    """The reconciliation after a check of the quota. `used_now` in bytes."""
    it = structs.replace(it, used=used_now, checked_at=it.checked_at if used_now == it.used else now)
    if now - it.waiting_at < LATE:
        return it
    return structs.replace(it, settled_used=it.waiting_used, waiting_used=used_now, waiting_at=now)


def unexplained(it: Reconciliation, *, streamer_alive: bool) -> int:
    """How many bytes of the fall of the quota no usage record explains: to be recorded as derived usage.

    While the Data Streamer posts, its records come up to fifteen minutes after the use, so only what a settled check
    saw counts as unexplained. A record that comes still later makes the records exceed the fall, and less is derived
    next time: in the end nothing counts twice.
    """
    seen = min(it.settled_used, it.used) if streamer_alive else it.used
    return max(0, seen - it.used_at_start - it.recorded)


def difference(it: Reconciliation) -> int:
    """By how many bytes quota and streamed records differ: above zero records are missing, below they exceed it."""
    settled = min(it.settled_used, it.used) - it.used_at_start
    if settled > it.streamed:
        return settled - it.streamed
    return min(0, it.fallen - it.streamed)


def differs(it: Reconciliation) -> bool:
    """Whether the difference is more than rounding and delay can make it."""
    size = abs(difference(it))
    return size > LEAST_BYTES and size * 100 > max(it.fallen, it.streamed) * LEAST_PERCENT


def derived_record(iccid: str, amount: int, one: Reconciliation, now: datetime) -> dict[str, Any]:
    """The usage record of a fall of the quota by `amount` bytes that no other record explains."""
    return {
        "iccid": iccid,
        "time": now,
        "source": "derived",
        "record_id": int(now.timestamp() * 1_000_000),
        "started_at": one.checked_at,
        "data_bytes": amount,
        "sent_bytes": None,
        "received_bytes": None,
        "sms": 0,
        "operator": None,
        "country": None,
        "rat": None,
    }
