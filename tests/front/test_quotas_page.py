"""The quotas page: how many SIMs are empty within which time, by measured use alone, and what a top-up costs."""

import re
from datetime import UTC, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from playwright.async_api import Page

from console.organizations.writes import set_top_up_price
from console.quotas.measuring import measure
from console.quotas.outlook import soonest
from console.quotas.tables import quota_forecasts, quotas
from console.quotas.writes import COMPARE, end_forecasts, record_quotas
from console.store.database import Database
from console.store.keyset import read_cursor
from console.usage.writes import record_usage
from tests.cast import Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
MB = 1024 * 1024
NAMES = ("steady", "sudden", "idle", "empty", "silent")
SIMS = {name: f"89882280666200000{number:02d}" for number, name in enumerate(NAMES)}
LEFT = {"steady": 50 * MB, "sudden": 400 * MB, "idle": 60 * MB, "empty": 0}  # of 500 MB; nothing is known of "silent"
USED = {"steady": (10, 10, 10, 10), "sudden": (90,), "empty": (125, 125, 125, 125)}  # MB, in the last whole days


async def fleet(db: Database, cast: Cast) -> datetime:
    now = datetime.now(UTC)
    noon = datetime.combine(now.date(), time(12), UTC)
    async with db.transaction() as transaction:
        for name, iccid in SIMS.items():
            await add_sim(transaction, cast.acme, iccid, label=name)
        used = [
            {
                **{"iccid": SIMS[name], "source": "streamer", "record_id": 100 * number + days, "sms": 0},
                **dict.fromkeys(("time", "started_at"), noon - timedelta(days=days)),
                "data_bytes": amount * MB,
            }
            for number, (name, amounts) in enumerate(USED.items())
            for days, amount in enumerate(amounts, 1)
        ]
        await record_usage(transaction, cast.acme, used, now)
        known = {"total": 500 * MB, "last_added": 500 * MB, "status": "active", "expires_at": now + timedelta(days=40)}
        rows = [
            {"iccid": SIMS[name], "service": "data", **dict.fromkeys(COMPARE), **known, "left": left}
            for name, left in LEFT.items()
        ]
        await record_quotas(transaction, cast.acme, rows, now, streamer_alive=True)
    assert await measure(db, cast.acme, now) == 2  # "sudden" has one day alone
    assert await measure(db, cast.acme, now) == 0
    return now


def listed(html: str) -> list[str]:
    names = {iccid: name for name, iccid in SIMS.items()}
    return [names.get(iccid, "other") for iccid in re.findall(r'<tr id="quota-(\d+)"', html)]


def band(html: str, name: str) -> str:
    found = re.search(rf'data-watch="{name}"\s+data-value="(\d+)"', html)
    assert found, name
    return found[1]


async def test_what_is_empty_first_stands_first_and_what_is_not_measured_is_no_date(
    web: Served, db: Database, cast: Cast
) -> None:
    now = await fleet(db, cast)
    async with web.signed_in("otto") as otto:
        page = (await otto.get("/quotas")).text
        assert [name for name in listed(page) if name != "other"] == ["empty", "steady", "idle", "sudden", "silent"]
        counts = {name: band(page, name) for name in ("exhausted", "7", "unmeasured", "low", "expiring")}
        assert counts == {"exhausted": "1", "7": "1", "unmeasured": "2", "low": "2", "expiring": "4"}
        week = (await otto.get("/quotas?left=7")).text
        assert listed(week) == ["steady"]
        assert f"about {(now + timedelta(days=5)).strftime('%-d %b %Y')}" in re.sub(r"\s*<[^>]+>\s*", " ", week)
        unmeasured = (await otto.get("/quotas?left=unmeasured")).text
        assert listed(unmeasured) == ["idle", "sudden"]
        assert not re.search(r"about\s+<time", unmeasured)
        assert re.search(r"about\s+<time", week)
        assert "/bulk-actions/new?days_left=7" in week
        assert "/sims?days_left=7&amp;sort=days_left" in week
        assert "The price is" in week
        async with db.transaction() as transaction:
            await set_top_up_price(transaction, cast.acme, (1050, "EUR"))
        assert "21.00 EUR" in (await otto.get("/quotas?left=low")).text
        assert "be “often”" in (await otto.get("/quotas?left=often")).text
    async with db.reading() as reading:
        first, more = await soonest(reading, cast.acme, now, limit=2)
        assert more
        rest, none = await soonest(reading, cast.acme, now, limit=50, cursor=read_cursor(more))
    assert [row.iccid for row in first] == [SIMS["empty"], SIMS["steady"]]
    assert (none, {row.iccid for row in first} & {row.iccid for row in rest}) == (None, set())


async def test_a_measurement_of_an_earlier_day_than_yesterday_says_nothing(db: Database, cast: Cast) -> None:
    now = await fleet(db, cast)
    later = now + timedelta(days=2)
    async with db.reading() as reading:
        found, _ = await soonest(reading, cast.acme, later, wanted="7")
        assert found == []
    assert (
        await measure(db, cast.acme, now + timedelta(days=200)) == 2
    )  # taken away: no use for longer than is looked at


async def test_a_forecast_is_on_the_page_of_its_sim_and_in_the_api_with_why_there_is_none(
    web: Served, db: Database, cast: Cast
) -> None:
    now = await fleet(db, cast)
    changed = {"found": "changed", "since": now.date() - timedelta(days=9), "daily_bytes": None}
    sure = {"low_daily_bytes": 5 * MB, "high_daily_bytes": 25 * MB}
    async with db.transaction() as transaction:
        for name, values in (("steady", sure), ("empty", changed)):
            mine = quota_forecasts.c.iccid == SIMS[name]
            await transaction.connection.execute(sa.update(quota_forecasts).where(mine).values(**values))
        await end_forecasts(transaction, cast.acme, now.date(), held=79, compared=100)
        left = {"left": 10 * MB, "status": "active"}
        await transaction.connection.execute(sa.update(quotas).where(quotas.c.iccid == SIMS["empty"]).values(**left))
    async with web.signed_in("otto") as otto:
        page = " ".join((await otto.get(f"/sims/{SIMS['steady']}")).text.split())
        assert "Runs out in about 5 days by its forecast, between 2 and 10 d." in page
        assert "meant to hold in 80 of 100 cases, have held in 79." in page
        page = " ".join((await otto.get(f"/sims/{SIMS['empty']}")).text.split())
        assert f"its use changed on {changed['since']:%-d %b %Y}: not enough data since." in page
        page = " ".join((await otto.get("/quotas")).text.split())
        assert "between 2 and 10 d" in page
        assert "have held in 79" in page
    async with web.program(cast.acme_key) as program:
        found = (await program.get("/quotas/forecasts?left=7")).json()
    (one,) = found["items"]
    assert (one["iccid"], one["seconds"], one["soonest_seconds"], found["held_percent"]) == (
        SIMS["steady"],
        5 * 86_400,
        2 * 86_400,
        79,
    )


async def test_the_bands_stand_side_by_side_where_there_is_room_and_rows_fit_on_a_phone(
    page: Page, db: Database, cast: Cast
) -> None:
    await fleet(db, cast)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await page.goto("/quotas")
    bars = await page.locator(".band-bar").evaluate_all("(bars) => bars.map((bar) => bar.getBoundingClientRect().top)")
    assert len(bars) == 12
    assert max(bars) - min(bars) < 1
    await page.set_viewport_size({"width": 320, "height": 640})
    assert await page.locator("#quota-rows .tag").count()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
