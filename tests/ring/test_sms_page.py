"""The list of conversations under LIVE: it fills, and empties, and says so where it has no row."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect

from console.facts.sms import Sms
from console.facts.source import Source
from console.sims.watching_writes import unwatch
from console.sms.writes import record_messages
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast
from tests.chromium import live

pytestmark = pytest.mark.one_edition
ROWS = "#conversations > tr"
NONE = "[data-until=conversations]"


async def test_a_list_that_fills_or_empties_says_no_longer_what_it_said(page: Page, db: Database, cast: Cast) -> None:
    now = datetime.now(UTC)
    await live(page, "/sms")
    await expect(page.locator(NONE)).to_be_visible()
    async with db.transaction() as transaction:
        await record_messages(transaction, cast.acme, [sent(now)], now)
    await expect(page.locator(ROWS)).to_have_count(1)
    await expect(page.locator(NONE)).to_be_hidden()
    await live(page, "/sms")
    await expect(page.locator(NONE)).to_be_hidden()
    async with db.transaction() as transaction:
        await unwatch(transaction, cast.acme, ADAS_SIM, cast.ada.name, now)
    await expect(page.locator(ROWS)).to_have_count(0)
    await expect(page.locator(NONE)).to_be_visible()


def sent(now: datetime) -> Sms:
    return Sms(iccid=ADAS_SIM, direction="mt", id="1", time=now, status="delivered", payload="on", source=Source.POLL)
