"""Histories as lists: the newest first, each page that of the walk, counted as far as is cheap, and fields selected."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.connectivity.writes import record_events
from console.store.counting import MOST_COUNTED
from console.store.database import Database
from tests.api.test_lists import asked, ties
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served

__all__ = ["ties"]
pytestmark = pytest.mark.one_edition


async def test_histories_are_walked_the_newest_first(web: Served, ties: Cast) -> None:
    async with web.program(ties.acme_key) as ada:
        pages = [await asked(ada, "/connectivity", page_size=9)]
        while cursor := pages[-1]["next_cursor"]:
            pages.append(await asked(ada, "/connectivity", page_size=9, cursor=cursor))
        whole = (await asked(ada, "/connectivity", page_size=500))["items"]
    walked = [one for page in pages for one in page["items"]]
    assert walked == whole
    assert [one["time"] for one in walked] == sorted((one["time"] for one in walked), reverse=True)
    assert {(page["total"], page["total_exact"]) for page in pages} == {(len(walked), True)}
    assert len(walked) > 9


async def test_pages_of_a_history_are_those_of_its_walk(web: Served, ties: Cast) -> None:
    async with web.program(ties.acme_key) as ada:
        whole = await asked(ada, "/connectivity", page_size=500)
        first, second = [await asked(ada, "/connectivity", page_size=9, page=number) for number in (1, 2)]
        assert first["items"] + second["items"] == whole["items"][:18]
        assert (second["page"], second["pages"]) == (2, -(-whole["total"] // 9))
        behind = await asked(ada, "/connectivity", page_size=9, cursor=first["next_cursor"], page=7)
        assert (behind["items"], behind["page"], behind["total"]) == (second["items"], None, whole["total"])


async def test_a_long_history_is_counted_no_further_than_is_cheap_unless_asked(
    web: Served, cast: Cast, db: Database
) -> None:
    many = MOST_COUNTED + 5
    async with db.transaction() as transaction:
        await transaction.connection.execute(
            sa.text(
                "INSERT INTO status_history (organization_id, iccid, time, connection, source)"
                " SELECT :one, :iccid, timestamptz '2026-11-01' + n * interval '1 second', 'online', 'poll'"
                " FROM generate_series(1, :many) n"
            ),
            {"one": cast.acme, "iccid": ADAS_SIM, "many": many},
        )
    async with web.program(cast.acme_key) as ada:
        for path in ("/connectivity", f"/sims/{ADAS_SIM}/connectivity"):
            some = await asked(ada, path)
            every = await asked(ada, path, count="exact")
            assert (some["total"], some["total_exact"], some["pages"]) == (MOST_COUNTED, False, MOST_COUNTED // 50)
            assert every["total_exact"]
            assert many <= every["total"] <= many + 2
        assert (await ada.get("/connectivity?count=roughly")).status_code in (400, 422)


async def test_events_of_the_fleet_are_those_of_its_own_sims_by_severity(web: Served, cast: Cast, db: Database) -> None:
    now = datetime.now(UTC)
    kinds = ((ADAS_SIM, "info"), (ADAS_OTHER_SIM, "error"), (ADAS_SIM, "critical"))
    blank = dict.fromkeys(("description", "operator", "country", "cause", "sent"), "")
    async with db.transaction() as transaction:
        for organization_id, sims in ((cast.acme, kinds), (cast.evil, ((EVES_SIM, "error"),))):
            rows = [
                {
                    "id": n,
                    "time": now + timedelta(seconds=n),
                    "iccid": iccid,
                    "type": 1,
                    "name": "x",
                    "severity": severity,
                }
                | blank
                | {"sent": None}
                for n, (iccid, severity) in enumerate(sims)
            ]
            await record_events(transaction, organization_id, rows, now)
    async with web.program(cast.acme_key) as ada:
        every = await asked(ada, "/events")
        assert [(one["iccid"], one["severity"]) for one in every["items"]] == list(reversed(kinds))
        assert (every["total"], every["total_exact"]) == (3, True)
        worst = await asked(ada, "/events", severity=["error", "critical"])
        assert [one["severity"] for one in worst["items"]] == ["critical", "error"]
        walked = await asked(ada, "/events", page_size=1)
        assert (await asked(ada, "/events", page_size=1, cursor=walked["next_cursor"]))["items"] == every["items"][1:2]
        assert (await ada.get("/events?severity=loud")).status_code == 400
