"""The points in time that 1NCE writes, in at least five different ways, all of them in UTC."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

# The zero time of Go and .NET (year 1) and the last second of the year 9999 mean "never", and no table can hold them.
FIRST_YEAR, LAST_YEAR = 2000, 2200

# Midnight as the end of a day, and a leap second (ISO 8601, 4.2.3 and 4.2.1): both are the instant that follows.
_MIDNIGHT = re.compile(r"(?P<date>[^T ]+[T ])24(?P<rest>(:?00){0,2}([.,]0+)?([Z+-].*)?)")
_LEAP = re.compile(r"(?P<date>[^T ]+[T ]\d\d:?\d\d:?)60(?P<rest>([.,]0+)?([Z+-].*)?)")

BEFORE_SECONDS = 17  # characters in which no time has a fraction of a second but in the shortest spelling
# A fraction of an hour or of a minute (ISO 8601, 4.2.2.4), which Python takes for one of a second.
_FRACTION = re.compile(r"(?P<before>[^T ]+[T ]\d\d(?::?(?P<minute>\d\d))?)[.,](?P<fraction>\d+)(?P<zone>[Z+-].*)?")

# Counts since 1970 (POSIX time), by the units in which programs write them. Within the years above, no count in one
# unit is one in another: a count of seconds has 9 or 10 digits, of milliseconds 12 or 13, and so on.
Time = int | float | str | None
_PER_SECOND = (1, 1_000, 1_000_000, 1_000_000_000)
_COUNT = re.compile(r"[0-9]{9,19}(\.[0-9]{1,9})?")
_EARLIEST, _LATEST = 946_684_800, 7_289_654_400  # seconds, the years above
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_time(written: float | str) -> datetime:
    """The time in UTC. Raises ValueError for anything that is no date, and for a year that is none of ours.

    Reads `2018-03-09T07:59:09.000+0000`, `2031-11-26 00:00:00`, `2021-11-14`, `2024-08-24T13:13:21Z` and
    `2023-03-01T12:07:09.000Z`, and what else ISO 8601 allows for the same instant; also seconds, milliseconds,
    microseconds and nanoseconds since 1970, as numbers and as texts. A time without a zone is UTC, as all of 1NCE's
    are.
    """
    if not isinstance(written, str):
        return _since_1970(Decimal(repr(written)))
    text = written
    if "-" not in text and _COUNT.fullmatch(text.strip()):
        return _since_1970(Decimal(text.strip()))
    try:
        odd = "." in text[:BEFORE_SECONDS] or "," in text[:BEFORE_SECONDS]
        time = (odd and _parse_fraction(text)) or datetime.fromisoformat(text)
    except ValueError:
        time = _parse_rare(text)
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError(f"{text[:40]!r} lies outside of the years {FIRST_YEAR} to {LAST_YEAR}")
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    return time if time.tzinfo is UTC else time.astimezone(UTC)


def _since_1970(count: Decimal) -> datetime:
    """The time of a count since 1970, to the microsecond below. The unit follows from the count's size."""
    for units in _PER_SECOND:
        if _EARLIEST * units <= count < _LATEST * units:
            return _EPOCH + timedelta(microseconds=int(count * 1_000_000 / units))
    raise ValueError(f"{count:.40g} is no count since 1970 within the years {FIRST_YEAR} to {LAST_YEAR}")


def _parse_fraction(text: str) -> datetime | None:
    """A time whose last number is a fraction of an hour or of a minute; None if it is of seconds, or there is none."""
    if (found := _FRACTION.fullmatch(text.strip().upper())) is None:
        return None
    units = 3_600_000_000 if found["minute"] is None else 60_000_000
    passed = int(Decimal(f"0.{found['fraction']}") * units)
    return datetime.fromisoformat(found["before"] + (found["zone"] or "")) + timedelta(microseconds=passed)


def _parse_rare(text: str) -> datetime:
    """Lower case, a zone by its name, blanks around it, 24:00:00 and second 60."""
    plain = re.sub(r" ?(UTC|GMT)$", "Z", text.strip().upper())
    if found := _MIDNIGHT.fullmatch(plain):
        return datetime.fromisoformat(f"{found['date']}00{found['rest']}") + timedelta(days=1)
    if found := _LEAP.fullmatch(plain):
        return datetime.fromisoformat(f"{found['date']}59{found['rest']}") + timedelta(seconds=1)
    return datetime.fromisoformat(plain)


def maybe_time(written: Time) -> datetime | None:
    """The time in UTC, or None where 1NCE left it out or empty. Raises ValueError for anything else."""
    return None if written is None or written == "" else parse_time(written)


def known_time(written: Time) -> datetime | None:
    """The time in UTC, or None where 1NCE has none, or none that can be: for one odd time no answer is given up."""
    try:
        return maybe_time(written)
    except ValueError:
        return None


def write_time(time: datetime) -> str:
    """A time as 1NCE takes it: `2028-03-14T16:10:29.000+00:00`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
