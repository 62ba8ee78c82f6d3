"""When a maintenance window is open: recurrence rules (RFC 5545) in a time zone. Pure.

A window begins at a local time and lasts for a length of absolute time. A beginning that the change to summer time
leaves out is an hour later by the clock; one that happens twice is the first of the two.
"""

import re
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from console.errors import Invalid
from console.notifications.rules import check_zone, zone_of

LONGEST_RULE = 200  # characters
LONGEST = timedelta(days=7)
SHORTEST = timedelta(minutes=5)
FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
DAY = re.compile(r"(?:[+-]?([0-9]{1,2}))?(?:MO|TU|WE|TH|FR|SA|SU)")
PARTS = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "WKST"})
MOST = 1_000  # of COUNT and INTERVAL
CYCLE = 400  # years after which the calendar repeats, with its weekdays
UNTIL = re.compile(r";?\bUNTIL=([^;]*)", re.IGNORECASE)
LOOKED_AHEAD = timedelta(days=5 * 366)
OLDEST = timedelta(days=3_660)  # that a window may have begun before now, when it is made


class Recurrence(Struct, frozen=True, kw_only=True):
    """`first_begin`: the local time of the first, without a zone. `rule`: of RFC 5545, without the word RRULE."""

    time_zone: str
    first_begin: datetime
    rule: str | None  # None: once
    length: timedelta


class Occurrence(Struct, frozen=True):
    """One time that a window is open, in UTC."""

    begins_at: datetime
    ends_at: datetime


def check_recurrence(asked: Recurrence, now: datetime) -> None:
    """Raises Invalid for what is more frequent than daily, can't be understood, or never happens again."""
    check_zone(asked.time_zone)
    if asked.first_begin.tzinfo is not None:
        raise Invalid("The first beginning is a local time, without a zone: 2026-11-29T02:00")
    if not now.replace(tzinfo=None) - OLDEST <= asked.first_begin <= now.replace(tzinfo=None) + LOOKED_AHEAD:
        raise Invalid("The first beginning lies within ten years before now and five years from now")
    if not SHORTEST <= asked.length <= LONGEST:
        raise Invalid("A maintenance window lasts 5 minutes to 7 days")
    if asked.rule is not None:
        _check_rule(asked.rule)
    try:
        found = next_occurrence(asked, now)
    except (ValueError, OverflowError) as error:
        raise Invalid("The rule can't be understood: write it as FREQ=WEEKLY;BYDAY=SU") from error
    if found is None:
        raise Invalid("The window never opens again within five years")


def _check_rule(rule: str) -> None:
    if len(rule) > LONGEST_RULE or not rule.isascii():
        raise Invalid(f"A rule has at most {LONGEST_RULE} characters")
    parts = [part.partition("=") for part in rule.upper().split(";")]
    named = {name: value for name, _, value in parts}
    if len(named) != len(parts) or not named.keys() <= PARTS:
        raise Invalid(f"A rule is made of {', '.join(sorted(PARTS))}, each once: a window opens once a day at most")
    if named.get("FREQ") not in FREQUENCIES:
        raise Invalid(f"FREQ is one of {', '.join(sorted(FREQUENCIES))}: a window opens once a day at most")
    last = {"YEARLY": 5 if "BYMONTH" in named else 53, "MONTHLY": 5}.get(named["FREQ"], 0)  # RFC 5545, 3.3.10
    for day in named.get("BYDAY", "MO").split(","):
        found = DAY.fullmatch(day)
        if found is None or (found[1] and not 0 < int(found[1]) <= last):
            raise Invalid(f"BYDAY has days like SU{f', with a number up to {last} before it: -1SU' if last else ''}")
    for name in ("COUNT", "INTERVAL"):
        text = named.get(name, "1")
        if not (text.isdecimal() and 0 < int(text[:9]) <= MOST):
            raise Invalid(f"{name} lies between 1 and {MOST}")


def next_occurrence(recurrence: Recurrence, now: datetime) -> Occurrence | None:
    """The occurrence that is open now, or else the next within five years. Raises ValueError for a rule that is none.

    It looks through all from the first on: 30 ms for ten years of days, so keep what it returns.
    """
    for begins_at in _beginnings(recurrence, now):
        ends_at = begins_at + recurrence.length
        if ends_at > now:
            return Occurrence(begins_at, ends_at)
    return None


def _beginnings(recurrence: Recurrence, now: datetime) -> Any:
    zone = zone_of(recurrence.time_zone)
    if recurrence.rule is None:
        yield recurrence.first_begin.replace(tzinfo=zone).astimezone(UTC)
        return
    from dateutil.rrule import rrule, rrulestr

    text, end = _ending(recurrence.rule, zone)
    rule = rrulestr(text, dtstart=recurrence.first_begin)
    if not isinstance(rule, rrule):
        raise ValueError("several rules")  # noqa: TRY004
    # It is looked for to the end of the calendar, so where a rule never comes that is to be near.
    years = (MAXYEAR - recurrence.first_begin.year) // CYCLE * CYCLE
    first = recurrence.first_begin
    for late in rule.replace(dtstart=first.replace(year=first.year + years)):
        local = late.replace(year=late.year - years)
        if local > now.replace(tzinfo=None) + LOOKED_AHEAD or (end is not None and local > end):
            return
        yield local.replace(tzinfo=zone).astimezone(UTC)


def _ending(rule: str, zone: ZoneInfo) -> tuple[str, datetime | None]:
    """The rule without its end, and the end as a local time without its zone. Raises ValueError.

    Beside a time zone RFC 5545 (3.3.10) has the end in UTC; one as local as the beginning is understood too.
    """
    found = UNTIL.search(rule)
    if found is None:
        return rule, None
    text = found[1].upper()
    form = "%Y%m%dT%H%M%S" if "T" in text else "%Y%m%d"
    end = datetime.strptime(text.removesuffix("Z"), form).replace(tzinfo=UTC if text.endswith("Z") else zone)
    return UNTIL.sub("", rule).strip(";"), end.astimezone(zone).replace(tzinfo=None)
