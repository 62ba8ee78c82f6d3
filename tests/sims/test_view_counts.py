"""Saved views beside the pages: each user's own, counted once for all who have the same filter, and live."""

import asyncio
import json
import re
from contextlib import AsyncExitStack
from typing import Any

import pytest
from playwright.async_api import Page, expect

from console.sims import reads
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, add_sim
from tests.chromium import live
from tests.serving import Served

pytestmark = pytest.mark.one_edition
VIEWS = "#rail-views"
Sent = dict[str, str]


async def save(web: Served, user: str, name: str, query: str, **more: str) -> None:
    async with web.signed_in(user) as client:
        assert (await client.post("/saved-views", data={"name": name, "query": query} | more)).status_code == 303


async def views_sent(socket: Any) -> str:
    """The first list of views that a page is sent."""
    async with asyncio.timeout(20):
        while True:
            for part in json.loads(await socket.recv()).get("parts", []):
                if part["target"] == "rail-views":
                    return str(part["html"])


def counts(html: str) -> Sent:
    return dict(re.findall(r"<bdi>(.*?)</bdi>\s*<span[^>]*>(.*?)</span>", html))


async def test_each_page_has_its_users_views_and_a_filter_is_counted_once(
    web: Served, db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await save(web, "ada", "Off", "connection=offline", shared="yes")
    await save(web, "vera", "Hers <b>", "connection=offline&sort=label")
    await save(web, "ada", "Mine", "q=pump")
    counted: list[str] = []
    count = reads.count

    async def noting(connection: Any, organization_id: int, wanted: Any) -> int:
        counted.append(f"{organization_id} {wanted}")
        return await count(connection, organization_id, wanted)

    monkeypatch.setattr(reads, "count", noting)
    async with web.signed_in("ada") as ada, web.signed_in("vera") as vera:
        users = (ada, ada, vera)
        async with AsyncExitStack() as stack:
            opened = [await stack.enter_async_context(web.page_socket(one, "?view=sims&topics=fleet")) for one in users]
            sent = [counts(await views_sent(one)) for one in opened]
    assert sent == [{"Mine": "2", "Off": "1"}] * 2 + [{"Hers &lt;b&gt;": "1", "Off": "1"}]
    assert len(counted) == len(set(counted)) == 2, counted


async def test_a_view_that_comes_waits_for_no_count_of_the_others(
    web: Served, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    await save(web, "ada", "Off", "connection=offline")
    count = reads.count

    async def slowly(connection: Any, organization_id: int, wanted: Any) -> int:
        await asyncio.sleep(1.5)
        return await count(connection, organization_id, wanted)

    monkeypatch.setattr(reads, "count", slowly)
    async with web.signed_in("ada") as ada, web.page_socket(ada, "?view=sims&topics=fleet") as socket:
        assert counts(await views_sent(socket)) == {"Off": "1"}
        await save(web, "ada", "Mine", "q=pump")
        assert counts(await views_sent(socket)) == {"Mine": "2", "Off": "1"}


async def test_views_and_their_counts_stand_beside_every_page_live(
    page: Page, web: Served, db: Database, cast: Cast
) -> None:
    await save(web, "ada", "Out of reach " * 4, "connection=offline")
    await page.set_viewport_size({"width": 1440, "height": 900})
    await live(page, "/jobs")
    await expect(page.locator(f"{VIEWS} a > span")).to_have_text("1")
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label="pump-1", connection="offline")
    await expect(page.locator(f"{VIEWS} a > span")).to_have_text("2")
    await save(web, "otto", "Theirs", "connection=online", shared="yes")
    await expect(page.locator(f"{VIEWS} a")).to_have_count(2)
    assert await page.evaluate(
        "document.querySelector('.rail').scrollWidth <= document.querySelector('.rail').clientWidth"
    )
    await page.click(f"{VIEWS} a:first-child")
    await expect(page.locator("[data-rows] > tr")).to_have_count(2)
    await expect(page.locator(f"#sim-{ADAS_OTHER_SIM}")).to_be_visible()
