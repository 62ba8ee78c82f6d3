"""When rules about quotas would have fired, counted back from what is left now."""

from datetime import datetime
from typing import Any

import pytest

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.carrier.listed_writes import record_orders
from console.quotas.writes import record_quotas
from tests.alerts.conftest import Fleet, iccids
from tests.alerts.test_histories import DAY, HOUR, MB, at_hour, tried, uses

pytestmark = pytest.mark.one_edition
ONE, OTHER, THIRD = iccids(3)
BACK = "This is counted back, hour by hour, from what is left now"


async def left(fleet: Fleet, iccid: str, amount: int, *, service: str = "data", ends: datetime | None = None) -> None:
    """So much is left of 100 MB, or of 100 messages."""
    total = 100 * MB if service == "data" else 100
    row = {
        "iccid": iccid,
        "service": service,
        "status": "active",
        "left": amount,
        "total": total,
        "accumulated": None,
        "last_added": None,
        "threshold_percent": None,
        "expires_at": ends,
        "created_at": None,
    }
    async with fleet.db.transaction() as transaction:
        await record_quotas(transaction, fleet.cast.acme, [row], fleet.now, streamer_alive=True)


async def ordered(fleet: Fleet, iccid: str, at: datetime) -> None:
    row: dict[str, Any] = dict.fromkeys(("status", "invoice_number", "amount_minor", "currency"))
    row |= {"number": 7, "type": "topup", "ordered_at": at, "iccids": [iccid], "products": []}
    async with fleet.db.transaction() as transaction:
        await record_orders(transaction, fleet.cast.acme, [row], fleet.now)


async def test_a_low_quota_fell_below_in_the_hour_of_the_use_that_took_it_there(fleet: Fleet) -> None:
    hour = at_hour(fleet)
    await fleet.lists([ONE, OTHER, THIRD])
    await uses(fleet, ONE, [(hour - 8 * DAY, 50 * MB), (hour - 3 * DAY, 30 * MB), (hour - 2 * DAY, 6 * MB)])
    await left(fleet, ONE, 4 * MB)  # 10 MB after the third day, 40 MB before it
    await uses(fleet, OTHER, [(hour - 8 * DAY, 95 * MB)])
    await left(fleet, OTHER, 5 * MB)  # since longer than seven days
    await left(fleet, THIRD, 80 * MB)
    fell = hour - 3 * DAY + HOUR
    for asked in (RuleParameters(percent=20), RuleParameters(left_bytes=20 * MB)):
        found = await tried(fleet, RuleKind.DATA_QUOTA_BELOW, asked)
        assert [(one.at, one.subject) for one in found.firings] == [(fell, ONE)]
        assert found.text == f"It would have fired 1 time in the last 7 days. {BACK}."
    (lower,) = (await tried(fleet, RuleKind.DATA_QUOTA_BELOW, RuleParameters(percent=9))).firings
    assert lower.at == hour - 2 * DAY + HOUR
    assert not (await tried(fleet, RuleKind.DATA_QUOTA_BELOW, RuleParameters(percent=20), "country=FR")).firings


async def test_a_sim_with_an_order_in_this_time_is_left_out_and_counted(fleet: Fleet) -> None:
    hour = at_hour(fleet)
    await fleet.lists([ONE, OTHER])
    for iccid in (ONE, OTHER):
        await uses(fleet, iccid, [(hour - DAY, 90 * MB)])
        await left(fleet, iccid, 5 * MB)
    asked = RuleParameters(percent=20)
    await ordered(fleet, OTHER, fleet.now - 8 * DAY)
    assert len((await tried(fleet, RuleKind.DATA_QUOTA_BELOW, asked)).firings) == 2
    await ordered(fleet, OTHER, fleet.now - 2 * DAY)
    found = await tried(fleet, RuleKind.DATA_QUOTA_BELOW, asked)
    assert [one.subject for one in found.firings] == [ONE]
    assert found.text.endswith(f"{BACK}; 1 SIM with an order in this time left out.")


async def test_a_quota_is_used_up_by_use_or_by_its_date(fleet: Fleet) -> None:
    hour = at_hour(fleet)
    ended = fleet.now - 5 * HOUR
    await fleet.lists([ONE, OTHER, THIRD])
    await uses(fleet, ONE, [(hour - DAY, 90 * MB)])
    await left(fleet, ONE, 0)
    await left(fleet, OTHER, 50 * MB, ends=ended)
    await left(fleet, THIRD, 50 * MB, ends=fleet.now + 10 * DAY)
    found = await tried(fleet, RuleKind.QUOTA_USED_UP, RuleParameters(service="data"))
    assert [(one.at, one.subject) for one in found.firings] == [(hour - DAY + HOUR, ONE), (ended, OTHER)]
    found = await tried(fleet, RuleKind.EXPIRED, RuleParameters())
    assert [(one.at, one.subject) for one in found.firings] == [(ended, OTHER)]
    assert "by the dates as they are now" in found.text
    found = await tried(fleet, RuleKind.EXPIRES_SOON, RuleParameters(days=12))
    assert [(one.at, one.subject) for one in found.firings] == [(fleet.now - 2 * DAY, THIRD)]


async def test_messages_are_counted_back_by_messages(fleet: Fleet) -> None:
    hour = at_hour(fleet)
    await fleet.lists([ONE])
    await uses(fleet, ONE, [(hour - DAY, MB), (hour - 2 * DAY, 0)], sms=30)
    await left(fleet, ONE, 5, service="sms")
    for kind, asked, fell in (
        (RuleKind.SMS_QUOTA_BELOW, RuleParameters(left_messages=40), hour - 2 * DAY + HOUR),
        (RuleKind.SMS_QUOTA_BELOW, RuleParameters(percent=10), hour - DAY + HOUR),
    ):
        found = await tried(fleet, kind, asked)
        assert [(one.at, one.subject) for one in found.firings] == [(fell, ONE)]
    assert not (await tried(fleet, RuleKind.QUOTA_USED_UP, RuleParameters(service="sms"))).firings


async def test_what_can_not_be_tried_says_why(fleet: Fleet) -> None:
    for kind, asked in ((RuleKind.DATA_RUNS_OUT, RuleParameters(days=7)), (RuleKind.IMEI_CHANGED, RuleParameters())):
        found = await tried(fleet, kind, asked)
        assert not found.possible
        assert found.text.startswith("It can't be tried: no history of ")


async def test_more_sims_than_can_be_counted_back_are_refused(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.alert_rules.trying_quotas.MOST_SIMS", 1)
    await fleet.lists([ONE, OTHER])
    for iccid in (ONE, OTHER):
        await left(fleet, iccid, MB)
    found = await tried(fleet, RuleKind.DATA_QUOTA_BELOW, RuleParameters(percent=20))
    assert not found.possible
    assert found.text == "It can't be tried: more than 1 SIMs have less than that now: ask for less, or for fewer SIMs."
