"""Bands of days until data quotas are empty, and how many SIMs are in each."""

from datetime import date, datetime, timedelta
from typing import Literal, get_args

from msgspec import Struct

from console.sims.days_left import DAY_SECONDS, FRESH_DAYS

Other = Literal["low", "expiring"]  # what can be asked for beside a band
OTHERS: tuple[str, ...] = get_args(Other)
EXPIRING = timedelta(days=90)
FRESH = timedelta(days=FRESH_DAYS)
LONGEST_SECONDS = 36_500 * DAY_SECONDS
# Where a SIM stands in the list that is not sorted by its seconds:
EXHAUSTED_RANK, EXPIRED_RANK, LOW_RANK, UNMEASURED_RANK, UNKNOWN_RANK = -2, -1, 4 * 10**9, 5 * 10**9, 6 * 10**9


class QuotaOutlook(Struct, frozen=True, kw_only=True):
    """A SIM's data quota, and in how many seconds it is empty by its forecast; None where there is none."""

    iccid: str
    label: str | None
    data_left_bytes: int | None
    data_total_bytes: int | None
    data_expires_at: datetime | None
    data_quota: str | None
    quota: str | None
    revision: int
    band: str
    seconds: int | None
    daily_bytes: int | None  # by `days` whole days
    days: int | None
    soonest_seconds: int | None  # four of five lie between these
    latest_seconds: int | None
    found: str | None  # "changed", "silent": why there is no forecast, or since when it is made
    since: date | None

    def empty_at(self, now: datetime) -> datetime | None:
        """When it is empty; None where that is not measured, or has happened."""
        if self.seconds is None or self.band in ("exhausted", "expired", "later"):
            return None
        return now + timedelta(seconds=self.seconds)


class Outlook(Struct, frozen=True, kw_only=True):
    """How many SIMs are in each band; `low` and `expiring` count across the bands."""

    bands: dict[str, int]
    low: int
    expiring: int
    measured: bool  # whether use has been measured at all

    @property
    def total(self) -> int:
        """Watched SIMs, each in one band."""
        return sum(self.bands.values())
