"""Warnings of the network: the worst first, same ones as one line with their number, info never among them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.connectivity import warnings as warned
from console.connectivity.writes import record_events
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC)


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
