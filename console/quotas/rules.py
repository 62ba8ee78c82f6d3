"""Decisions about quotas that need no database: how usage is derived from them, and when they run out."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct, structs

LATE = timedelta(minutes=20)  # a usage record comes up to 15 minutes after the use
# Less is no difference. 1NCE rounds each session up to 1 kB, counts up to 100 kB of an open one only at its end, and a
# record that covers a look is counted whole on one side of it.
LEAST_BYTES = 1024 * 1024
LEAST_PERCENT = 5


class Book(Struct, frozen=True, kw_only=True):
    """What 1NCE's quota says was used, against what our usage records add up to; bytes since the opening."""

    opened_at: datetime
    used_at_opening: int
    used: int  # at the last look
    looked_at: datetime
    recorded: int  # by all usage records
    missing: int = 0  # the part of it that we derived although 1NCE's stream should have brought it
    settled_used: int  # at the last look that is so long ago that all records of it should be here
    waiting_used: int  # at the look that will be the settled one next
    waiting_at: datetime
    differs_since: datetime | None = None

    @property
    def fallen(self) -> int:
        """By how much the quota has fallen."""
        return self.used - self.used_at_opening

    @property
    def streamed(self) -> int:
        """What 1NCE's usage records explain of it."""
        return self.recorded - self.missing


def looked(book: Book, used_now: int, now: datetime) -> Book:
    """The book after a look at the quota."""
    book = structs.replace(book, used=used_now, looked_at=book.looked_at if used_now == book.used else now)
    if now - book.waiting_at < LATE:
        return book
    return structs.replace(book, settled_used=book.waiting_used, waiting_used=used_now, waiting_at=now)


def unexplained(book: Book, *, stream_alive: bool) -> int:
    """How many bytes of the fall of the quota no usage record explains: to be put down as derived usage.

    While the Data Streamer lives, its records come up to fifteen minutes after the use, so only what a settled look saw
    counts as unexplained. A record that comes still later makes the books exceed the fall, and less is derived next
    time: in the end nothing counts twice.
    """
    seen = min(book.settled_used, book.used) if stream_alive else book.used
    return max(0, seen - book.used_at_opening - book.recorded)


def difference(book: Book) -> int:
    """By how many bytes quota and streamed records differ: above zero records are missing, below they exceed it."""
    settled = min(book.settled_used, book.used) - book.used_at_opening
    if settled > book.streamed:
        return settled - book.streamed
    return min(0, book.fallen - book.streamed)


def differs(book: Book) -> bool:
    """Whether the difference is more than rounding and delay can make it."""
    size = abs(difference(book))
    return size > LEAST_BYTES and size * 100 > max(book.fallen, book.streamed) * LEAST_PERCENT


def days_left(left_bytes: int | None, daily_bytes: Sequence[int], *, least_days: int = 3) -> float | None:
    """In how many days the quota runs out at the mean use of these days; None with too little history or no use."""
    if left_bytes is None or len(daily_bytes) < least_days or sum(daily_bytes) <= 0:
        return None
    return max(0.0, left_bytes / (sum(daily_bytes) / len(daily_bytes)))
