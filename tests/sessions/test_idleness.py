"""A session is idle when its user does nothing, however busy an open page keeps itself; after it, nothing is left."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.async_api import expect

from console.sessions.tables import sessions
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.chromium import chromium, demand_chromium, sign_in
from tests.serving import Served

pytestmark = pytest.mark.one_edition
BODIES = {"/shown": {"view": "sims", "topics": [], "values": {}}, "/sims/waiting": {"shown": [], "total": 0}}
SCRIPT = {"Sec-Fetch-Dest": "empty", "Sec-Fetch-Mode": "cors"}


async def let_pass(db: Database, time: timedelta) -> datetime:
    """As if each session had been used for the last time so long ago; when that was."""
    seen_at = datetime.now(UTC) - time
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.update(sessions).values(seen_at=seen_at))
    return seen_at


async def last_deed(db: Database) -> datetime:
    async with db.reading() as reading:
        found: datetime = (await reading.execute(sa.select(sessions.c.seen_at))).scalar_one()
    return found


@pytest.mark.parametrize(
    ("method", "path", "headers", "deed"),
    [
        pytest.param("GET", "/sims", {"Sec-Fetch-Dest": "document"}, True, id="a page is opened"),
        pytest.param("GET", "/sims", {}, True, id="by a browser that says nothing"),
        pytest.param("GET", "/sims?q=x", {**SCRIPT, "HX-Request": "true"}, True, id="a filter is chosen"),
        pytest.param("POST", "/activity", SCRIPT, True, id="a key is pressed"),
        pytest.param("GET", "/fleet/chart.json", SCRIPT, False, id="a chart reads its numbers"),
        pytest.param("POST", "/shown", {**SCRIPT, "X-Background": "1"}, False, id="a page compares itself"),
        pytest.param("POST", "/sims/waiting", {**SCRIPT, "X-Background": "1"}, False, id="a list asks what waits"),
        pytest.param(
            "GET", "/", {**SCRIPT, "HX-Request": "true", "X-Background": "1"}, False, id="a page refreshes itself"
        ),
    ],
)
async def test_deeds_of_a_person_extend_a_session_and_a_pages_own_requests_do_not(
    web: Served, db: Database, cast: Cast, method: str, path: str, headers: dict[str, str], deed: bool
) -> None:
    async with web.signed_in("ada") as ada:
        before = await let_pass(db, timedelta(hours=1))
        assert (await ada.request(method, path, headers=headers, json=BODIES.get(path))).status_code in (200, 204)
        assert (await last_deed(db) > before) == deed


async def test_nobodys_activity_is_refused_and_another_sites_too(web: Served, cast: Cast) -> None:
    async with web.stranger() as stranger:
        assert (await stranger.post("/activity")).status_code == 303
    async with web.signed_in("ada") as ada:
        assert (await ada.post("/activity", headers={"Origin": "https://evil.example"})).status_code == 403


async def test_when_a_session_has_ended_the_browser_clears_its_data(web: Served, db: Database, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        page = await ada.get("/sims")
        assert "clear-site-data" not in page.headers
        assert page.headers["cache-control"] == "private, no-cache", "no-store would lose the back/forward cache"
        cookies = dict(ada.cookies)
        signed_out = await ada.post("/sign-out")
    async with web.stranger() as later:
        assert "clear-site-data" not in (await later.get("/sims")).headers, "nobody has been signed in here"
        later.cookies.update(cookies)
        over = await later.get("/sims")
        in_part = await later.get("/sims", headers={"HX-Request": "true"})
    for answer in (signed_out, over, in_part):
        assert answer.headers["clear-site-data"] == '"cache"'
        assert answer.headers["cache-control"] == "no-store"
    assert in_part.headers["hx-redirect"].startswith("/sign-in")


async def test_whose_session_has_ended_reads_so_where_they_sign_in(web: Served, cast: Cast) -> None:
    said = "Your session has ended"
    async with web.stranger() as stranger:
        assert said not in (await stranger.get("/sign-in")).text
    async with web.signed_in("ada") as ada:
        cookies = dict(ada.cookies)
        await ada.post("/sign-out")
        assert said not in (await ada.get("/sign-in")).text, "who signs out knows it"
        ada.cookies.update(cookies)
        assert said in (await ada.get("/sign-in?next=/sims")).text


async def test_back_shows_nothing_after_signing_out_not_even_offline(web: Served, cast: Cast) -> None:
    demand_chromium()
    async with chromium() as browser:
        context = await browser.new_context(base_url=web.address)
        page = await context.new_page()
        await sign_in(page, "ada")
        await page.goto(f"/sims/{ADAS_SIM}")
        await expect(page.locator("body")).to_contain_text(ADAS_SIM)
        await page.evaluate("document.querySelector('form[action=\"/sign-out\"]').requestSubmit()")
        await page.wait_for_url("**/sign-in*")
        await context.set_offline(True)
        await back(page)
        assert ADAS_SIM not in await page.content()


async def test_a_person_who_reads_a_live_page_is_noticed(web: Served, db: Database, cast: Cast) -> None:
    demand_chromium()
    async with chromium() as browser:
        page = await (await browser.new_context(base_url=web.address)).new_page()
        await page.clock.install()
        await sign_in(page, "ada")
        before = await let_pass(db, timedelta(hours=1))
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url))
        await page.mouse.click(5, 5)
        assert web.address + "/activity" not in sent, "the page has just been opened"
        await page.clock.fast_forward("04:30")
        async with page.expect_response("**/activity") as answered:
            await page.mouse.click(5, 5)
        assert (await answered.value).status == 204
    assert await last_deed(db) > before


async def back(page: Any) -> None:
    """Go back as the button does; a page that can't be loaded is none to wait for."""
    await page.evaluate("history.back()")
    await asyncio.sleep(1.5)
