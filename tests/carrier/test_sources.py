"""The worst of three sources decides what every page says of its freshness."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from console.carrier.rules import CircuitState
from console.carrier.writes import record_answers, record_circuit
from console.facts.carrier import CircuitStatus
from console.pages.sources import Level, carrier_source
from console.pages.texts import age, clock, until
from console.runs.rules import RunState
from console.runs.writes import Tally, begin, finish
from console.store.database import Database
from tests.cast import Cast

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
BADGE = "[data-live-badge]"


@pytest.mark.parametrize(
    ("circuit", "level"),
    [
        (CircuitStatus(), Level.none),
        (CircuitStatus(state="closed", answered_at=NOW - timedelta(seconds=8)), Level.ok),
        (CircuitStatus(state="closed", answered_at=NOW - timedelta(minutes=21)), Level.warn),
        (CircuitStatus(state="open", answered_at=NOW - timedelta(seconds=8)), Level.bad),
        (CircuitStatus(state="half_open"), Level.bad),
    ],
)
def test_how_bad_it_is_that_1nce_answers_so(circuit: CircuitStatus, level: Level) -> None:
    assert carrier_source(circuit, NOW).severity is level


def test_what_is_due_is_never_in_the_past() -> None:
    assert until(NOW + timedelta(seconds=40), NOW) == "in 40 s"
    assert until(NOW, NOW) == until(NOW - timedelta(hours=1), NOW) == "due now"


def test_an_age_is_never_negative() -> None:
    assert age(NOW - timedelta(seconds=8), NOW) == "8 s"
    assert age(NOW + timedelta(seconds=8), NOW) == "0 s"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 28, 11, 59, 59, tzinfo=UTC), "11:59:59"),
        (datetime(2026, 11, 27, 23, 59, 59, tzinfo=UTC), "27 Nov 23:59"),
        (datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), "31 Dec 2025 23:59"),
    ],
)
def test_a_time_on_the_other_side_of_midnight_keeps_its_day_and_its_time(moment: datetime, text: str) -> None:
    assert clock(moment, NOW) == text


@pytest.mark.one_edition
async def test_every_page_turns_red_when_1nce_stops_answering_and_green_when_it_answers(
    page: Page, db: Database, cast: Cast
) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        await record_answers(transaction, cast.acme, {"sims.list": now}, now)
    for path in ("/", "/sims", "/jobs", "/carrier"):
        await page.goto(path)
        await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")
        await expect(page.locator(BADGE)).to_have_attribute("data-level", "ok")
        await expect(page.locator(BADGE)).to_contain_text(re.compile(r"1NCE \d+ s"))
        async with db.transaction() as transaction:
            await record_circuit(
                transaction, cast.acme, CircuitState.OPEN, reason="503", failures=8, at=now, retry_at=now
            )
        await expect(page.locator(BADGE)).to_have_attribute("data-level", "bad")
        await expect(page.locator(BADGE)).to_have_attribute("data-state", "live")
        await expect(page).to_have_title(re.compile(r"^\(!\) 1NCE does not answer · "))
        async with db.transaction() as transaction:
            await record_circuit(
                transaction, cast.acme, CircuitState.CLOSED, reason=None, failures=0, at=now, retry_at=None
            )
            await record_answers(transaction, cast.acme, {"sims.list": now}, datetime.now(UTC))
        await expect(page.locator(BADGE)).to_have_attribute("data-level", "ok")
        await expect(page).not_to_have_title(re.compile(r"^\(!\)"))


@pytest.mark.one_edition
async def test_every_open_page_says_when_the_inventory_was_last_read(page: Page, db: Database, cast: Cast) -> None:
    opened = [page, await page.context.new_page()]
    for one, path in zip(opened, ("/sims?status=disabled", "/carrier"), strict=True):
        await one.goto(path)
        await expect(one.locator(BADGE)).to_have_attribute("data-state", "live")
        await expect(one.locator("#data-age")).to_have_text("Inventory not yet confirmed")
    for minute in (1, 2):
        read_at = datetime(2026, 11, 28, 12, minute, tzinfo=UTC)
        async with db.transaction() as transaction:
            number = await begin(transaction, cast.acme, "sync_sims", read_at)
            await finish(transaction, number, RunState.DONE, Tally(), read_at)
        for one in opened:
            time = one.locator("#data-age time")
            await expect(time).to_have_attribute("datetime", f"2026-11-28T12:0{minute}:00Z", timeout=15_000)
