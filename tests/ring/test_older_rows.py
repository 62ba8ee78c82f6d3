"""What leaves a live list at its end is on the page behind it, without a reload."""

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from console.connectivity.reads import EVENT_ORDER
from console.connectivity.writes import record_events
from console.errors import BadRequest
from console.facts.sms import Sms
from console.pages.row_places import cursor_before
from console.pages.templating import order
from console.sms.reads import ORDER
from console.sms.writes import record_messages
from console.store.database import Database
from console.store.keyset import mark
from tests.cast import ADAS_SIM, Cast

pytestmark = pytest.mark.one_edition
SHOWN = 50
Fill = Callable[[Database, int, range], Awaitable[None]]


async def happen(db: Database, organization_id: int, numbers: range) -> None:
    begin = datetime.now(UTC) - timedelta(hours=1)
    said = {"iccid": ADAS_SIM, "type": 3, "name": "Begun", "severity": "info", "description": "", "operator": None}
    said |= {"country": None, "cause": None}
    rows = [{**said, "id": number, "time": begin + timedelta(seconds=number)} for number in numbers]
    async with db.transaction() as transaction:
        await record_events(transaction, organization_id, rows, datetime.now(UTC))


async def write(db: Database, organization_id: int, numbers: range) -> None:
    begin = datetime.now(UTC) - timedelta(hours=1)
    messages = [
        Sms(
            iccid=ADAS_SIM,
            direction="mo",
            id=f"x {number}",
            time=begin + timedelta(seconds=number),
            status="delivered",
            source="poll",
            payload="a",
        )
        for number in numbers
    ]
    async with db.transaction() as transaction:
        await record_messages(transaction, organization_id, messages, datetime.now(UTC))


@pytest.mark.parametrize(
    ("rows", "link", "fill"), [("event-", "Older events", happen), ("sms-mo-", "Older SMS", write)]
)
async def test_older_rows_are_led_to_once_new_ones_have_put_them_off_the_list(
    page: Page, db: Database, cast: Cast, rows: str, link: str, fill: Fill
) -> None:
    await fill(db, cast.acme, range(1, 21))
    await page.goto(f"/sims/{ADAS_SIM}?tab={'sms' if 'sms' in rows else 'events'}")
    await expect(page.locator("body[data-live=live]")).to_be_attached()
    listed = page.locator(f"tr[id^='{rows}']")
    older = page.get_by_role("link", name=link)
    await expect(older).to_be_hidden()
    for first, last in ((21, 40), (40, 56)):
        await fill(db, cast.acme, range(first, last))
        await expect(page.locator(f"tr[id='{rows}{'x ' if 'sms' in rows else ''}{last - 1}']")).to_be_visible()
    await expect(listed).to_have_count(SHOWN)
    await older.click()
    await expect(page).to_have_url(re.compile("before="))
    await expect(listed).to_have_count(5)
    assert await listed.evaluate_all("rows => rows.map((row) => Number(row.id.match(/\\d+$/)[0]))") == [5, 4, 3, 2, 1]


def test_a_place_in_a_list_is_the_cursor_behind_its_row() -> None:
    class Row:
        time, id, direction = datetime(2026, 11, 29, 1, 2, 3, 4, tzinfo=UTC), -7, "mo"

    for keys, parts in ((EVENT_ORDER, (Row.time, Row.id)), (ORDER, (Row.time, "mo", "a b"))):
        if keys is ORDER:
            Row.id = "a b"  # type: ignore[assignment]
        place, cursor = cursor_before(keys, order(*parts)), cursor_before(keys, mark(keys, Row))
        assert place is not None
        assert cursor is not None
        assert (place.order, place.values[1:]) == (cursor.order, cursor.values[1:])
        assert datetime.fromisoformat(place.values[0]) == datetime.fromisoformat(cursor.values[0])
    for wrong in ("9" * 20 + " 1", "0" * 20 + " x", "0" * 20 + " ", "١" * 20 + " 1"):
        with pytest.raises(BadRequest):
            cursor_before(EVENT_ORDER, wrong)
