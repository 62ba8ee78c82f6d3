"""Rules as tables of cases: no database, and the clock is passed in."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.alert_rules.findings import find
from console.alert_rules.history_findings import sessions_flapping, share_left, sms_failing, usage_spike
from console.alert_rules.judged import Finding, JudgedSim
from console.alert_rules.kinds import KINDS, RuleKind, RuleParameters, check
from console.alert_rules.ready_made import READY_MADE
from console.alert_rules.sentences import condition, sentence
from console.errors import Invalid
from console.facts.alerts import Severity

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOLDS, STAYS, ENDED, UNKNOWN = Finding.HOLDS, Finding.STAYS, Finding.ENDED, Finding.UNKNOWN
TEN = RuleParameters(percent=10)
SMS = RuleParameters(left_messages=20)
DAY = RuleParameters(hours=24)
THRICE, SIX = RuleParameters(times=3, hours=2), RuleParameters(minutes=360)
HOURLY = {"usual_gap_seconds": 3_600, "longest_gap_seconds": 3_600}
WEEKDAYS = {"usual_gap_seconds": 3_600, "longest_gap_seconds": 62 * 3_600}
MB = 1024 * 1024
SPIKE = RuleParameters(deviations=5, least_bytes=10 * MB)
WEEK = RuleParameters(days=7)
EU = RuleParameters(countries=("DE", "FR"))


@pytest.mark.parametrize(
    ("kind", "parameters", "sim", "expected"),
    [
        (RuleKind.DATA_QUOTA_BELOW, TEN, {"data_left_bytes": 9, "data_total_bytes": 100}, HOLDS),
        (RuleKind.DATA_QUOTA_BELOW, TEN, {"data_left_bytes": 10, "data_total_bytes": 100}, STAYS),
        (RuleKind.DATA_QUOTA_BELOW, TEN, {"data_left_bytes": 12, "data_total_bytes": 100}, STAYS),
        (RuleKind.DATA_QUOTA_BELOW, TEN, {"data_left_bytes": 13, "data_total_bytes": 100}, ENDED),
        (RuleKind.DATA_QUOTA_BELOW, TEN, {"data_left_bytes": -4, "data_total_bytes": 100}, HOLDS),
        (RuleKind.DATA_QUOTA_BELOW, TEN, {"data_left_bytes": 9}, UNKNOWN),
        (RuleKind.DATA_QUOTA_BELOW, TEN, {}, UNKNOWN),
        (RuleKind.DATA_QUOTA_BELOW, TEN, {"data_left_bytes": 1, "data_total_bytes": 100, "watched": False}, ENDED),
        (RuleKind.DATA_QUOTA_BELOW, RuleParameters(left_bytes=50), {"data_left_bytes": 49}, HOLDS),
        (RuleKind.SMS_QUOTA_BELOW, SMS, {"sms_left": 19}, HOLDS),
        (RuleKind.SMS_QUOTA_BELOW, SMS, {"sms_left": 24}, STAYS),
        (RuleKind.SMS_QUOTA_BELOW, SMS, {"sms_left": 25}, ENDED),
        (RuleKind.QUOTA_USED_UP, RuleParameters(service="data"), {"data_left_bytes": 0}, HOLDS),
        (RuleKind.QUOTA_USED_UP, RuleParameters(service="data"), {"data_left_bytes": 1, "sms_left": 0}, ENDED),
        (RuleKind.QUOTA_USED_UP, RuleParameters(service="sms"), {"data_left_bytes": 1, "sms_left": 0}, HOLDS),
        (RuleKind.QUOTA_USED_UP, RuleParameters(service="data"), {"data_quota": "expired"}, HOLDS),
        (RuleKind.QUOTA_USED_UP, RuleParameters(service="data"), {}, UNKNOWN),
        (RuleKind.EXPIRES_SOON, RuleParameters(days=30), {"data_expires_at": NOW + timedelta(days=30)}, HOLDS),
        (RuleKind.EXPIRES_SOON, RuleParameters(days=30), {"data_expires_at": NOW + timedelta(days=31)}, ENDED),
        (RuleKind.EXPIRES_SOON, RuleParameters(days=30), {}, UNKNOWN),
        (RuleKind.NO_CONTACT, DAY, {"last_seen_at": NOW - 25 * HOUR}, HOLDS),
        (RuleKind.NO_CONTACT, DAY, {"last_seen_at": NOW - 24 * HOUR}, ENDED),
        (RuleKind.NO_CONTACT, DAY, {"last_seen_at": NOW - 25 * HOUR, "status": "disabled"}, ENDED),
        (RuleKind.NO_CONTACT, DAY, {}, UNKNOWN),
        (RuleKind.NO_CONTACT, DAY, {"last_seen_at": NOW - 25 * HOUR, "known_until": NOW - HOUR}, UNKNOWN),
        (RuleKind.NO_CONTACT, DAY, {"last_seen_at": NOW - 25 * HOUR, "known_until": None}, UNKNOWN),
        (RuleKind.NO_CONTACT, DAY, {"last_seen_at": NOW - 26 * HOUR, "known_until": NOW - HOUR}, HOLDS),
        (RuleKind.NO_CONTACT, DAY, {"last_seen_at": NOW - 24 * HOUR, "known_until": None}, ENDED),
        (RuleKind.SILENT, THRICE, {"last_seen_at": NOW - 4 * HOUR, "known_until": NOW - HOUR, **HOURLY}, UNKNOWN),
        (RuleKind.DATA_RUNS_OUT, WEEK, {"data_left_bytes": 69, "daily_bytes": 10}, HOLDS),
        (RuleKind.DATA_RUNS_OUT, WEEK, {"data_left_bytes": 70, "daily_bytes": 10}, STAYS),
        (RuleKind.DATA_RUNS_OUT, WEEK, {"data_left_bytes": 88, "daily_bytes": 10}, ENDED),
        (RuleKind.DATA_RUNS_OUT, WEEK, {"data_left_bytes": 0, "daily_bytes": 10}, ENDED),
        (RuleKind.DATA_RUNS_OUT, WEEK, {"data_left_bytes": 69}, UNKNOWN),
        (RuleKind.DATA_RUNS_OUT, WEEK, {"daily_bytes": 10}, UNKNOWN),
        (RuleKind.EXPIRED, RuleParameters(), {"data_expires_at": NOW}, HOLDS),
        (RuleKind.EXPIRED, RuleParameters(), {"data_expires_at": NOW + HOUR}, ENDED),
        (RuleKind.EXPIRED, RuleParameters(), {"data_expires_at": NOW, "status": "disabled"}, ENDED),
        (RuleKind.EXPIRED, RuleParameters(), {}, UNKNOWN),
        (RuleKind.SILENT, THRICE, {"last_seen_at": NOW - 4 * HOUR, **HOURLY}, HOLDS),
        (RuleKind.SILENT, THRICE, {"last_seen_at": NOW - 3 * HOUR, **HOURLY}, ENDED),
        (RuleKind.SILENT, RuleParameters(times=3, hours=5), {"last_seen_at": NOW - 4 * HOUR, **HOURLY}, ENDED),
        (RuleKind.SILENT, THRICE, {"last_seen_at": NOW - 60 * HOUR, **WEEKDAYS}, ENDED),
        (RuleKind.SILENT, THRICE, {"last_seen_at": NOW - 64 * HOUR, **WEEKDAYS}, HOLDS),
        (RuleKind.SILENT, THRICE, {"last_seen_at": NOW - 64 * HOUR}, UNKNOWN),
        (RuleKind.SILENT, THRICE, {"last_seen_at": NOW - 64 * HOUR, "status": "disabled", **HOURLY}, ENDED),
        (RuleKind.NO_SESSION, SIX, {"connection": "attached", "no_session_since": NOW - 7 * HOUR}, HOLDS),
        (RuleKind.NO_SESSION, SIX, {"connection": "attached", "no_session_since": NOW - 6 * HOUR}, ENDED),
        (RuleKind.NO_SESSION, SIX, {"connection": "attached"}, UNKNOWN),
        (RuleKind.NO_SESSION, SIX, {"connection": "online", "no_session_since": NOW - 7 * HOUR}, ENDED),
        (RuleKind.NO_SESSION, SIX, {"connection": None, "no_session_since": NOW - 7 * HOUR}, UNKNOWN),
        (RuleKind.STATUS_CHANGED, RuleParameters(), {"status": "disabled", "was_status": ["enabled"]}, HOLDS),
        (
            RuleKind.STATUS_CHANGED,
            RuleParameters(),
            {"status": "enabled", "was_status": ["enabled", "disabled"]},
            HOLDS,
        ),
        (RuleKind.STATUS_CHANGED, RuleParameters(), {"status": "enabled", "was_status": ["enabled"]}, ENDED),
        (RuleKind.STATUS_CHANGED, RuleParameters(), {"status": "enabled"}, ENDED),
        (RuleKind.IMEI_CHANGED, RuleParameters(), {"imei": "867648040000019", "was_imei": ["867648040000001"]}, HOLDS),
        (RuleKind.IMEI_CHANGED, RuleParameters(), {"imei": "8676480400000101", "was_imei": ["867648040000019"]}, ENDED),
        (RuleKind.IMEI_CHANGED, RuleParameters(), {"imei": None, "was_imei": ["867648040000001"]}, ENDED),
        (RuleKind.COUNTRY_NOT_ALLOWED, EU, {"country": "US", "connection": "online"}, HOLDS),
        (RuleKind.COUNTRY_NOT_ALLOWED, EU, {"country": "DE", "connection": "attached"}, ENDED),
        (RuleKind.COUNTRY_NOT_ALLOWED, EU, {"country": "DE", "connection": "offline"}, UNKNOWN),
        (RuleKind.COUNTRY_NOT_ALLOWED, EU, {"connection": "online"}, UNKNOWN),
    ],
)
def test_a_condition_holds_for_a_sim(
    kind: RuleKind, parameters: RuleParameters, sim: Mapping[str, Any], expected: Finding
) -> None:
    judged = JudgedSim(iccid="1", **{"known_until": NOW, **sim})
    assert find(kind, parameters, judged, NOW)[0] is expected


@pytest.mark.parametrize(
    ("used", "weeks", "expected"),
    [
        (30 * MB, [[MB, MB, MB]] * 4, HOLDS),
        (11 * MB, [[MB, MB, MB]] * 4, HOLDS),  # by the floor: nothing varies
        (11 * MB - 1, [[MB, MB, MB]] * 4, STAYS),
        (5 * MB, [[MB, MB, MB]] * 4, ENDED),
        (30 * MB, [[MB, MB, MB]] * 3, UNKNOWN),  # four weeks are asked for
        (30 * MB, [], UNKNOWN),
        (30 * MB, [[MB, 30 * MB, MB]] * 4, HOLDS),  # once a week is a neighbour's value in three: the median stays
        (30 * MB, [[28 * MB, 30 * MB, 29 * MB], *[[MB, MB, MB]] * 3], ENDED),  # last week was like that
        (30 * MB, [[MB, MB, MB], *[[28 * MB, 30 * MB, 29 * MB]] * 3], ENDED),  # two and four weeks do not agree
        (56 * MB, [[10 * MB, 20 * MB, 30 * MB]] * 4, ENDED),  # less than half of five deviations of 14.8 MB
        (60 * MB, [[10 * MB, 20 * MB, 30 * MB]] * 4, STAYS),
        (95 * MB, [[10 * MB, 20 * MB, 30 * MB]] * 4, HOLDS),
    ],
)
def test_a_use_is_a_spike_if_one_two_and_four_weeks_agree(used: int, weeks: Any, expected: Finding) -> None:
    assert usage_spike(SPIKE, used, weeks) is expected


@pytest.mark.parametrize(("begun", "expected"), [(10, HOLDS), (9, STAYS), (5, STAYS), (4, ENDED)])
def test_sessions_flap_until_they_are_half_as_many(begun: int, expected: Finding) -> None:
    assert sessions_flapping(RuleParameters(sessions=10, minutes=60), begun) is expected


@pytest.mark.parametrize(
    ("arrived", "expected"),
    [("", ENDED), ("--", ENDED), ("---", HOLDS), ("---+", HOLDS), ("+---", ENDED), ("-+--", ENDED)],
)
def test_messages_fail_in_a_row_until_one_arrives(arrived: str, expected: Finding) -> None:
    asked = RuleParameters(failures=3, hours=24)
    assert sms_failing(asked, [one == "+" for one in arrived]) is expected


@pytest.mark.parametrize(("days", "words"), [(-1, "expired on 2026-11-19"), (1, "expires on 2026-11-21")])
def test_what_has_expired_is_not_said_to_be_going_to(days: int, words: str) -> None:
    sim = JudgedSim(iccid="1", data_expires_at=NOW + timedelta(days=days))
    finding, value = find(RuleKind.EXPIRES_SOON, RuleParameters(days=30), sim, NOW)
    assert finding is HOLDS
    assert value is not None
    assert value() == words


@pytest.mark.parametrize(
    ("left_lately", "still_away", "on_network", "expected"),
    [
        (20, 0, 80, HOLDS),  # 20 of 100
        (20, 0, 81, ENDED),
        (19, 0, 0, ENDED),  # all, but too few
        (0, 20, 180, STAYS),  # half the share is still away
        (0, 20, 181, ENDED),
        (0, 0, 0, ENDED),
    ],
)
def test_a_share_of_a_group_has_left(left_lately: int, still_away: int, on_network: int, expected: Finding) -> None:
    parameters = RuleParameters(percent=20, least_sims=20, minutes=5, by="operator")
    found = share_left(parameters, left_lately=left_lately, still_away=still_away, on_network=on_network)
    assert found is expected


def test_a_rule_is_a_sentence() -> None:
    said = sentence(
        RuleKind.DATA_QUOTA_BELOW,
        RuleParameters(percent=10, left_bytes=52_428_800),
        filter_text="tag=pump&country=DE",
        severity=Severity.WARNING,
        for_seconds=600,
        keep_firing_seconds=3_600,
    )
    assert said == (
        "Warning when a SIM has less than 10 % or 50 MB of its data left, of the SIMs with tag pump, country DE,"
        " for 10 minutes. It is kept for 1 hour after that has ended."
    )


@pytest.mark.parametrize("one", READY_MADE, ids=lambda one: one.name)
def test_the_ready_made_rules_can_be(one: Any) -> None:
    check(one.kind, one.parameters, has_filter=False, for_seconds=one.for_seconds)
    assert condition(one.kind, one.parameters)
    assert one.keep_firing_seconds or not KINDS[one.kind].momentary, "a change is shown for a while"


@pytest.mark.parametrize(
    ("kind", "parameters", "filtered", "for_seconds"),
    [
        (RuleKind.NO_CONTACT, RuleParameters(), False, 0),
        (RuleKind.NO_CONTACT, RuleParameters(hours=1, percent=5), False, 0),
        (RuleKind.DATA_QUOTA_BELOW, RuleParameters(), False, 0),
        (RuleKind.CARRIER_FAILING, RuleParameters(), True, 0),
        (RuleKind.IMEI_CHANGED, RuleParameters(), False, 60),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    kind: RuleKind, parameters: RuleParameters, filtered: bool, for_seconds: int
) -> None:
    with pytest.raises(Invalid):
        check(kind, parameters, has_filter=filtered, for_seconds=for_seconds)
