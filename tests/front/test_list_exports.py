"""Lists as files: what their pages show, in its order and under its filter, and nothing of another organization."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from console.facts.sms import Sms
from console.sms.writes import record_messages
from console.store.database import Database
from tests.api.conftest import full
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.serving import Served

__all__ = ["full"]
pytestmark = pytest.mark.one_edition
ALL_OF_A_SIM = f"/sims/{ADAS_SIM}/sms.csv"
FILES = {
    "/alerts": "/alerts.csv",
    "/alerts?severity=info": "/alerts.csv?severity=info",
    "/actions": "/actions.csv",
    "/actions?kind=reset&state=open": "/actions.csv?state=open&kind=reset",
    "/quotas": "/quotas.csv",
    "/quotas?left=unmeasured": "/quotas.csv?left=unmeasured",
    "/sms": "/sms.csv",
    "/sms?failed=24h": "/sms.csv?failed=24h",
    f"/sims/{ADAS_SIM}/sms": ALL_OF_A_SIM,
    "/orders": "/orders.csv",
    "/tickets": "/tickets.csv",
    "/jobs?state=done": "/jobs.csv?job=&state=done",
    "/notification-channels/1": "/notification-channels/1/deliveries.csv",
    "/reports": "/reports.csv",
    "/approvals": "/approvals.csv",
    "/alert-rules": "/alert-rules.csv",
    "/api-keys": "/api-keys.csv",
    "/users": "/users.csv",
}
OF_ADMINISTRATORS = ("/notification-channels", "/api-keys", "/users")
NUMBER = "4915112345678"
MANY = 450  # more than a part of a file


async def read(client: httpx.AsyncClient, path: str) -> list[dict[str, str]]:
    answer = await client.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


async def write_messages(db: Database, cast: Cast) -> list[str]:
    """The ids of Ada's SIM's messages, the latest first, all of which begin like a formula and name a number."""
    now = datetime.now(UTC).replace(microsecond=0)
    found = [
        Sms(
            iccid=ADAS_SIM,
            direction="mt",
            id=f"m{number}",
            time=now - timedelta(seconds=number),
            status="failed",
            source="poll",
            payload=f"=call {NUMBER} {number}",
        )
        for number in range(MANY)
    ]
    async with db.transaction() as transaction:
        await record_messages(transaction, cast.acme, found, now)
    return [one.id for one in found]


async def test_each_list_links_to_a_file_of_what_it_shows(web: Served, db: Database, full: Cast) -> None:
    await write_messages(db, full)
    async with web.signed_in("ada") as ada, web.signed_in("eve") as eve:
        for page, path in FILES.items():
            shown = await ada.get(page)
            assert f'href="{path.replace("&", "&amp;")}"' in shown.text, page
            rows = await read(ada, path)
            assert rows, path
            if path.startswith(f"/sims/{ADAS_SIM}"):
                assert (await eve.get(path)).status_code == 404
            elif not path.startswith("/jobs"):  # some are of the whole installation
                hers = (await eve.get(path)).text
                assert not any(one in hers for one in (ADAS_SIM, ADAS_OTHER_SIM, NUMBER)), path


async def test_files_have_the_rows_of_the_filter_and_of_all_pages_in_their_order(
    web: Served, db: Database, full: Cast
) -> None:
    ids = await write_messages(db, full)
    async with web.signed_in("ada") as ada:
        everything = [row["id"] for row in await read(ada, ALL_OF_A_SIM)]
        assert [one for one in everything if one != "9"] == ids, "which is of the fixture"
        groups = await read(ada, "/alerts.csv")
        assert {row["group"] for row in groups} >= {"Firing"}
        only = await read(ada, "/alerts.csv?severity=info")
        assert {row["severity"] for row in only} == {"info"}
        assert (await read(ada, "/actions.csv?kind=sms")) == []
        assert {row["iccid"] for row in await read(ada, "/actions.csv")} == {f'="{ADAS_SIM}"'}
        assert await read(ada, "/quotas.csv?left=exhausted") == []
        quotas = {row["iccid"]: row for row in await read(ada, "/quotas.csv?format=csv")}
        assert quotas[ADAS_SIM]["data_left_bytes"] == "900"
        for wrong in (
            "/alerts.csv?severity=loud",
            "/actions.csv?state=odd",
            "/quotas.csv?left=soon",
            "/events.csv?a=1",
        ):
            assert (await ada.get(wrong)).status_code == 422, "a file has no place to say what was left out"


async def test_a_file_is_for_a_spreadsheet_or_for_programs_and_disarmed(web: Served, db: Database, full: Cast) -> None:
    await write_messages(db, full)
    async with web.signed_in("ada") as ada:
        sheet, plain, lines = [
            (await ada.get(f"/sms.csv{query}")).text for query in ("", "?format=csv", "?format=ndjson")
        ]
        failed = (await ada.get("/usage.csv?range=24h")).text
    assert sheet.startswith("\ufeff")
    assert failed.startswith("\ufeff")
    assert not plain.startswith("\ufeff")
    first = next(csv.DictReader(io.StringIO(plain)))
    assert first["iccid"] == ADAS_SIM
    assert first["message"].startswith("'=call")
    assert first["time"].endswith("Z")
    assert f'="{ADAS_SIM}"' in next(csv.reader(io.StringIO(sheet.partition("\r\n")[2])))
    assert json.loads(lines.splitlines()[0])["iccid"] == ADAS_SIM


async def test_numbers_are_masked_as_on_the_page_and_the_trail_says_who_took_a_file(
    web: Served, db: Database, full: Cast
) -> None:
    await write_messages(db, full)
    async with web.signed_in("ada") as ada, web.signed_in("vera") as vera:
        assert NUMBER in (await ada.get(ALL_OF_A_SIM)).text
        for path in FILES.values():
            answer = await vera.get(path)
            if path.startswith(OF_ADMINISTRATORS):
                assert answer.status_code == 403, "a viewer sees neither channels nor keys nor users"
            else:
                assert NUMBER not in answer.text, path
        assert NUMBER not in (await ada.get("/sms.csv")).text, "which is masked for everybody, as its page is"
        trail = (await ada.get("/audit", params={"action": "list.export", "actor": "vera"})).text
    assert "Export a list" in trail
    for name in ("alerts", "quotas", "orders", f"sms-{ADAS_SIM}"):
        assert name in trail


async def test_silences_and_windows_are_files_too(web: Served, full: Cast) -> None:
    silence = {"tag": "pump", "reason": f"=works, call {NUMBER}", "minutes": "60"}
    window = {"name": "Sunday", "country": "DE", "time_zone": "Europe/Berlin", "first_begin": "2026-12-06T02:30"}
    async with web.signed_in("ada") as ada, web.signed_in("vera") as vera, web.signed_in("eve") as eve:
        assert (await ada.post("/silences", data=silence)).status_code == 303
        made = await ada.post("/maintenance-windows", data={**window, "repeats": "FREQ=WEEKLY", "minutes": "90"})
        assert made.status_code == 303, made.text
        shown = (await ada.get("/silences")).text
        assert all(f'href="{path}"' in shown for path in ("/silences.csv", "/maintenance-windows.csv"))
        (first, *_) = await read(ada, "/silences.csv")
        assert first["hides"] == "tag is pump"
        assert first["reason"] == f"'=works, call {NUMBER}"
        assert first["created_by"] == "ada"
        assert NUMBER not in (await vera.get("/silences.csv")).text
        sunday = next(one for one in await read(ada, "/maintenance-windows.csv") if one["name"] == "Sunday")
        assert (sunday["hides"], sunday["rule"]) == ("country is DE", "FREQ=WEEKLY")
        hers = [one for path in ("/silences.csv", "/maintenance-windows.csv") for one in await read(eve, path)]
        assert not any(one.get("name") == "Sunday" or NUMBER in one.get("reason", "") for one in hers)
