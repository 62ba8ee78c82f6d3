"""How often and after which pauses a call without an answer is repeated."""

import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from msgspec import Struct


class RetryPolicy(Struct, frozen=True):
    """At most `attempts` attempts within `max_elapsed_seconds`, each pause about twice the one before, with jitter."""

    attempts: int = 4
    max_elapsed_seconds: float = 60.0
    first_pause_seconds: float = 0.5
    longest_pause_seconds: float = 8.0

    def pause(self, attempt: int) -> float:
        """Seconds to wait after attempt number `attempt` (from 1): between half and the whole of its step."""
        step = min(self.first_pause_seconds * 2.0 ** (attempt - 1), self.longest_pause_seconds)
        return random.uniform(step / 2, step)

    def may_repeat(self, attempt: int, seconds_after_pause: float) -> bool:
        """Whether there may be another attempt, `seconds_after_pause` after the first one began."""
        return attempt < self.attempts and seconds_after_pause <= self.max_elapsed_seconds


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that an answer asks us to wait, as a number or as a date; None if it does not say.

    A date is measured by the answer's own Date if it has one, for clocks differ.
    """
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    until = _date(text)
    if until is None:
        return None
    return max((until - (_date(headers.get("Date", "")) or now)).total_seconds(), 0.0)
