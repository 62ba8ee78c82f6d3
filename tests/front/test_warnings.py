"""Warnings of the network: the worst first, same ones as one line with their number, info never among them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from playwright.async_api import Page, expect

from console.connectivity import warnings as warned
from console.connectivity.writes import record_events
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC)
# How many lines are shown, and when that changed.
WATCH = """() => {
    const count = () => document.querySelectorAll('#fleet-warnings tbody tr:not([hidden])').length;
    window.seen = [[count(), performance.now()]];
    const look = () => {
        if (count() !== window.seen.at(-1)[0]) window.seen.push([count(), performance.now()]);
        requestAnimationFrame(look);
    };
    look();
}"""


def event(number: int, severity: str, ago: float = 60, **others: Any) -> dict[str, Any]:
    plain = {"iccid": ADAS_SIM, "name": "PDP", "description": f"text {number}", "operator": None, "country": None}
    return {
        **plain,
        **{"id": number, "time": NOW - timedelta(seconds=ago), "type": 3, "severity": severity, "cause": None},
        **others,
    }


async def lines(db: Database, organization_id: int) -> list[tuple[str, int, int, str | None, str]]:
    async with db.reading() as reading:
        found = await warned.warnings(reading, organization_id, NOW)
    return [(line.severity, line.number, line.sims, line.iccid, line.description) for line in found.lines]


async def test_same_warnings_are_one_line_and_the_worst_come_first(db: Database, cast: Cast) -> None:
    events = [
        event(1, "warn", ago=300),
        event(2, "warn", ago=200, iccid=ADAS_OTHER_SIM),
        event(3, "critical", ago=3000, iccid=None),
        event(4, "info", ago=1),
        event(5, "warn", ago=100, name="Other"),
        event(6, "error", ago=4000),
    ]
    async with db.transaction() as transaction:
        await record_events(transaction, cast.acme, events, NOW)
        await record_events(transaction, cast.evil, [event(7, "critical", iccid=EVES_SIM)], NOW)
    assert await lines(db, cast.acme) == [
        ("critical", 1, 0, None, "text 3"),
        ("warn", 1, 1, ADAS_SIM, "text 5"),
        ("warn", 2, 2, ADAS_OTHER_SIM, "text 2"),
    ]


async def test_of_a_flood_only_the_latest_are_counted_and_the_page_says_since_when(db: Database, cast: Cast) -> None:
    events = [event(number, "warn", ago=number) for number in range(1, warned.MOST_EVENTS + 50)]
    async with db.transaction() as transaction:
        await record_events(transaction, cast.acme, events, NOW)
    async with db.reading() as reading:
        found = await warned.warnings(reading, cast.acme, NOW)
    assert (found.number, found.kinds, found.lines[0].number) == (warned.MOST_EVENTS, 1, warned.MOST_EVENTS)
    assert found.since == NOW - timedelta(seconds=warned.MOST_EVENTS)


def test_lines_that_say_the_same_have_the_same_key() -> None:
    def line(**changed: Any) -> warned.Warned:
        said = {"severity": "warn", "name": "PDP", "operator": "A", "country": None, "cause": None}
        of_latest = {"number": 1, "sims": 1, "time": NOW, "iccid": ADAS_SIM, "description": "text"}
        return warned.Warned(**{**said, **of_latest, **changed})

    assert line().key == line(number=7, time=NOW - timedelta(1), description="other").key
    assert len({line().key, line(severity="error").key, line(operator=None, country="A").key}) == 3


async def test_lines_that_come_together_are_shown_one_after_the_other(page: Page, db: Database, cast: Cast) -> None:
    async def happen(*names: str) -> None:
        now = datetime.now(UTC)
        events = [
            event(number, "warn", name=name) | {"time": now} for number, name in enumerate(names, len(names) * 10)
        ]
        async with db.transaction() as transaction:
            await record_events(transaction, cast.acme, events, now)

    await happen("Was there")
    await page.goto("/")
    await expect(page.locator("[data-live-badge]")).to_have_attribute("data-state", "live")
    rows = page.locator("#fleet-warnings tbody tr:visible")
    await expect(rows).to_have_count(1)
    await page.evaluate(WATCH)
    await happen("First", "Second", "Third")
    await expect(rows).to_have_count(4)
    seen = await page.evaluate("window.seen")
    assert [number for number, _ in seen] == [1, 2, 3, 4]
    assert all(later - earlier > 1_900 for (_, earlier), (_, later) in pairwise(seen[1:])), seen
    await expect(page.locator("[data-follow]")).to_be_empty()
