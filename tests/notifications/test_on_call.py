"""Who is on call: the order, hand-overs across the changes of the clock, stand-ins, and who gets an alert next."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from msgspec import structs

from console.errors import Invalid
from console.facts.alerts import Priority
from console.notifications.on_call import (
    USUAL,
    OnCallPerson,
    Rota,
    ShiftLength,
    begins,
    check_priorities,
    check_rota,
    next_person,
    order,
    shifts,
)
from console.notifications.rules import Weekday

pytestmark = pytest.mark.one_edition
PEOPLE = [OnCallPerson(name=name, channel_id=number) for number, name in enumerate(("ada", "otto", "eva"), 1)]
WEEKLY = Rota(
    time_zone="Europe/Berlin",
    hand_over="08:00",
    shift=ShiftLength.WEEK,
    weekday=Weekday.MONDAY,
    first_day=date(2026, 11, 18),  # a Wednesday: the week of the 16th
    people=PEOPLE,
)
DAILY = structs.replace(WEEKLY, shift=ShiftLength.DAY, first_day=date(2026, 11, 16))


def names(rota: Rota, moment: str, **overrides: str) -> str:
    days = {date.fromisoformat(f"2026-11-{day[1:]}"): name for day, name in overrides.items()}
    return " ".join(one.name for one in order(rota, days, datetime.fromisoformat(moment)))


@pytest.mark.parametrize(
    ("rota", "moment", "overrides", "expected"),
    [
        (WEEKLY, "2026-11-16T06:59:59+00:00", {}, "eva ada otto"),  # before Monday's hour of handing over
        (WEEKLY, "2026-11-16T07:00:00+00:00", {}, "ada otto eva"),
        (WEEKLY, "2026-11-23T06:59:59+00:00", {}, "ada otto eva"),
        (WEEKLY, "2026-11-23T07:00:00+00:00", {}, "otto eva ada"),
        (WEEKLY, "2026-12-07T07:00:00+00:00", {}, "ada otto eva"),
        (DAILY, "2026-11-17T06:59:59+00:00", {}, "ada otto eva"),
        (DAILY, "2026-11-17T07:00:00+00:00", {}, "otto eva ada"),
        (DAILY, "2026-11-17T07:00:00+00:00", {"d17": "ada"}, "ada otto eva"),  # the usual person follows
        (DAILY, "2026-11-17T06:59:59+00:00", {"d17": "eva"}, "ada otto eva"),  # its day has not begun
        (DAILY, "2026-11-18T06:59:59+00:00", {"d17": "ada"}, "ada otto eva"),  # nor ended
        (DAILY, "2026-11-17T07:00:00+00:00", {"d17": "bob"}, "otto eva ada"),  # nobody of the order
    ],
)
def test_the_order_is_by_local_hours(rota: Rota, moment: str, overrides: dict[str, str], expected: str) -> None:
    assert names(rota, moment, **overrides) == expected


def test_days_are_handed_over_at_the_same_local_hour_when_the_clock_changes() -> None:
    night = structs.replace(DAILY, hand_over="02:30")
    spring, autumn = date(2027, 3, 28), date(2027, 10, 31)
    assert begins(night, spring) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC), "02:30 is left out: an hour later"
    assert begins(night, autumn) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC), "02:30 comes twice: the first"
    for day in (spring, autumn):
        moment = begins(night, day)
        before, after = order(night, {}, moment - timedelta(seconds=1))[0], order(night, {}, moment)[0]
        assert PEOPLE[(PEOPLE.index(before) + 1) % 3] == after


def test_shifts_follow_one_another_without_gaps_and_say_who_stands_in() -> None:
    now = datetime(2026, 11, 17, 12, tzinfo=UTC)
    found = shifts(WEEKLY, {date(2026, 11, 19): "eva", date(2026, 11, 20): "eva"}, now, days=14)
    assert [(one.name, one.override, (one.ends_at - one.begins_at).days) for one in found] == [
        ("ada", False, 3),
        ("eva", True, 2),
        ("ada", False, 2),
        ("otto", False, 7),
        ("eva", False, 7),
    ]
    assert found[0].begins_at == datetime(2026, 11, 16, 7, tzinfo=UTC), "when it began, not when it is asked for"
    later = shifts(WEEKLY, {date(2026, 11, 16): "eva"}, now, days=7)
    assert [one.name for one in later] == ["ada", "otto"], "what is over is left out"
    assert all(one.ends_at == following.begins_at for one, following in pairwise(found))
    assert shifts(None, {}, now, days=14) == [] == order(None, {}, now)
    assert order(structs.replace(WEEKLY, people=[]), {}, now) == []


def test_everybody_gets_it_as_often_as_everybody_else_whoever_hands_over_meanwhile() -> None:
    sent: list[str] = []
    for _ in range(6):
        person = next_person(PEOPLE, sent, 2)
        assert person is not None
        sent.append(person.name)
    assert sent == ["ada", "otto", "eva"] * 2
    assert next_person(PEOPLE, sent, 2) is None
    assert next_person([], [], 3) is None
    handed_over = [PEOPLE[1], PEOPLE[2], PEOPLE[0]]
    assert next_person(handed_over, ["ada"], 3) == PEOPLE[1]
    assert next_person(handed_over, ["ada", "otto"], 3) == PEOPLE[2], (
        "nobody is left out, nobody gets it twice in a row"
    )


def test_what_can_not_be_is_refused() -> None:
    with pytest.raises(Invalid, match="time zone"):
        check_rota(structs.replace(WEEKLY, time_zone="Europe/Nowhere"))
    with pytest.raises(Invalid, match="twice"):
        check_rota(structs.replace(WEEKLY, people=[PEOPLE[0], PEOPLE[0]]))
    with pytest.raises(Invalid, match="visible"):
        check_rota(structs.replace(WEEKLY, people=[OnCallPerson(name="a\nb", channel_id=1)]))
    for first_day in (date(1, 1, 1), date(1999, 12, 31), date(2100, 1, 1), date(9999, 12, 31)):
        with pytest.raises(Invalid, match="first day"):
            check_rota(structs.replace(WEEKLY, first_day=first_day))
    for first_day in (date(2000, 1, 1), date(2099, 12, 31)):
        check_rota(structs.replace(WEEKLY, first_day=first_day))
    check_priorities(USUAL)
    with pytest.raises(Invalid, match="once"):
        check_priorities(USUAL[:3])
    with pytest.raises(Invalid, match="next person"):
        check_priorities([*USUAL[:3], structs.replace(USUAL[3], escalate_after_minutes=5)])
    assert [one.priority for one in USUAL] == list(Priority)
