"""Times are shown in the zone that their reader has chosen."""

import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect

from console.store.database import Database
from console.users.tables import users
from tests.cast import Cast
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
TIMES_OF = """async (moments) => {
    const from = document.querySelector("script[type=module]").src;
    const { exact } = await import(new URL("time.js", from).href);
    return moments.map((moment) => exact(new Date(moment)));
}"""


async def choose(db: Database, zone: str) -> None:
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.update(users).where(users.c.name == "ada").values(zone=zone))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe/Berlin\0", "x" * 5_000])
async def test_only_a_zone_that_there_is_can_be_chosen(web: Served, cast: Cast, zone: str) -> None:
    async with web.signed_in("ada") as ada:
        answer = await ada.post("/settings/preferences", data={"zone": zone})
        assert answer.status_code == 422
        assert 'data-own-zone="UTC"' in (await ada.get("/settings")).text


async def test_times_are_in_the_chosen_zone_on_both_sides_of_its_change_to_winter(page: Page, db: Database) -> None:
    await live(page, "/settings")
    await page.get_by_label("Show times in").select_option("Europe/Berlin")
    await page.locator("form[action='/settings/preferences'] button").click()
    await expect(page.locator("html")).to_have_attribute("data-own-zone", "Europe/Berlin")
    assert await page.evaluate(TIMES_OF, ["2027-10-31T00:59:59Z", "2027-10-31T01:00:00Z", "2028-02-29T23:30:00Z"]) == [
        "2027-10-31 02:59:59 +02:00",
        "2027-10-31 02:00:00 +01:00",
        "2028-03-01 00:30:00 +01:00",
    ]
    clock = page.locator("header [data-zone-name]").first
    await expect(clock).to_have_text("Berlin")
    await page.locator("header [data-zone]").first.click()
    await expect(clock).to_have_text("UTC")
    assert await page.evaluate(TIMES_OF, ["2027-10-31T01:00:00Z"]) == ["2027-10-31 01:00:00 UTC"]


async def test_who_has_chosen_none_switches_between_utc_and_the_zone_of_the_machine(page: Page) -> None:
    await live(page, "/settings")
    clock = page.locator("header [data-zone-name]").first
    await expect(clock).to_have_text("UTC")
    await page.locator("header [data-zone]").first.click()
    await expect(clock).to_have_text("local")
    await page.reload()
    await expect(clock).to_have_text("local")


async def test_a_zone_with_an_odd_offset_is_shown_with_it(page: Page, db: Database) -> None:
    await choose(db, "Asia/Kathmandu")
    await live(page, "/settings")
    assert await page.evaluate(TIMES_OF, ["2026-11-29T18:20:00Z"]) == ["2026-11-30 00:05:00 +05:45"]
