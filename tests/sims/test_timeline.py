"""A SIM's time on one axis: spans without a gap, what is not known is not none, each range with its address."""

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Route, expect

from console.connectivity import spans as reading_spans
from console.connectivity.spans import counted_events, spans
from console.connectivity.writes import record_events, record_statuses
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast, placed
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
SIM = "8988228066600000002"
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def place(db: Database, cast: Cast, at: datetime, **reported: str) -> None:
    async with db.transaction() as transaction:
        await record_statuses(transaction, cast.acme, [placed(SIM, at, **reported)], at, "poll")


async def happen(db: Database, cast: Cast, number: int, at: datetime, severity: str) -> None:
    event = {"id": number, "iccid": SIM, "time": at, "type": 3, "name": "Create", "severity": severity}
    named = {"description": "A session has begun", "operator": "Cut", "country": "DE", "cause": None}
    async with db.transaction() as transaction:
        await record_events(transaction, cast.acme, [event | named], at)


async def test_spans_follow_each_other_without_a_gap(db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC) + HOUR  # after what the cast has reported
    for ago, reported in ((5, "online"), (3, "offline"), (2, "blocked")):
        await place(db, cast, now - timedelta(minutes=ago), connection=reported, operator="Vodafone", country="DE")
    since = now - timedelta(minutes=4)
    async with db.reading() as connection:
        found = await spans(connection, cast.acme, SIM, since, now)
        assert [(one.connection, one.operator) for one in found] == [
            ("online", "Vodafone"), ("offline", "Vodafone"), ("blocked", "Vodafone")
        ]  # fmt: skip
        assert [one.since for one in found] == [since, *(one.until for one in found[:-1])]
        assert found[-1].until == now
        assert [one.connection for one in await spans(connection, cast.evil, SIM, since, now)] == [None]
        early = await spans(connection, cast.acme, SIM, now - timedelta(days=9), now - timedelta(days=8))
        assert [one.connection for one in early] == [None]
        monkeypatch.setattr(reading_spans, "MOST_CHANGES", 2)
        cut = await spans(connection, cast.acme, SIM, now - timedelta(minutes=6), now)
    assert [one.connection for one in cut] == [None, "offline", "blocked"], "what was not read is not known"


async def test_events_are_counted_by_step_and_severity(db: Database, cast: Cast) -> None:
    for number, (ago, severity) in enumerate([(0, "info"), (1, "info"), (1, "error"), (14, "warn"), (15, "info")], 1):
        await happen(db, cast, number, NOW + timedelta(minutes=ago), severity)
    async with db.reading() as connection:
        found = await counted_events(connection, cast.acme, SIM, NOW, timedelta(minutes=15), 2)
        assert await counted_events(connection, cast.evil, SIM, NOW, timedelta(minutes=15), 2) == []
    assert {(one.step, one.severity): one.events for one in found} == {
        (0, "info"): 2, (0, "error"): 1, (0, "warn"): 1, (1, "info"): 1
    }  # fmt: skip


async def test_each_range_has_an_address_and_nothing_is_shown_of_others(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        for shown in ("24h", "7d", "30d"):
            for path in (f"/sims/{SIM}", f"/sims/{SIM}/timeline"):
                page = (await vera.get(path, params={"range": shown, "list": "sort=label"})).text
                chosen = re.findall(r'id="range-(\w+)"(?:(?!</a>).)*aria-current', page, re.S)
                assert chosen[-1:] == [shown]
                assert f"/sims/{SIM}?range=7d&amp;list=sort%3Dlabel" in page
        wrong = (await vera.get(f"/sims/{SIM}?range=2y")).text
        assert "t be “2y”" in wrong
        assert (await vera.get(f"/sims/{EVES_SIM}/timeline")).status_code == 404
        plain = (await vera.get(f"/sims/{ADAS_SIM}")).text
        assert "Copy the IMSI" not in plain, "a viewer sees four digits of it"


async def test_the_timeline_is_live_and_its_range_is_kept(page: Page, db: Database, cast: Cast) -> None:
    await live(page, f"/sims/{SIM}")
    await expect(page.locator("#sim-timeline")).to_contain_text("0 events")
    await page.click("#range-7d")
    await expect(page).to_have_url(re.compile(r"range=7d"))
    await expect(page.locator("#range-7d")).to_have_attribute("aria-current", "true")
    await happen(db, cast, 1, datetime.now(UTC), "error")
    await expect(page.locator("#sim-timeline")).to_contain_text("1 event")
    await expect(page.locator("#range-7d")).to_have_attribute("aria-current", "true")
    assert await page.locator(".span-error").count() == 1
    await page.set_viewport_size({"width": 320, "height": 700})
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def test_an_answer_of_the_range_before_comes_too_late(page: Page, cast: Cast) -> None:
    await live(page, f"/sims/{SIM}")
    on_its_way, go_on = asyncio.Event(), asyncio.Event()
    held: list[str] = []

    async def late(route: Route) -> None:
        held.append(route.request.url)
        on_its_way.set()
        await go_on.wait()
        with suppress(PlaywrightError):  # it is no longer waited for
            await route.continue_()

    await page.route(re.compile(r"/timeline\?range=24h"), late)
    await page.evaluate("document.dispatchEvent(new CustomEvent('live:applied'))")
    await asyncio.wait_for(on_its_way.wait(), 10)
    await page.click("#range-7d")
    await expect(page.locator("#range-7d")).to_have_attribute("aria-current", "true")
    go_on.set()
    await page.evaluate("new Promise((done) => setTimeout(done, 500))")
    await expect(page.locator("#range-7d")).to_have_attribute("aria-current", "true")
    assert len(held) == 1
