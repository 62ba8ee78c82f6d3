"""What silences hide, and when maintenance windows are open: tables of cases, both changes of the clock among them."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from console.errors import Invalid
from console.silences.recurrence import Recurrence, check_recurrence, next_occurrence
from console.silences.rules import Hiding, Label, Matcher, check_matchers, check_span, hidden_by, matches

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ALERT = {"rule": ["Operator lost"], "severity": ["critical"], "operator": ["DTAG"], "tag": ["pumps", "north"]}


def matcher(label: Label, *values: str, negated: bool = False) -> Matcher:
    return Matcher(label=label, values=list(values), negated=negated)


@pytest.mark.parametrize(
    ("matchers", "hides"),
    [
        ([], False),
        ([matcher(Label.OPERATOR, "DTAG")], True),
        ([matcher(Label.OPERATOR, "Orange", "DTAG")], True),
        ([matcher(Label.OPERATOR, "dtag")], False),
        ([matcher(Label.TAG, "north")], True),
        ([matcher(Label.TAG, "south")], False),
        ([matcher(Label.OPERATOR, "DTAG"), matcher(Label.TAG, "north", negated=True)], False),
        ([matcher(Label.OPERATOR, "DTAG"), matcher(Label.COUNTRY, "FR", negated=True)], True),
        ([matcher(Label.COUNTRY, "DE")], False),  # a label that it has not
        ([matcher(Label.OPERATOR, "DTAG"), matcher(Label.ICCID, "8988228066600000001")], False),
    ],
)
def test_an_alert_is_hidden_if_all_matchers_match_its_labels(matchers: list[Matcher], hides: bool) -> None:
    assert matches(matchers, ALERT) is hides


def test_it_is_said_which_one_hides() -> None:
    active = [
        Hiding(name="silence:4", matchers=[matcher(Label.TAG, "south")]),
        Hiding(name="window:2", matchers=[matcher(Label.TAG, "north")]),
        Hiding(name="silence:9", matchers=[matcher(Label.RULE, "Operator lost")]),
    ]
    assert hidden_by(active, ALERT) == "window:2"
    assert hidden_by(active[:1], ALERT) is None


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        [matcher(Label.TAG, "x", negated=True)],  # would hide nearly everything
        [matcher(Label.TAG)],
        [matcher(Label.TAG, "")],
        [matcher(Label.TAG, "x" * 201)],
        [matcher(Label.TAG, "x")] * 11,
        [matcher(Label.SEVERITY, "Critical")],
        [matcher(Label.ICCID, "8988 2280 6660 0000 001")],
        [matcher(Label.ICCID, "pump-1")],
    ],
)
def test_matchers_that_name_nothing_are_refused(wrong: list[Matcher]) -> None:
    with pytest.raises(Invalid):
        check_matchers(wrong)


@pytest.mark.parametrize(
    ("begins", "ends", "hours", "allowed"),
    [
        (0, 24, 24, True),
        (0, 24.1, 24, False),
        (-2, 24, 24, True),  # what has passed does not count
        (5, 4, 24, False),
        (-5, -1, 24, False),
        (2, 26, 24, True),
        (24 * 91, 24 * 91 + 1, 24, False),
    ],
)
def test_a_silence_has_an_end_that_is_not_too_far(begins: float, ends: float, hours: int, allowed: bool) -> None:
    span = NOW + timedelta(hours=begins), NOW + timedelta(hours=ends)
    if allowed:
        check_span(*span, NOW, longest=timedelta(hours=hours))
    else:
        with pytest.raises(Invalid):
            check_span(*span, NOW, longest=timedelta(hours=hours))


def window(first: str, rule: str | None, hours: float = 1, zone: str = "Europe/Berlin") -> Recurrence:
    return Recurrence(
        time_zone=zone, first_begin=datetime.fromisoformat(first), rule=rule, length=timedelta(hours=hours)
    )


@pytest.mark.parametrize(
    ("recurrence", "now", "begins", "ends"),
    [
        # Sundays at 02:30 in Berlin: in winter 01:30 UTC, in summer 00:30.
        (window("2026-11-01T02:30", "FREQ=WEEKLY"), "2026-11-20T10:00", "2026-11-22T01:30", "2026-11-22T02:30"),
        (window("2026-11-01T02:30", "FREQ=WEEKLY"), "2027-04-02T00:00", "2027-04-04T00:30", "2027-04-04T01:30"),
        # 2027-03-28 has no 02:30 in Berlin: it is 03:30, which is 01:30 UTC; the length is an hour all the same.
        (window("2026-11-01T02:30", "FREQ=WEEKLY"), "2027-03-27T12:00", "2027-03-28T01:30", "2027-03-28T02:30"),
        # 2027-10-31 has 02:30 twice: the first, 00:30 UTC, and not the second as well.
        (window("2026-11-01T02:30", "FREQ=WEEKLY"), "2027-10-30T12:00", "2027-10-31T00:30", "2027-10-31T01:30"),
        (window("2026-11-01T02:30", "FREQ=WEEKLY"), "2027-10-31T01:30", "2027-11-07T01:30", "2027-11-07T02:30"),
        # A window over the change lasts its four hours, not three or five.
        (window("2027-03-27T23:00", None, 4), "2027-03-27T00:00", "2027-03-27T22:00", "2027-03-28T02:00"),
        (window("2027-10-30T23:00", None, 4), "2027-10-30T00:00", "2027-10-30T21:00", "2027-10-31T01:00"),
        (window("2026-11-19T22:00", "FREQ=DAILY", 12, "UTC"), "2026-11-20T08:00", "2026-11-19T22:00",
         "2026-11-20T10:00"),
        (window("2026-11-30T04:00", "FREQ=MONTHLY;BYDAY=-1MO", zone="UTC"), "2026-12-01T00:00", "2026-12-28T04:00",
         "2026-12-28T05:00"),
        (window("2026-11-20T12:00", None, zone="America/New_York"), "2026-11-20T10:00", "2026-11-20T17:00",
         "2026-11-20T18:00"),
    ],
)  # fmt: skip
def test_a_window_keeps_its_local_time_over_both_changes_of_the_clock(
    recurrence: Recurrence, now: str, begins: str, ends: str
) -> None:
    found = next_occurrence(recurrence, datetime.fromisoformat(now).replace(tzinfo=UTC))
    assert found is not None
    assert [one.isoformat()[:16] for one in (found.begins_at, found.ends_at)] == [begins, ends]


def test_a_window_ends_at_a_local_time_or_in_utc_as_calendars_write_it() -> None:
    for until, times in (("20261206T013000Z", 3), ("20261206T012959Z", 2), ("20261206T023000", 3), ("20261205", 2)):
        found, now = [], NOW
        while (one := next_occurrence(window("2026-11-22T02:30", f"FREQ=WEEKLY;UNTIL={until}"), now)) is not None:
            found.append(one.begins_at)
            now = one.ends_at
        assert (len(found), found[0]) == (times, datetime(2026, 11, 22, 1, 30, tzinfo=UTC)), until


def test_a_window_that_is_over_opens_no_more() -> None:
    assert next_occurrence(window("2026-11-01T02:30", "FREQ=WEEKLY;COUNT=2"), NOW) is None
    assert next_occurrence(window("2026-11-19T02:30", None), NOW) is None


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=HOURLY",
        "FREQ=SECONDLY",
        "FREQ=DAILY;BYHOUR=1,2,3",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=99999999999",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",  # never
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYSETPOS=2",
        "FREQ=MONTHLY;BYDAY=99SU",
        "FREQ=MONTHLY;BYDAY=1SU,7SU",  # no month has a seventh
        "FREQ=YEARLY;BYMONTH=12;BYDAY=1SU,7SU",
        "FREQ=YEARLY;BYDAY=60SU",
        "FREQ=WEEKLY;BYDAY=1SU",
        "FREQ=MONTHLY;BYDAY=0SU",
        "FREQ=DAILY\nRRULE:FREQ=DAILY",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;UNTIL=yesterday",
        "every sunday",
        "",
        "FREQ=WEEKLY;BYDAY=" + ",".join(["SU"] * 99),
    ],
)
def test_a_rule_that_is_more_frequent_than_daily_or_none_is_refused_at_once(rule: str) -> None:
    began = time.process_time()
    with pytest.raises(Invalid):
        check_recurrence(window("2026-11-22T02:30", rule), NOW)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "wrong",
    [
        window("2026-11-22T02:30", None, zone="Europe/Nowhere"),
        window("2026-11-22T02:30", None, hours=200),
        window("2026-11-22T02:30", None, hours=0),
        window("2026-11-22T02:30+01:00", None),
        window("1970-01-01T00:00", "FREQ=DAILY"),
    ],
)
def test_a_window_that_can_not_be_is_refused(wrong: Recurrence) -> None:
    with pytest.raises(Invalid):
        check_recurrence(wrong, NOW)
