"""Names as long as they may be, without a blank: no page is wider than its window."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import Page

from console.api_keys.writes import put_key
from console.facts.sms import Sms
from console.organizations.rules import Permission
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.sims.saved_views_writes import put_view
from console.sms.writes import put_template, record_messages
from console.store.database import Database
from tests.cast import ADAS_SIM, Cast, add_sim

pytestmark = pytest.mark.one_edition
LONG = "W" * 60
PAGES = ("/sims", f"/sims/{ADAS_SIM}", f"/sims/{ADAS_SIM}/sms", "/sms", "/api-keys", "/audit", "/settings")
OPEN = "document.querySelectorAll('details').forEach((one) => { one.open = true })"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def test_long_names_make_no_page_wider_than_its_window(page: Page, db: Database, cast: Cast) -> None:
    now, tags = datetime.now(UTC), [letter * 30 for letter in "wxyz"]
    changes = AnnotationChanges(tags=tags, note=LONG * 20, custom_fields={"site": LONG, "u" * 30: LONG})
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, ADAS_SIM, label=LONG, connection="online", operator=LONG, country="DE")
        await annotate(transaction, cast.acme, ADAS_SIM, changes, LONG, now)
        sms = Sms(iccid=ADAS_SIM, direction="mo", id="1", time=now, status="delivered", source="poll", payload=LONG)
        await record_messages(transaction, cast.acme, [sms], now)
        await put_template(transaction, cast.acme, LONG, LONG, LONG, now)
        await put_view(transaction, cast.acme, None, LONG[:40], "q=a", LONG, now)
        await put_key(transaction, cast.acme, LONG, [Permission.SIMS_READ], now, created_by=LONG)
    wide: list[str] = []
    for path in PAGES:
        await page.goto(path)
        await page.evaluate(OPEN)
        for width in (320, 1440, 1600, 1920):
            await page.set_viewport_size({"width": width, "height": 800})
            if (by := await page.evaluate(TOO_WIDE)) > 0:
                wide.append(f"{path}: {by} pixels too wide at {width}")
    assert wide == [], "\n".join(wide)
