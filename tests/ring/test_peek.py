"""A SIM beside the list: by the space bar, following the focus, live, in the address, by keyboard alone."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from console.connectivity.writes import record_events
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.chromium import live
from tests.ring.test_lists import become
from tests.serving import Served

pytestmark = pytest.mark.one_edition
SIMS = [f"89882280666003{number:05d}" for number in range(6)]
PEEK = "#sims-peek"


async def test_a_sim_is_seen_beside_the_list_by_keyboard_and_kept_in_the_address(
    page: Page, db: Database, cast: Cast
) -> None:
    await become(db, cast, "blocked", *SIMS)
    await page.set_viewport_size({"width": 1440, "height": 900})
    await live(page, "/sims?connection=blocked")
    await page.keyboard.press("j")
    await page.keyboard.press("Space")
    await expect(page.locator(PEEK)).to_contain_text(SIMS[0])
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await expect(page.locator(PEEK)).to_contain_text(SIMS[2])
    await expect(page).to_have_url(re.compile(f"peek={SIMS[2]}"))
    await expect(page.locator(f"#sim-{SIMS[2]}")).to_have_class(re.compile("is-peeked"))
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    table, aside = [await page.locator(name).bounding_box() for name in (".table-frame", PEEK)]
    assert table is not None
    assert aside is not None
    assert table["x"] + table["width"] <= aside["x"]
    await page.click(".sims thead .sim-label a")  # the list is drawn anew, and the SIM stays beside it
    await expect(page).to_have_url(re.compile("sort=label.*peek=|peek=.*sort=label"))
    await page.reload()
    await expect(page.locator(PEEK)).to_contain_text(SIMS[2])
    await page.locator(f"#sim-{SIMS[4]} .sim-connection").click()
    await expect(page.locator(PEEK)).to_contain_text(SIMS[4])
    await page.keyboard.press("Escape")
    await expect(page.locator(PEEK)).to_be_hidden()
    await expect(page).not_to_have_url(re.compile("peek="))
    await expect(page.locator(f"#sim-{SIMS[4]} [data-row-link]")).to_be_focused()
    await page.set_viewport_size({"width": 880, "height": 900})
    await page.keyboard.press("Space")
    await page.wait_for_url(f"**/sims/{SIMS[4]}?list=*")


async def test_what_is_beside_the_list_is_live(page: Page, db: Database, cast: Cast) -> None:
    await become(db, cast, "blocked", *SIMS[:2])
    await live(page, f"/sims?connection=blocked&peek={SIMS[1]}")
    await expect(page.locator(PEEK)).to_contain_text("No event of this SIM yet.")
    now = datetime.now(UTC)
    event = {"id": 5, "iccid": SIMS[1], "time": now, "type": 3, "name": "Create", "severity": "info"}
    named = {"description": "A session has begun", "operator": "Cut", "country": "DE", "cause": None}
    async with db.transaction() as transaction:
        await record_events(transaction, cast.acme, [event | named], now)
        await add_sim(transaction, cast.acme, SIMS[1], label="pump beside", connection="online", last_seen_at=now)
    await expect(page.locator(PEEK)).to_contain_text("pump beside")
    await expect(page.locator(PEEK)).to_contain_text("Create")
    await expect(page.locator(f"{PEEK} [data-state=online]")).to_be_visible()


async def test_a_list_shows_no_sim_beside_it_that_is_not_theirs(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        own = (await vera.get(f"/sims?peek={ADAS_SIM}")).text
        assert f'data-peek="{ADAS_SIM}"' in own
        for other in (EVES_SIM, "1", "8988228066600000009", "%00"):
            assert "data-peek=" not in (await vera.get(f"/sims?peek={other}")).text, other
        assert "t be “1”" in (await vera.get("/sims?peek=1")).text
        assert (await vera.get(f"/sims/{EVES_SIM}/peek")).status_code == 404
