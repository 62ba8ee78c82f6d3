"""The points in time that 1NCE writes, in at least five different ways, all of them in UTC."""

from datetime import UTC, datetime

# The zero time of Go and .NET (year 1) and the last second of the year 9999 mean "never", and no table can hold them.
FIRST_YEAR, LAST_YEAR = 2000, 2200


def parse_time(text: str) -> datetime:
    """The time in UTC. Raises ValueError for anything that is no date, and for a year that is none of ours.

    Reads `2018-03-09T07:59:09.000+0000`, `2031-11-26 00:00:00`, `2021-11-14`, `2024-08-24T13:13:21Z` and
    `2023-03-01T12:07:09.000Z`. A time without a zone is UTC, as all of 1NCE's are.
    """
    time = datetime.fromisoformat(text.strip())
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        raise ValueError(f"{text[:40]!r} lies outside of the years {FIRST_YEAR} to {LAST_YEAR}")
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    return time if time.tzinfo is UTC else time.astimezone(UTC)


def maybe_time(text: str | None) -> datetime | None:
    """The time in UTC, or None where 1NCE left it out or empty. Raises ValueError for anything else."""
    return parse_time(text) if text else None


def write_time(time: datetime) -> str:
    """A time as 1NCE takes it: `2028-03-14T16:10:29.000+00:00`."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds")
