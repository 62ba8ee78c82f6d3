"""Some pages under traffic for some seconds. `python -m tests.truth` does it with all of them, and for ten minutes."""

import asyncio

import pytest
import sqlalchemy as sa
from playwright.async_api import Browser

from console.sims.tables import sims
from console.store.database import Database
from tests.cast import Cast, add_sim
from tests.serving import Served
from tests.truth.pages import pages
from tests.truth.screens import Screens
from tests.truth.sql import Truth
from tests.truth.traffic import Traffic

pytestmark = pytest.mark.one_edition
ICCIDS = [f"89882280667000000{number:02d}" for number in range(8)]
SOME = ("/", f"/sims/{ICCIDS[0]}/sms", "/sms", "/sims?q=pump&sort=-label")
TRAFFIC_SECONDS = 3.0


async def test_pages_show_what_sql_says_and_what_was_never_published_is_found(
    browser: Browser, web: Served, db: Database, cast: Cast
) -> None:
    async with db.transaction() as transaction:
        for iccid in ICCIDS:
            await add_sim(transaction, cast.acme, iccid, label="pump")
    wanted = [one for one in pages(Truth(db, cast.acme), ICCIDS[0]) if one.path in SOME]
    traffic = Traffic(db, cast.acme, ICCIDS, a_second=8)
    working = asyncio.create_task(traffic.run())
    try:
        async with Screens.opened(browser, web.address, wanted, "UTC") as screens:
            await asyncio.sleep(TRAFFIC_SECONDS)
            await traffic.pause()
            assert await screens.differences() == []
            assert traffic.transactions > 5
            async with db.engine.begin() as connection:
                renamed = sa.update(sims).where(sims.c.iccid == ICCIDS[1]).values(label="pump unpublished")
                await connection.execute(renamed)
            found = await screens.of("/sims?q=pump&sort=-label").differences()
    finally:
        working.cancel()
    assert found
