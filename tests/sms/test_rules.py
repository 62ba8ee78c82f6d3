"""What is known of a message after several reports of it, as tables of cases."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from msgspec import structs

from console.facts.sms import Sms
from console.sms.rules import changed, merged

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
ICCID = "8988228066600000001"


def sms(**reported: Any) -> Sms:
    plain = {"iccid": ICCID, "direction": "mt", "id": "7", "time": NOW, "status": "pending", "source": "poll"}
    return Sms(**{**plain, **reported})


@pytest.mark.parametrize(
    ("before", "reported", "after"),
    [
        ("pending", "buffered", "buffered"),
        ("pending", "delivered", "delivered"),
        ("buffered", "pending", "buffered"),  # late news takes nothing back
        ("delivered", "pending", "delivered"),
        ("expired", "buffered", "expired"),
        ("failed", "delivered", "failed"),  # the first final state stays
        ("pending", "teleported", "pending"),  # a word that nobody knows
    ],
)
def test_a_message_never_goes_back(before: str, reported: str, after: str) -> None:
    assert merged(sms(status=before), sms(status=reported, source="streamer")).status == after


def test_news_that_says_nothing_new_changes_nothing() -> None:
    known = sms(status="delivered", payload="hello", final_at=LATER, submitted_at=NOW)
    assert merged(known, sms(status="pending", source="streamer")) is known
    assert changed([known], [known, sms(status="delivered", source="forwarder")]) == []


def test_in_whatever_order_it_is_reported_the_message_is_the_same() -> None:
    reported = [
        sms(payload="hello", submitted_at=NOW, expires_at=LATER),
        sms(status="delivered", final_at=LATER, submitted_at=NOW, source="streamer"),
        sms(status="buffered", payload="hello", submitted_at=NOW),
    ]
    ends = {structs.replace(changed([], order)[0], source="") for order in permutations(reported)}
    assert len(ends) == 1
    (end,) = ends
    assert (end.status, end.payload, end.final_at, end.expires_at) == ("delivered", "hello", LATER, LATER)


def test_a_message_is_known_by_the_id_of_its_order_and_by_its_own() -> None:
    ordered = sms(id="551734", payload="hello")
    report = sms(id="88", other_id="551734", status="delivered", source="streamer")
    (after,) = changed([ordered], [report])
    assert (after.id, after.other_id, after.status, after.payload) == ("551734", "88", "delivered", "hello")
    (again,) = changed([after], [sms(id="88", status="delivered", expires_at=LATER)])
    assert (again.id, again.expires_at) == ("551734", LATER)


def test_messages_to_and_from_a_device_are_numbered_apart() -> None:
    assert len(changed([], [sms(), sms(direction="mo"), sms(iccid="8988228066600000002")])) == 3
