"""The last 24 hours of SIMs as bars in their list: measured in SQL, drawn by hour, what is not known left empty."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from console.connectivity.hours_online import HOURS, Hour, first_hour, hours_online
from console.connectivity.writes import record_statuses
from console.pages.sim_days import day
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast, add_sim, placed
from tests.chromium import live
from tests.serving import Served

SIM, OLD = "8988228066600000078", "8988228066600000079"
NOW = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def place(db: Database, cast: Cast, iccid: str, at: datetime, connection: str | None) -> None:
    async with db.transaction() as transaction:
        await record_statuses(transaction, cast.acme, [placed(iccid, at, connection=connection)], at, "poll")


async def test_hours_are_measured_from_change_to_change(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        for iccid in (SIM, OLD):
            await add_sim(transaction, cast.acme, iccid)
    since = first_hour(NOW)
    assert since == datetime(2026, 11, 19, 11, 0, tzinfo=UTC)
    await place(db, cast, OLD, since - timedelta(days=9), "blocked")  # and nothing since
    for at, connection in (
        (since + 2 * HOUR + HOUR / 4, "online"), (since + 3 * HOUR + HOUR / 2, "offline"),
        (since + 4 * HOUR, None), (since + 22 * HOUR, "online"),
    ):  # fmt: skip
        await place(db, cast, SIM, at, connection)
    async with db.reading() as reading:
        found = await hours_online(reading, cast.acme, [SIM, OLD, EVES_SIM, "8988228066600000080"], NOW)
        assert await hours_online(reading, cast.evil, [SIM, OLD], NOW) == {}
        assert await hours_online(reading, cast.acme, [], NOW) == {}
    assert found.keys() == {SIM, OLD}
    expected = [Hour()] * HOURS
    expected[2], expected[3] = Hour(2700, 2700), Hour(3600, 1800)
    expected[22], expected[23] = Hour(3600, 3600), Hour(1800, 1800)
    assert found[SIM] == expected
    assert found[OLD] == [Hour(3600, 0, 3600)] * 23 + [Hour(1800, 0, 1800)]


def test_bars_say_what_is_known() -> None:
    unknown, online, offline, half = Hour(), Hour(3600, 3600), Hour(3600), Hour(3600, 1800)
    drawn = day([unknown, online, offline, half, Hour(3600, 0, 60)])
    assert drawn.online == "M4 12v-12h3v12zM12 12v-6h3v6z"
    assert drawn.others == "M8 12v-1h3v1z"
    assert drawn.blocked == "M16 12v-6h3v6z"
    assert drawn.text == "online 38 % of the last 24 hours, of which 20 are not known"
    assert day([unknown] * HOURS).text == "not known"
    assert day([Hour(60, 1)] * HOURS).online.count("v-2") == HOURS, "a little is not nothing"


@pytest.mark.one_edition
async def test_each_row_has_its_day_and_keeps_it_when_it_changes(page: Page, db: Database, cast: Cast) -> None:
    await page.set_viewport_size({"width": 1440, "height": 900})
    await live(page, "/sims")
    bars = page.locator(f"#sim-{ADAS_SIM} .sim-day svg")
    await expect(bars).to_have_attribute("aria-label", "online 100 % of the last 24 hours, of which 24 are not known")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="renamed", connection="online")
    await expect(page.locator(f"#sim-{ADAS_SIM} .sim-label")).to_contain_text("renamed")
    await expect(bars).to_have_count(1)
    await page.fill("#q", "renamed")
    await expect(page.locator("[data-rows] > tr")).to_have_count(1)
    await expect(bars).to_have_count(1)


@pytest.mark.one_edition
async def test_nobody_is_shown_another_organizations_days(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        answer = (await vera.get("/sims/days", params={"iccids": f"{ADAS_SIM},{EVES_SIM},x,%00"})).text
        assert (f"#day-{ADAS_SIM}" in answer, EVES_SIM in answer) == (True, False)
        assert (await vera.get("/sims/days", params={"iccids": "1," * 3_000})).status_code == 400
