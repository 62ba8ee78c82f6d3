"""Which channel takes a notification and when, where webhooks may go, how posts are signed: tables of cases."""

from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from console.errors import Invalid
from console.facts.alerts import Severity
from console.notifications.deliveries_rules import (
    DELAYS,
    AttemptOutcome,
    DeliveryState,
    Ended,
    delay,
    state_after,
)
from console.notifications.on_call import Rota, ShiftLength, check_rota
from console.notifications.rules import Hours, Notification, Route, Weekday, check_hours, check_zone, opening, routed
from console.notifications.signing import new_secret, signed_headers
from console.notifications.targets import Refused, check_mailboxes, check_url, is_public, public_addresses, shown_url
from console.reports.shift_ends import HandoverSettings, check_ends
from console.silences.recurrence import Recurrence, check_recurrence
from console.users.zones import is_zone

NIGHT = {"begin": "22:00", "end": "06:00"}
ALL = list(Weekday)
MONDAY = [Weekday.MONDAY]


def hours(days: list[Weekday], begin: str = "08:00", end: str = "18:00", zone: str = "Europe/Berlin") -> Hours:
    return Hours(time_zone=zone, days=days, begin=begin, end=end)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "moment", "opens"),
    [
        (None, "2026-11-20T03:00", "2026-11-20T03:00"),
        (hours(ALL), "2026-11-20T10:00", "2026-11-20T10:00"),
        (hours(ALL), "2026-11-20T03:00", "2026-11-20T07:00"),  # 08:00 in Berlin
        (hours(ALL), "2026-11-20T17:00", "2026-11-21T07:00"),  # 18:00 is the end
        (hours(MONDAY), "2026-11-24T10:00", "2026-11-30T07:00"),
        (hours(MONDAY, **NIGHT), "2026-11-24T04:00", "2026-11-24T04:00"),  # began on Monday evening
        (hours(MONDAY, **NIGHT), "2026-11-24T05:00", "2026-11-30T21:00"),
        (hours(ALL, "00:00", "00:00"), "2026-11-20T12:00", "2026-11-20T12:00"),
        (hours(ALL), "2026-03-28T20:00", "2026-03-29T06:00"),  # summer time begins that night
        (hours(ALL), "2026-10-24T20:00", "2026-10-25T07:00"),  # and ends
        (hours(ALL, "02:30", "03:30"), "2026-03-29T00:00", "2026-03-29T01:30"),  # 02:30 is left out: 03:30 it is
        (hours(ALL, "02:30", "03:00"), "2026-03-29T00:00", "2026-03-29T01:30"),  # all of it is left out: to 04:00
        (hours(ALL, "02:30", "03:00"), "2026-03-29T01:45", "2026-03-29T01:45"),
        (hours(ALL, "02:30", "03:00"), "2026-03-29T02:00", "2026-03-30T00:30"),
        (hours(ALL, "02:30", "04:00"), "2026-10-24T23:00", "2026-10-25T00:30"),  # 02:30 is twice: the first
    ],
)
def test_what_comes_outside_the_hours_waits_for_their_next_beginning(
    when: Hours | None, moment: str, opens: str
) -> None:
    assert opening(when, at(moment)) == at(opens)


OF_NO_PLACE = ("localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/Europe/Berlin", "", "europe/berlin")


@pytest.mark.parametrize("name", OF_NO_PLACE)
def test_a_zone_means_the_same_on_every_machine(name: str) -> None:
    rota = Rota(time_zone=name, hand_over="08:00", shift=ShiftLength.DAY, first_day=date(2026, 11, 16), people=[])
    begin = datetime(2026, 11, 21, tzinfo=UTC).replace(tzinfo=None)  # local
    window = Recurrence(time_zone=name, first_begin=begin, rule=None, length=timedelta(hours=1))
    with pytest.raises(Invalid, match="There is no time zone"):
        check_hours(hours(ALL, zone=name))
    with pytest.raises(Invalid, match="There is no time zone"):
        check_rota(rota)
    with pytest.raises(Invalid, match="There is no time zone"):
        check_ends(HandoverSettings(time_zone=name))
    with pytest.raises(Invalid, match="There is no time zone"):
        check_recurrence(window, datetime(2026, 11, 20, tzinfo=UTC))
    assert not is_zone(name)


@pytest.mark.parametrize("name", ["Europe/Berlin", "UTC", "EST", "Etc/GMT+1", "America/Argentina/Ushuaia"])
def test_names_of_the_database_are_zones(name: str) -> None:
    check_zone(name)


@pytest.mark.parametrize("wrong", [hours([]), hours(ALL, zone="Europe/Nowhere"), hours(ALL, zone="../etc")])
def test_hours_that_are_none_are_refused(wrong: Hours) -> None:
    with pytest.raises(Invalid):
        check_hours(wrong)


