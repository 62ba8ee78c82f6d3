"""Who is on call, who follows while nobody acknowledges, and what each priority means. Pure: no clock, no database."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from console.errors import Invalid
from console.facts.alerts import Priority
from console.notifications.rules import TIME, Weekday, check_zone, instant, zone_of

MOST_PEOPLE = 50
MOST_MINUTES = 1_440
MOST_ROUNDS = 10
FIRST_DAYS = (date(2000, 1, 1), date(2100, 1, 1))  # between which shifts are counted from


class ShiftLength(StrEnum):
    """How long one person is on call."""

    DAY = "day"
    WEEK = "week"


class OnCallPerson(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who is on call in turns."""

    name: Annotated[str, Meta(description="Who it is.", examples=["otto"], min_length=1, max_length=100)]
    channel_id: Annotated[
        int, Meta(description="The notification channel that reaches them, at all hours.", examples=[3], ge=1)
    ]


class Rota(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which order people are on call, and when one hands over to the next."""

    time_zone: Annotated[str, Meta(description="An IANA time zone.", examples=["Europe/Berlin"], max_length=64)]
    hand_over: Annotated[str, Meta(description="Local time, HH:MM.", examples=["08:00"], pattern=TIME)]
    shift: Annotated[ShiftLength, Meta(description="How long one person is on call.", examples=["week"])]
    weekday: Annotated[Weekday, Meta(description="The day on which weeks are handed over.", examples=["monday"])] = (
        Weekday.MONDAY
    )
    first_day: Annotated[
        date, Meta(description="The day on which the first person is or was on call.", examples=["2026-11-16"])
    ]
    people: Annotated[
        list[OnCallPerson],
        Meta(description="In their order; none: nobody is on call.", max_length=MOST_PEOPLE),
    ]
    rounds: Annotated[
        int,
        Meta(description="How often an alert is sent to each of them at most.", examples=[3], ge=1, le=MOST_ROUNDS),
    ] = 3


class PrioritySetting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an alert of a priority does outside the console."""

    priority: Annotated[Priority, Meta(description="Which.", examples=["P1"])]
    pages: Annotated[bool, Meta(description="Whether who is on call gets it at once.", examples=[True])]
    escalate_after_minutes: Annotated[
        Annotated[int, Meta(ge=1, le=MOST_MINUTES)] | None,
        Meta(description="After how many the next person gets it; null: nobody else.", examples=[5]),
    ] = None
    sends: Annotated[bool, Meta(description="Whether channels get it by their routes.", examples=[True])] = True


# Page at once, and the next after 5 minutes; after 15; by the channels' routes; listed in the console alone.
USUAL = (
    PrioritySetting(priority=Priority.P1, pages=True, escalate_after_minutes=5),
    PrioritySetting(priority=Priority.P2, pages=True, escalate_after_minutes=15),
    PrioritySetting(priority=Priority.P3, pages=False),
    PrioritySetting(priority=Priority.P4, pages=False, sends=False),
)


class Shift(Struct, frozen=True, kw_only=True):
    """When somebody is on call."""

    name: Annotated[str, Meta(description="Who.", examples=["otto"])]
    begins_at: Annotated[datetime, Meta(description="When they take over.", examples=["2026-11-16T07:00:00Z"])]
    ends_at: Annotated[datetime, Meta(description="When they hand over.", examples=["2026-11-23T07:00:00Z"])]
    override: Annotated[bool, Meta(description="Whether they stand in for somebody.", examples=[False])]


def check_rota(rota: Rota) -> None:
    """Raises Invalid for a time zone or first day that can't be, and a name that is there twice or can't be read."""
    check_zone(rota.time_zone)
    if not FIRST_DAYS[0] <= rota.first_day < FIRST_DAYS[1]:
        raise Invalid("The first day lies between 2000 and 2099", first_day=rota.first_day.isoformat())
    names = [one.name for one in rota.people]
    if len(set(names)) < len(names):
        raise Invalid("Somebody is in the order twice", people=names[:20])
    if not all(name.isprintable() and name == name.strip() for name in names):
        raise Invalid("Names have visible characters alone, and no blanks around them")


def check_priorities(settings: Sequence[PrioritySetting]) -> None:
    """Raises Invalid unless each priority is there once, or if one escalates what it does not page."""
    if sorted(one.priority for one in settings) != list(Priority):
        raise Invalid("Each of P1, P2, P3 and P4 is there once")
    if any(one.escalate_after_minutes is not None and not one.pages for one in settings):
        raise Invalid("Only what is sent to who is on call can be sent to the next person")


def shift_day(rota: Rota, moment: datetime) -> date:
    """The local day on which the shift of this moment began, counted from its hour of handing over."""
    day = moment.astimezone(zone_of(rota.time_zone)).date()
    return day if begins(rota, day) <= moment else day - timedelta(days=1)


def begins(rota: Rota, day: date) -> datetime:
    """The moment at which a local day begins for the rota. UTC."""
    return instant(day, time.fromisoformat(rota.hand_over), zone_of(rota.time_zone))


def period(rota: Rota, day: date) -> int:
    """The number of the shift that this day is in by the order, counted from the first person's first."""
    if rota.shift is ShiftLength.DAY:
        return (day - rota.first_day).days
    weekday = list(Weekday).index(rota.weekday)
    begin, first = (one - timedelta(days=(one.weekday() - weekday) % 7) for one in (day, rota.first_day))
    return (begin - first).days // 7


def usual(rota: Rota, day: date) -> int:
    """The place in the order of who is on call on that day, overrides left out."""
    return period(rota, day) % len(rota.people)


def order(rota: Rota | None, overrides: Mapping[date, str], moment: datetime) -> list[OnCallPerson]:
    """Who is on call, then who follows; an override's person comes first on its day, and the usual one after."""
    if rota is None or not rota.people:
        return []
    day = shift_day(rota, moment)
    at = usual(rota, day)
    people = [*rota.people[at:], *rota.people[:at]]
    return sorted(people, key=lambda one: one.name != overrides.get(day))


def shifts(rota: Rota | None, overrides: Mapping[date, str], moment: datetime, *, days: int) -> list[Shift]:
    """The shift of this moment and those that begin within so many days, each whole but for who stands in."""
    if rota is None or not rota.people:
        return []
    day, names = shift_day(rota, moment), {one.name for one in rota.people}
    last = period(rota, day + timedelta(days=days))
    while period(rota, day - timedelta(days=1)) == period(rota, day):
        day -= timedelta(days=1)
    found: list[tuple[int, Shift]] = []
    while (number := period(rota, day)) <= last:
        instead = overrides.get(day) if overrides.get(day) in names else None
        name, following = instead or rota.people[usual(rota, day)].name, day + timedelta(days=1)
        begins_at, override = begins(rota, day), instead is not None
        if found and (found[-1][0], found[-1][1].name, found[-1][1].override) == (number, name, override):
            begins_at = found.pop()[1].begins_at
        shift = Shift(name=name, begins_at=begins_at, ends_at=begins(rota, following), override=override)
        found.append((number, shift))
        day = following
    return [shift for _, shift in found if shift.ends_at > moment]


def next_person(people: Sequence[OnCallPerson], sent_to: Sequence[str], rounds: int) -> OnCallPerson | None:
    """Who gets an alert next: the first in the order of those who got it least often; None: all got it `rounds` times.

    By who got it rather than by how many: a hand-over in between leaves nobody out.
    """
    if not people:
        return None
    least = min(sent_to.count(one.name) for one in people)
    if least >= rounds:
        return None
    return next(one for one in people if sent_to.count(one.name) == least)
