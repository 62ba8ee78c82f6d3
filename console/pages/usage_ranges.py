"""Ranges of the page of usage: the last hours or days, or from one day to another, UTC."""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from msgspec import Struct

MOST_DAYS = 92
BY_HOUR_DAYS = 2  # so long a range is divided by hour
DAY = timedelta(days=1)
WRITTEN = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Range(Struct, frozen=True, kw_only=True):
    """Steps of time, the last of which may not be over."""

    name: str
    step: Literal["hour", "day"]
    since: datetime
    until: datetime
    chosen: bool = False  # from one day to another
    fault: str = ""  # why it is not what was asked for

    @property
    def length(self) -> timedelta:
        """Of one step."""
        return timedelta(hours=1) if self.step == "hour" else DAY

    @property
    def times(self) -> list[datetime]:
        """When each step begins."""
        return [self.since + self.length * number for number in range((self.until - self.since) // self.length)]

    @property
    def first_day(self) -> str:
        """As an address has it."""
        return self.since.date().isoformat()

    @property
    def last_day(self) -> str:
        """As an address has it, included."""
        return (self.until - timedelta(seconds=1)).date().isoformat()

    @property
    def query(self) -> str:
        """What an address says of it."""
        return f"since={self.first_day}&until={self.last_day}" if self.chosen else f"range={self.name}"


def is_day(text: str) -> bool:
    """Takes days as an address has them."""
    return day_of(text) is not None


def day_of(text: str) -> datetime | None:
    """The first moment of a day, UTC; None for what is no day, and for days that no fleet has seen."""
    try:
        found = date.fromisoformat(text) if WRITTEN.fullmatch(text) else None
    except ValueError:
        return None
    return datetime.combine(found, time(), UTC) if found is not None and 2000 <= found.year < 2100 else None


def range_of(name: str, now: datetime, since: str = "", until: str = "") -> Range:
    """From day to day where one of them is given, the other being the same day or today; else the range with this
    name that ends with the step of `now`; 7 days for any other name."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    today = hour.replace(hour=0)
    first, last = day_of(since), day_of(until)
    if first or last:
        return _from_to(first or last or today, last or max(today, first or today), today)
    if name == "24h":
        end = hour + timedelta(hours=1)
        return Range(name=name, step="hour", since=end - timedelta(hours=24), until=end)
    days = 30 if name == "30d" else 7
    return Range(name=f"{days}d", step="day", since=today + DAY - timedelta(days=days), until=today + DAY)


def _from_to(first: datetime, last: datetime, today: datetime) -> Range:
    first, last = min(first, last), max(first, last)
    fault = ""
    if last - first >= timedelta(days=MOST_DAYS):
        first, fault = (
            last - timedelta(days=MOST_DAYS - 1),
            f"A range has at most {MOST_DAYS} days: these are the last.",
        )
    if first > today:
        fault = "These days are still to come."
    days = (last - first).days + 1
    step: Literal["hour", "day"] = "hour" if days <= BY_HOUR_DAYS else "day"
    name = f"{first.date().isoformat()}-to-{last.date().isoformat()}"
    return Range(name=name, step=step, since=first, until=last + DAY, chosen=True, fault=fault)