def test_a_channel_takes_what_is_urgent_enough_and_has_one_of_its_tags() -> None:
    now = at("2026-11-20T03:00")
    routes = [
        Route(channel_id=1, least_severity=Severity.INFO, tags=[], hours=None),
        Route(channel_id=2, least_severity=Severity.CRITICAL, tags=[], hours=None),
        Route(channel_id=3, least_severity=Severity.WARNING, tags=["pumps", "valves"], hours=hours(ALL)),
        Route(channel_id=4, least_severity=Severity.WARNING, tags=["cars"], hours=None),
    ]

    def taken(severity: Severity, *tags: str) -> dict[int, datetime]:
        what = Notification(type="alert.firing", time=now, severity=severity, title="x", tags=list(tags))
        return dict(routed(routes, what))

    assert taken(Severity.INFO) == {1: now}
    assert taken(Severity.WARNING, "pumps") == {1: now, 3: at("2026-11-20T07:00")}
    assert set(taken(Severity.CRITICAL, "cars")) == {1, 2, 4}


def test_attempts_are_spread_over_a_day_and_end() -> None:
    usual = [delay(attempt, 0.5) for attempt in range(1, len(DELAYS) + 1)]
    assert timedelta(hours=22) < sum((one for one in usual if one), timedelta()) < timedelta(hours=28)
    assert delay(1, 0.0) == timedelta(seconds=4)
    assert delay(1, 1.0) == timedelta(seconds=6)
    assert delay(1, 0.5, timedelta(minutes=2)) == timedelta(minutes=2)
    assert delay(1, 0.5, timedelta(days=9)) == timedelta(hours=1), "a receiver can't stop what is sent to it"
    assert delay(len(DELAYS) + 1, 0.5) is None
    failed, doubt = Ended(outcome=AttemptOutcome.FAILED), Ended(outcome=AttemptOutcome.IN_DOUBT)
    assert state_after(failed, len(DELAYS)) == state_after(doubt, 1) == DeliveryState.WAITING
    assert state_after(failed, len(DELAYS) + 1) == DeliveryState.FAILED


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        *(
            (one, False)
            for one in (
                "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1"
                " 192.0.2.1 198.18.0.1 ::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 2001:db8::1 fec0::1"
                " ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::10.0.0.1 64:ff9b::a00:1 2002:a00:1::1 2001:0:a00:1::1"
            ).split()
        ),
    ],
)
def test_only_addresses_of_the_public_internet_are_connected_to(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


async def test_a_name_that_leads_into_a_private_network_is_refused() -> None:
    with pytest.raises(Refused):
        await public_addresses("localhost", 443, loopback=False)
    assert await public_addresses("localhost", 443, loopback=True)
    with pytest.raises(Refused):
        await public_addresses("169.254.169.254", 443, loopback=True)


@pytest.mark.parametrize(
    "wrong",
    "http://hooks.example.com ftp://x.example https:// x https://a:b@x.example https://x.example/#a https://127.0.0.1/"
    " https://10.0.0.1/ https://[::1]/ https://localhost/ https://[::ffff:10.0.0.1]/ https://x.example:soon".split(),
)
def test_addresses_that_a_webhook_may_not_have(wrong: str) -> None:
    with pytest.raises(Invalid):
        check_url(wrong, loopback=False)


def test_the_secret_part_of_an_address_is_not_shown() -> None:
    address = check_url(" https://hooks.example.com:8443/services/T0/secret?token=x ", loopback=False)
    assert shown_url(address) == "https://hooks.example.com:8443/…"
    assert check_url("http://127.0.0.1:9000/x", loopback=True) == "http://127.0.0.1:9000/x"


@pytest.mark.parametrize("wrong", ["", "ada", "a@b@c", "a@x.example\nBcc: eve@evil.example", "Ada <ada@x.example>"])
def test_what_is_no_mail_address_is_refused(wrong: str) -> None:
    with pytest.raises(Invalid):
        check_mailboxes(wrong)


def test_mail_addresses_are_each_taken_once() -> None:
    assert check_mailboxes("ada@x.example; otto@x.example, ada@x.example") == "ada@x.example, otto@x.example"


def test_both_secrets_of_a_rotation_verify_by_the_reference_and_a_changed_body_by_none() -> None:
    new, old, now = new_secret(), new_secret(), int(datetime.now(UTC).timestamp())
    body = b'{"type":"test","data":{}}'
    headers = signed_headers([new, old], "msg_1", now, body)
    for secret in (new, old):
        assert Webhook(secret).verify(body, headers) == {"type": "test", "data": {}}
    for secret, sent in ((new_secret(), body), (new, body + b" ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(sent, headers)
