"""The days left of a row follow its quota, and ask of the server no more than changes of quotas do."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from console.quotas.writes import COMPARE, record_quotas
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.chromium import live
from tests.ring.test_lists import become

pytestmark = pytest.mark.one_edition


async def test_an_exhausted_quota_is_so_in_the_column_of_days_left_soon_after(
    page: Page, db: Database, cast: Cast
) -> None:
    await page.set_viewport_size({"width": 1600, "height": 900})  # the column is there from 1440 on
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/sims/days" in request.url else None)
    await live(page, "/sims")
    left = page.locator(f"#left-{ADAS_SIM}")
    await expect(left).to_have_text("—")
    await become(db, cast, "offline", ADAS_SIM)
    await expect(page.locator(f"#sim-{ADAS_SIM} .sim-connection")).to_contain_text("offline")
    await page.wait_for_timeout(1_500)
    before = len(asked)
    quota = {"service": "data", **dict.fromkeys(COMPARE), "total": 500, "left": 0, "status": "exhausted"}
    async with db.transaction() as transaction:
        row = {**quota, "iccid": ADAS_SIM}
        await record_quotas(transaction, cast.acme, [row], datetime.now(UTC), streamer_alive=True)
    await expect(left).to_have_text("exhausted")
    assert before == 1, "a SIM that goes offline asks for no days"
    assert [url.rpartition("=")[2] for url in asked[1:]] == [ADAS_SIM]
