"""Decisions about quotas that need no database: how usage is derived from them, and when they run out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct


class Book(Struct, frozen=True, kw_only=True):
    """What 1NCE's quota says was used, against what our usage records add up to; bytes."""

    opened_at: datetime
    used_at_opening: int
    used: int
    looked_at: datetime
    recorded: int


def unexplained(book: Book, used_now: int, *, stream_alive: bool) -> int:
    """How many bytes of the fall of the quota no usage record explains: to be put down as derived usage.

    While the Data Streamer lives, its records come up to fifteen minutes after the use, so only what the look before
    this one already saw counts as unexplained. A record that comes still later makes the books exceed the fall, and
    less is derived next time: in the end nothing counts twice.
    """
    seen = min(book.used, used_now) if stream_alive else used_now
    return max(0, seen - book.used_at_opening - book.recorded)


def days_left(left_bytes: int | None, daily_bytes: Sequence[int], *, least_days: int = 3) -> float | None:
    """In how many days the quota runs out at the mean use of these days; None with too little history or no use."""
    if left_bytes is None or len(daily_bytes) < least_days or sum(daily_bytes) <= 0:
        return None
    return max(0.0, left_bytes / (sum(daily_bytes) / len(daily_bytes)))


def runs_out_at(now: datetime, days: float | None, expires_at: datetime | None) -> datetime | None:
    """When the volume ends by use, unless it expires before."""
    if days is None or days > 36_500:
        return expires_at
    end = now + timedelta(days=days)
    return min(end, expires_at) if expires_at else end
