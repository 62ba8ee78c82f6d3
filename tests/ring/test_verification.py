"""A live page says what it shows: a change that never reached it is found, logged, counted, and mended."""

import asyncio

import httpx
import pytest
import sqlalchemy as sa
from playwright.async_api import Page, expect
from prometheus_client import REGISTRY

from console.sims.tables import sims
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast
from tests.ring.test_connection import HIDE, live
from tests.serving import Served

pytestmark = pytest.mark.one_edition


def verified(outcome: str) -> float:
    labels = {"view": "sims", "outcome": outcome}
    return REGISTRY.get_sample_value("console_live_screens_verified_total", labels) or 0.0


async def change_unpublished(db: Database, label: str) -> None:
    async with db.engine.begin() as connection:
        changed = sa.update(sims).where(sims.c.iccid == ADAS_SIM)
        await connection.execute(changed.values(label=label, revision=sims.c.revision + 1))


async def test_a_change_that_never_reached_a_page_is_found_and_mended(page: Page, db: Database, cast: Cast) -> None:
    agreed, differed = verified("agrees"), verified("differs")
    await live(page, "/sims")
    said = "new Promise((done) => document.addEventListener('live:verified', () => done(true), {once: true}))"
    await page.evaluate(f"window.verified = {said}; undefined")
    await page.evaluate(HIDE, False)
    assert await asyncio.wait_for(page.evaluate("window.verified"), 10)
    assert (verified("agrees"), verified("differs")) == (agreed + 1, differed)
    await page.click("[data-live-badge] summary")
    await expect(page.locator("[data-verified]")).to_contain_text("Compared with the database now")
    await change_unpublished(db, "unpublished")
    await page.evaluate(HIDE, False)
    await expect(page.locator(f"#sim-{ADAS_SIM}")).to_contain_text("unpublished", timeout=15_000)
    assert verified("differs") == differed + 1


async def says(client: httpx.AsyncClient, iccid: str, revision: int, view: str = "sims") -> httpx.Response:
    body = {"view": view, "topics": [f"sim:{iccid}"], "revisions": {f"sim-{iccid}": revision}}
    return await client.post("/shown", json=body)


async def test_a_page_is_compared_with_its_own_organizations_states_alone(web: Served, cast: Cast) -> None:
    async with web.signed_in("vera") as vera:
        own = await says(vera, ADAS_SIM, 999_999)
        assert (own.status_code, own.json()["differing"]) == (200, [f"sim-{ADAS_SIM}"])
        assert (await says(vera, EVES_SIM, 999_999)).json()["differing"] == []
        assert (await says(vera, ADAS_SIM, 1, view="nothing")).status_code == 400
    async with web.stranger() as stranger:
        assert (await says(stranger, ADAS_SIM, 1)).status_code in {303, 401}
