"""The audit trail as it is read: by page, API and export, by whom, and with what it says of itself."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from prometheus_client import REGISTRY

from console.api_keys.writes import put_key
from console.audit.bounds import OF_ONE, OF_STRANGERS, Refused, is_written
from console.audit.condition import chain
from console.audit.exporting import Format, export_parts
from console.audit.keys import audit_keys
from console.audit.rules import Actor, ActorKind, Line, LineFilter, Outcome
from console.audit.verifying import verify
from console.audit.writes import add_line, keep_verification, seal_lines
from console.members.writes import add_member
from console.organizations.rules import Permission, Role
from console.settings import Settings
from console.store.database import Database
from jobs.metrics import measure
from tests.cast import Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
FORMULA = '=HYPERLINK("https://evil.example","x")'


async def fill(db: Database, organization_id: int, number: int) -> None:
    """Lines of an organization, a minute apart, the first at NOW."""
    async with db.transaction() as transaction:
        for one in range(number):
            line = Line(
                organization_id=organization_id,
                at=NOW + timedelta(minutes=one),
                actor=Actor(kind=ActorKind.USER, name=("otto", FORMULA)[one % 2], id=1),
                action=("sim.edit", "sim.reset")[one % 2],
                outcome=(Outcome.DONE, Outcome.DONE, Outcome.REFUSED)[one % 3],
                subject=f"sim {one}",
                after={"note": f"100% <b>{one}</b>"},
            )
            await add_line(transaction, line)


async def test_the_api_lists_filters_and_walks_the_lines_of_its_own_organization(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    await fill(db, cast.evil, 2)
    await fill(db, cast.acme, 25)
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "auditor", [Permission.AUDIT_READ], NOW)
        await seal_lines(transaction, audit_keys(settings), NOW)
    await fill(db, cast.acme, 1)
    async with web.program(key) as program, web.program(cast.acme_key) as viewer:

        async def ids(**query: str | list[str] | int) -> list[int]:
            found: list[int] = []
            cursor: dict[str, str] | None = {}
            while cursor is not None:
                answer = await program.get("/audit", params={**query, **cursor})
                assert answer.status_code == 200, answer.text
                found += [line["id"] for line in answer.json()["items"]]
                following = answer.json()["next_cursor"]
                cursor = {"cursor": following} if following else None
            return found

        whole = (await program.get("/audit", params={"page_size": 500})).json()
        assert (whole["total"], len(whole["items"])) == (26, 26)
        assert await ids(page_size=7) == [line["id"] for line in whole["items"]]
        assert {line["number"] for line in whole["items"]} == {None, *range(1, 26)}
        asked = {"action": "sim.reset", "outcome": "refused", "actor": FORMULA}
        refused = [
            line["id"]
            for line in whole["items"]
            if (line["action"], line["outcome"], line["actor"]) == tuple(asked.values())
        ]
        assert await ids(**asked, page_size=2) == refused != []
        assert len(await ids(outcome=["done", "refused"], actor_kind="user")) == 26
        assert len(await ids(since="2026-11-20T10:10:00Z", until="2026-11-20T10:20:00Z")) == 10
        assert len(await ids(q="SIM 1", subject="sim 12")) == 1
        assert await ids(q="100%") == await ids(q="s_m") == [], "signs of LIKE stand for themselves"
        for wrong in ({"q": "a " * 9}, {"outcome": "odd"}, {"since": "yesterday"}, {"actors": "x"}):
            assert (await program.get("/audit", params=wrong)).status_code in (400, 422), wrong
        assert (await viewer.get("/audit")).status_code == 403


async def test_the_page_shows_lines_and_exports_them_whole(web: Served, db: Database, cast: Cast) -> None:
    await fill(db, cast.acme, 25)
    async with web.signed_in("ada") as ada, web.signed_in("otto") as otto:
        page = await ada.get("/audit", params={"action": "sim.edit", "since": "2026-11-20", "until": "2026-11-20"})
        assert page.status_code == 200
        assert len(re.findall(r'<th role="rowheader"', page.text)) == 13
        assert "100% &lt;b&gt;0&lt;/b&gt;" in page.text
        assert "no line is sealed yet" in page.text
        older = re.search(r'href="(/audit\?[^"]*before=[^"]*)"', (await ada.get("/audit")).text)
        assert older is None, "all fit on a page"
        assert "a day is written" in (await ada.get("/audit", params={"since": "x"})).text.lower()
        assert (await ada.get("/audit", params={"organization": cast.evil})).status_code == 404
        for path in ("/audit", "/audit/export?format=csv"):
            assert (await otto.get(path)).status_code == 403
        sheet = await ada.get("/audit/export", params={"format": "csv", "subject": "sim 3"})
        assert sheet.headers["content-disposition"].startswith('attachment; filename="audit-')
        (row,) = csv.DictReader(io.StringIO(sheet.text))
        assert row["actor"] == "'" + FORMULA
        assert json.loads(row["after"]) == {"note": "100% <b>3</b>"}
        whole = await ada.get("/audit/export", params={"format": "ndjson", "action": "sim.reset"})
        lines = [json.loads(line) for line in whole.text.splitlines()]
        assert [line["subject"] for line in lines] == [f"sim {n}" for n in range(23, 0, -2)]
        everything = (await ada.get("/audit/export", params={"format": "ndjson"})).text
    subjects = [json.loads(line)["subject"] for line in everything.splitlines()]
    assert {f"sim {n}" for n in range(25)} <= set(subjects)
    assert subjects.count("csv") == 1, "an export leaves a line"
    parts = export_parts(db, await db.replica.moment(), cast.acme, LineFilter(), Format.NDJSON, at_once=7)
    in_parts = [one async for one in parts]
    assert [len(part.splitlines()) for part in in_parts] == [7, 7, 7, 7, len(subjects) - 28]
    assert b"".join(in_parts).decode().endswith(everything)


async def test_who_administers_two_organizations_reads_the_trail_of_either(
    web: Served, db: Database, cast: Cast
) -> None:
    await fill(db, cast.evil, 3)
    assert cast.ada.user_id is None
    async with db.transaction() as transaction:
        number = (await transaction.connection.execute(sa.text("SELECT id FROM users WHERE name = 'ada'"))).scalar_one()
        await add_member(transaction, cast.evil, number, Role.ADMIN, NOW)
    async with web.signed_in("ada") as ada:
        assert "sim 2" not in (await ada.get("/audit")).text
        assert "sim 2" in (await ada.get("/audit", params={"organization": cast.evil})).text
        await ada.get("/audit/export", params={"organization": cast.evil, "format": "csv"})
        assert "Export the audit trail" in (await ada.get("/audit", params={"organization": cast.evil})).text
        async with db.engine.begin() as connection:  # where she has proved none
            demand = sa.text("UPDATE organizations SET second_factor_from = now() - interval '1 day' WHERE id = :id")
            await connection.execute(demand, {"id": cast.evil})
        for address in ("/audit", "/audit/export"):
            refused = await ada.get(address, params={"organization": cast.evil, "format": "csv"})
            assert refused.status_code == 404
            assert "sim 2" not in refused.text


async def test_nobody_fills_the_trail_by_being_refused(web: Served, db: Database, cast: Cast) -> None:
    async with web.program(cast.acme_key) as program:
        for number in range(OF_ONE + 5):
            assert (await program.delete(f"/sims/89882280666{number:08d}")).status_code == 403
    async with db.reading() as reading:
        assert (await reading.execute(sa.text("SELECT count(*) FROM audit_lines"))).scalar_one() == OF_ONE
    assert (REGISTRY.get_sample_value("console_audit_left_out_total", {"what": "request"}) or 0) >= 5

    async def written(network: str, organization_id: int) -> bool:
        return await is_written(db.redis, Refused.SIGN_IN, network, 1000.0, organization_id=organization_id)

    assert [await written("n", 1) for _ in range(OF_ONE + 2)] == [True] * OF_ONE + [False] * 2
    assert not await written("n", 2), "nor at another organization"
    many = [await written(f"m{number}", 1) for number in range(OF_STRANGERS)]
    assert sum(many) == OF_STRANGERS - OF_ONE
    assert await written("k", 2), "what is aimed at one organization takes nothing from another"


async def test_nobody_fills_the_trail_by_links_that_open_nothing(web: Served, db: Database, cast: Cast) -> None:
    async with web.stranger() as stranger, web.signed_in("vera") as vera:
        for browser in (stranger, vera):
            for number in range(OF_ONE + 5):
                assert (await browser.post(f"/join/{number:043}", data={"password": "x" * 20})).status_code == 404
    async with db.reading() as reading:
        count = sa.text("SELECT actor, count(*) AS lines FROM audit_lines WHERE action = 'link.use' GROUP BY 1")
        found = {row.actor: row.lines for row in (await reading.execute(count)).all()}
    assert found == {"holder of a link": OF_ONE, "vera": OF_ONE}


async def test_a_chain_that_is_late_or_broken_is_said_everywhere(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    await fill(db, cast.acme, 2)

    async def health(client: httpx.AsyncClient) -> tuple[bool, str]:
        services = (await client.get("/health/services")).json()["services"]
        (found,) = (one for one in services if one["name"] == "audit")
        return found["healthy"], found["detail"]

    async with web.signed_in("ada") as ada:
        page = (await ada.get("/audit")).text
        assert "lines wait since" in page
        assert (await health(ada))[0] is False
        async with db.transaction() as transaction:
            await seal_lines(transaction, audit_keys(settings), NOW)
            await transaction.connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
            await transaction.connection.execute(
                sa.text("UPDATE audit_lines SET actor = 'eve' WHERE subject = 'sim 1'")
            )
            found = await verify(transaction.connection, cast.acme, audit_keys(settings))
            await keep_verification(transaction, found, datetime.now(UTC))
        page = (await ada.get("/audit")).text
        assert "does not hold" in page
        assert "line 2 was changed" in page
    async with db.reading() as reading:
        await measure(reading, datetime.now(UTC), compare=False)
        (trouble,) = (await chain(reading, cast.acme)).troubles(datetime.now(UTC))
    assert trouble == "the trail does not hold: line 2 was changed after it was sealed"


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "2026-02-30", "\u0662\u0660\u0662\u0666-01-01"])
@pytest.mark.parametrize("bound", ["since", "until"])
async def test_the_trail_is_asked_for_by_any_text_as_a_day(web: Served, cast: Cast, day: str, bound: str) -> None:
    async with web.signed_in("ada") as ada:
        answers = [await ada.get(path, params={bound: day}) for path in ("/audit", "/audit/export")]
    assert [answer.status_code < 500 for answer in answers] == [True, True]
