"""What a shift lead sees: what is wrong is named in words, at the top, within seconds, on the overview and the wall."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Page, expect

from console.carrier.rules import CircuitState
from console.carrier.writes import record_circuit
from console.connectivity.reads import OperatorSample
from console.connectivity.usual import Step
from console.connectivity.writes import record_events, record_statuses, sample_fleet
from console.pages import losses
from console.pages.open_now import Open, in_order
from console.pages.wall import curve
from console.sims.counts_reads import Kind
from console.sims.writes import record_inventory
from console.store.database import Database
from tests.cast import Cast, listed, placed

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 3, 14, 12, 0, 30, tzinfo=UTC)
FIRST = 89882280666020000
TELEKOM = [f"{FIRST + number}00" for number in range(200)]
ORANGE = [f"{FIRST + 500 + number}00" for number in range(40)]
LOST = "16 SIMs of Telekom (DE) went off the air in the last 15 minutes: 8 % of those online"
BLOCKED = "5 SIMs are blocked, all new in the last 15 minutes"
FLOODS = "meter-7 floods: 60 network events in 59 s"


def kind(operator: str, online: int, offline: int = 0) -> list[Kind]:
    place: dict[str, Any] = {
        "operator": operator,
        "country": "DE",
        "status": "enabled",
        "quota": "ok",
        "missing": False,
        "rat": None,
        "apn": None,
    }
    return [Kind(connection="online", sims=online, **place), Kind(connection="offline", sims=offline, **place)]


def before(minutes: int, **online: int) -> losses.Before:
    places = [
        OperatorSample(operator=name, country="DE", sims=number, online=number) for name, number in online.items()
    ]
    return losses.Before(minutes=minutes, places=places)


def test_an_operator_is_named_that_has_lost_enough_of_its_sims() -> None:
    hour, quarter = before(60, A=2000, B=1000), before(15, A=1990, B=1000)
    (found,) = losses.losses([*kind("A", 1830, 170), *kind("B", 955)], [quarter, hour])
    assert found.title == "160 SIMs of A (DE) went off the air in the last 15 minutes: 8 % of those online"
    assert found.href == "/sims?operator=A&country=DE"
    (slowly,) = losses.losses([*kind("A", 1900), *kind("B", 1000)], [quarter, hour])
    assert slowly.title.startswith("100 SIMs of A (DE) went off the air in the last hour: 5 %")
    assert losses.losses([*kind("A", 1830), *kind("B", 1000)], [quarter, hour], {("A", "DE")}) == []
    assert losses.losses([*kind("A", 96), *kind("B", 4)], [before(15, A=100, B=8)]) == []
    (moved,) = losses.losses([*kind("A", 1830), *kind("B", 1160)], [quarter, hour])
    assert "went to other networks" in moved.title


def test_the_worst_comes_first_and_an_alert_before_what_none_is_about() -> None:
    alerts = [Open(kind="", level=level, title=f"alert {level}", href="") for level in ("warn", "bad")]
    others = [Open(kind="", level=level, title=level, href="") for level in ("warn", "bad")]
    assert [one.title for one in in_order(alerts, others)] == ["alert bad", "bad", "warn", "alert warn"]


def test_the_curve_of_a_day_has_a_gap_where_nothing_is_known() -> None:
    steps = [
        Step(time=NOW - timedelta(minutes=minutes), online=online) for minutes, online in ((1440, 5), (60, 9), (45, 7))
    ]
    found = curve(steps, NOW)
    assert found is not None
    assert (found.lines, found.low, found.high) == (["0,100", "920,0 930,50"], 5, 9)
    assert curve(steps[:1], NOW) is None


async def stand(db: Database, acme: int, now: datetime) -> None:
    """A fleet of which all are online, and were a quarter of an hour ago."""
    async with db.transaction() as transaction:
        rows = [listed(iccid, label=f"meter-{number}") for number, iccid in enumerate([*TELEKOM, *ORANGE])]
        await record_inventory(transaction, acme, rows, now)
        for iccids, operator in ((TELEKOM, "Telekom"), (ORANGE, "Orange")):
            reported = {"connection": "online", "operator": operator, "country": "DE"}
            await record_statuses(transaction, acme, [placed(one, now, **reported) for one in iccids], now, "poll")
        await sample_fleet(transaction, acme, now - timedelta(minutes=16))


async def go_wrong(db: Database, acme: int, now: datetime) -> None:
    """8 % of one operator's SIMs go offline, five of another's are blocked, one floods."""
    names = {"type": 3, "name": "Update", "severity": "info", "description": "Again", "operator": "Orange"}
    async with db.transaction() as transaction:
        for iccids, operator, connection in ((TELEKOM[:16], "Telekom", "offline"), (ORANGE[:5], "Orange", "blocked")):
            reported = {"connection": connection, "operator": operator, "country": "DE"}
            await record_statuses(transaction, acme, [placed(one, now, **reported) for one in iccids], now, "poll")
        events = [
            {"id": 1000 + number, "iccid": TELEKOM[7], "time": now - timedelta(seconds=number), **names}
            for number in range(60)
        ]
        await record_events(transaction, acme, [one | {"country": "DE", "cause": None} for one in events], now)


async def go_on(db: Database, acme: int, now: datetime) -> None:
    """Ten more go offline, so that 15 are no longer online; another floods: more than stands in cards."""
    names = {"type": 3, "name": "Update", "severity": "info", "description": "Again", "operator": "Orange"}
    async with db.transaction() as transaction:
        rows = [placed(one, now, connection="offline", operator="Orange", country="DE") for one in ORANGE[20:30]]
        await record_statuses(transaction, acme, rows, now, "poll")
        events = [
            {"id": 2000 + number, "iccid": TELEKOM[8], "time": now - timedelta(seconds=number), **names}
            for number in range(50)
        ]
        await record_events(transaction, acme, [one | {"country": "DE", "cause": None} for one in events], now)


async def test_what_goes_wrong_is_named_near_the_top_within_ten_seconds(page: Page, db: Database, cast: Cast) -> None:
    await stand(db, cast.acme, datetime.now(UTC))
    wall = await page.context.new_page()
    await page.set_viewport_size({"width": 1440, "height": 900})
    await wall.set_viewport_size({"width": 1920, "height": 1080})
    for one, path in ((page, "/"), (wall, "/wall")):
        await one.goto(path)
        await expect(one.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
        await expect(one.get_by_text("Nothing is open")).to_be_visible()
    await go_wrong(db, cast.acme, datetime.now(UTC))
    for one, lowest in ((page, 300), (wall, 700)):
        for text in (LOST, BLOCKED, FLOODS):
            await expect(one.get_by_text(text, exact=True)).to_be_visible()
            bottom = await one.get_by_text(text, exact=True).evaluate("(part) => part.getBoundingClientRect().bottom")
            assert bottom < lowest, text
    await go_on(db, cast.acme, datetime.now(UTC))
    await expect(page.locator("#open-now")).to_contain_text("2 more:")
    await expect(page.locator("#open-now")).to_contain_text("15 SIMs of Orange (DE) went off the air")
    for text in (LOST, BLOCKED, FLOODS):
        bottom = await page.get_by_text(text, exact=True).evaluate("(part) => part.getBoundingClientRect().bottom")
        assert bottom < 300, text
    first = page.locator("#fleet-counts .counts li").first
    await expect(first).to_have_attribute("data-over-threshold", "")
    await expect(first).to_contain_text("blocked")
    for part, lowest in (("#fleet-counts", 450), (".fleet-chart", 900), (".fleet-places", 900)):
        assert await page.locator(part).evaluate("(part) => part.getBoundingClientRect().bottom") < lowest, part
    await expect(page.locator("#fleet-by-operator tbody tr").first).to_contain_text("Telekom")
    lost = wall.locator("#wall-places li[data-level=bad]")
    await expect(lost.filter(has_text="Telekom")).to_contain_text("-16")
    await expect(wall.locator("#wall-fleet li[data-level=bad]").filter(has_text="blocked")).to_contain_text("5")
    assert await wall.locator("a, button, input").count() == 0
    size = await wall.get_by_text(LOST).evaluate("(part) => parseFloat(getComputedStyle(part).fontSize)")
    assert size >= 36
    async with db.transaction() as transaction:
        at = datetime.now(UTC) - timedelta(minutes=2)
        since: dict[str, Any] = {"at": at, "retry_at": None, "reason": "no answer", "failures": 8}
        await record_circuit(transaction, cast.acme, CircuitState.OPEN, **since)
    await expect(wall.locator("#wall-stale")).to_contain_text("1NCE does not answer")
    await expect(wall.locator("#wall-stale strong")).to_have_text(re.compile("^STALE"))
