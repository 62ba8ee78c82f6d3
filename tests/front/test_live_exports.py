"""Events and the chart as files: what the page shows, line by line, and nothing of another organization."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.connectivity.writes import record_events
from console.store.database import Database
from tests.cast import ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
MOMENT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)


def event(number: int, iccid: str, severity: str, **more: Any) -> dict[str, Any]:
    words = {"severity": severity, "description": f"number {number}", "operator": "=Orange", "country": "FR"}
    at = MOMENT + timedelta(seconds=number)
    return {"id": number, "iccid": iccid, "time": at, "type": 3, "name": "Update", "cause": None, **words, **more}


async def rows(web: Served, name: str, path: str) -> list[dict[str, str]]:
    async with web.signed_in(name) as client:
        answer = await client.get(path)
        assert answer.headers["content-disposition"].startswith("attachment")
        return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


async def test_a_file_has_each_event_of_the_filter_the_newest_first(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        mine = [event(number, ADAS_SIM, "warn" if number % 2 else "info") for number in range(1, 1_201)]
        await record_events(transaction, cast.acme, mine, MOMENT)
        await record_events(transaction, cast.evil, [event(5_000, EVES_SIM, "warn")], MOMENT)
    found = await rows(web, "vera", "/events.csv?severity=warn")
    assert [row["description"] for row in found] == [f"number {number}" for number in range(1_199, 0, -2)]
    assert found[0]["iccid"] == f'="{ADAS_SIM}"'
    assert found[0]["operator"] == "'=Orange", "no cell is a formula"
    assert found[0]["time"].endswith("Z")
    assert len(await rows(web, "vera", "/events.csv")) == 1_200
    async with web.signed_in("vera") as vera:
        assert 'href="/events.csv?severity=warn"' in (await vera.get("/events?severity=warn")).text


async def test_the_chart_is_a_file_with_the_steps_that_it_draws(web: Served, cast: Cast) -> None:
    found = await rows(web, "vera", "/fleet/chart.csv?span=24h")
    async with web.signed_in("vera") as vera:
        drawn = (await vera.get("/fleet/chart.json?span=24h")).json()
        assert "/fleet/chart.csv?span=7d" in (await vera.get("/?span=7d")).text
    assert len(found) == len(drawn["times"])
    assert list(found[0]) == ["from", "online", "attached", "offline", "blocked", "unknown", "data_bytes"]
    assert found[0]["online"] == "", "what is not known is empty and no zero"
