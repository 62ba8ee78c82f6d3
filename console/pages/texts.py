"""Volumes, counts and times in people's words, as the reader of a page wants them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import ceil

from console.carrier import money as amounts
from console.pages.reader import reader
from console.usage import volumes
from console.usage.volumes import NOTHING

NEW, OLD = timedelta(minutes=15), timedelta(hours=6)


def count(number: int | None) -> str:
    """A whole number with its thousands apart."""
    return NOTHING if number is None else reader().written(f"{number:,}")


def tenths(number: float | None) -> str:
    """A number with its thousands apart, to the tenth."""
    return NOTHING if number is None else reader().written(f"{number:,.1f}")


def signed(number: int) -> str:
    """A difference, with its sign."""
    return reader().written(f"{number:+,}") if number else "±0"


def volume(amount: int | None) -> str:
    """Bytes in the unit that reads best. static/js/numbers.js writes the same."""
    return reader().written(volumes.volume(amount))


def money(minor: int | None, currency: str | None) -> str:
    """`10.00 EUR`; a dash where the amount is not known."""
    return reader().written(amounts.money(minor, currency))


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago, or in how long, in one unit. static/js/time.js writes the same."""
    if moment is None:
        return NOTHING
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    size = abs(seconds)
    if size < 5:
        return "now"
    for limit, length, unit in ((60, 1, "s"), (3600, 60, "min"), (172_800, 3600, "h"), (float("inf"), 86_400, "d")):
        if size < limit:
            amount = f"{count(int(size // length))} {unit}"
            return f"{amount} ago" if seconds > 0 else f"in {amount}"
    return NOTHING


def span(seconds: float | None) -> str:
    """A length of time in one unit or two: "20 s", "12 min", "2 h 20 min", "3 d 4 h"."""
    if seconds is None:
        return NOTHING
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    for large, small, size, parts in (("d", "h", 1440, 60), ("h", "min", 60, 1)):
        if minutes >= size:
            rest = minutes % size // parts
            return f"{minutes // size} {large} {rest} {small}" if rest else f"{minutes // size} {large}"
    return f"{minutes} min"


def fresh(moment: datetime | None, now: datetime | None = None) -> str:
    """How old what was known at a moment is: "new", "hours", "old". static/js/time.js says the same."""
    age_now = (now or datetime.now(UTC)) - moment if moment else OLD
    return "new" if age_now < NEW else "hours" if age_now < OLD else "old"


def iso(moment: datetime | None) -> str:
    """For machines: RFC 3339, UTC, to the second."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(moment: datetime | None, now: datetime | None = None) -> str:
    """The time of day in the reader's zone; with the date, and the year, if they are not today's.

    static/js/time.js writes the same.
    """
    return _clock(moment, now, "%H:%M:%S")


def hour(moment: datetime | None, now: datetime | None = None) -> str:
    """As `clock` has it, of a moment that is no second's: when an hour began."""
    return _clock(moment, now, "%H:%M")


def axis(moment: datetime | None) -> str:
    """The mark of a moment on an axis of a day: hours and minutes alone."""
    return NOTHING if moment is None else moment.astimezone(reader().zone).strftime("%H:%M")


def _clock(moment: datetime | None, now: datetime | None, today: str) -> str:
    if moment is None:
        return NOTHING
    zone = reader().zone
    there, here = moment.astimezone(zone), (now or datetime.now(UTC)).astimezone(zone)
    if there.date() == here.date():
        return there.strftime(today)
    return there.strftime("%-d %b %H:%M" if there.year == here.year else "%-d %b %Y %H:%M")


def exact(moment: datetime) -> str:
    """Date and time to the second, with how far the reader's zone is from UTC."""
    there = moment.astimezone(reader().zone)
    away = f"{there:%z}"
    return f"{there:%Y-%m-%d %H:%M:%S} {'UTC' if there.tzinfo is UTC else away[:3] + ':' + away[3:5]}"


def until(moment: datetime | None, now: datetime | None = None) -> str:
    """In how long something is due; "due now" once that time has come."""
    if moment is None:
        return NOTHING
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    return f"in {span(seconds)}" if seconds >= 1 else "due now"


def ahead(moment: datetime | None, now: datetime | None = None) -> str:
    """In how long something happens, counted down to the second and rounded; static/js/time.js writes the same."""
    if moment is None:
        return NOTHING
    seconds = (moment - (now or datetime.now(UTC))).total_seconds()
    if seconds <= 0:
        return ago(moment, now)
    for number, limit, unit in (
        (ceil(seconds), 60, "s"),
        (int(seconds / 60 + 0.5), 60, "min"),
        (int(seconds / 3600 + 0.5), 48, "h"),
    ):
        if number < limit:
            return f"in {count(number)} {unit}"
    return f"in {count(int(seconds / 86_400 + 0.5))} d"


def due(moment: datetime | None, now: datetime | None = None) -> str:
    """The same of what has not happened yet, though its time may have come: never past."""
    text = ahead(moment, now)
    return "now" if text.endswith(" ago") else text


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """How old, as short as can be: "8 s", "3 min"; never negative."""
    text = ago(moment, now).removesuffix(" ago")
    return "0 s" if text == "now" or text.startswith("in ") else text


def server_time() -> str:
    """Now, for the browser to count ages from: RFC 3339, UTC, in milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def date(moment: datetime | None) -> str:
    """The day in the reader's zone."""
    return NOTHING if moment is None else moment.astimezone(reader().zone).strftime("%-d %b %Y")


def utc_date(moment: datetime | None) -> str:
    """The day, UTC: so days of usage are counted, by 1NCE and here."""
    return NOTHING if moment is None else moment.astimezone(UTC).strftime("%-d %b %Y")


def fields(values: Mapping[str, str]) -> dict[str, str]:
    """One value each for fields that take several by comma: one that has a comma itself is put in quotes."""
    quoted = {name: '"{}"'.format(text.replace('"', '""')) for name, text in values.items() if {*text} & {*',"'}}
    return {**values, **quoted}
