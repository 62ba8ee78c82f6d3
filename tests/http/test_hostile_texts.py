"""What others have written is text in every page, frame, cell and header: no script, no formula, no other header."""

import asyncio
import csv
import io
import json
import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.facts.sms import Sms
from console.organizations.rules import Permission
from console.organizations.writes import change_settings
from console.sims.saved_views_writes import put_view
from console.sms.writes import put_template, record_messages
from console.store.database import Database
from tests.cast import ADAS_SIM, PASSWORD, Cast, add_sim
from tests.conftest import SECRET
from tests.http.access_pages import PAGES
from tests.serving import Served, client, close_code

pytestmark = pytest.mark.one_edition
SCRIPT = "=1+<img src=x onerror=alert(1)>\"'"
VIEWS = (
    f"sim&topics=sim:{ADAS_SIM}",
    f"sims&topics=sim:{ADAS_SIM}",
    f"conversation&topics=sim:{ADAS_SIM}",
    "sms&topics=sms",
)


def message(number: str, now: datetime) -> Sms:
    return Sms(iccid=ADAS_SIM, direction="mo", id=number, time=now, status="delivered", source="poll", payload=SCRIPT)


async def write_everywhere(db: Database, cast: Cast) -> None:
    """What comes from 1NCE, and what people have typed."""
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        where = {"connection": "online", "operator": SCRIPT, "country": "DE"}
        await add_sim(transaction, cast.acme, ADAS_SIM, label=SCRIPT, **where)
        await record_messages(transaction, cast.acme, [message("1", now)], now)
        await put_template(transaction, cast.acme, SCRIPT, SCRIPT, SCRIPT, now)
        await put_view(transaction, cast.acme, None, SCRIPT[:40], "q=a", SCRIPT, now)
        await put_key(transaction, cast.acme, SCRIPT, [Permission.SIMS_READ], now, created_by=SCRIPT)
        await change_settings(transaction, SECRET, cast.acme, {"name": SCRIPT, "once_client_id": SCRIPT})


async def test_no_page_and_no_frame_has_a_script_that_somebody_wrote(web: Served, db: Database, cast: Cast) -> None:
    await write_everywhere(db, cast)
    async with client(web.address, {"Origin": web.address, "User-Agent": SCRIPT}) as ada:
        assert (await ada.post("/sign-in", data={"name": "ada", "password": PASSWORD})).status_code == 303
        shown = 0
        for row in PAGES:
            method, path = row.split(" ", 1)
            if method != "GET" or "{" in path.replace("{iccid}", ""):
                continue
            answer = await ada.get(path.replace("{iccid}", ADAS_SIM), params={"q": SCRIPT} if path == "/sims" else {})
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert "<img src=x" not in answer.text, path
                shown += "&lt;img src=x" in answer.text
        assert shown > 20, "the organization's name stands on each"
        for view in VIEWS:
            async with web.page_socket(ada, f"?view={view}") as socket:
                await socket.recv()
                await write_everywhere_again(db, cast)
                said = ""
                async with asyncio.timeout(20):
                    while "img src=x" not in said:
                        said += str(await socket.recv())
                assert "<img src=x" not in said, view


async def write_everywhere_again(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await transaction.connection.execute(sa.text("DELETE FROM sms_templates"))
        await transaction.connection.execute(sa.text("DELETE FROM saved_views"))
        now = datetime.now(UTC)
        await add_sim(transaction, cast.acme, ADAS_SIM, label=f"{SCRIPT}{now:%f}", connection="online", country="DE")
        await record_messages(transaction, cast.acme, [message(f"{now:%S%f}", now)], now)


async def test_no_cell_of_an_export_is_a_formula(web: Served, db: Database, cast: Cast) -> None:
    await write_everywhere(db, cast)
    async with web.signed_in("ada") as ada:
        for name in ("=1+1", "+1", "-1", "@a", " =1"):
            await ada.post("/groups", data={"name": name, "role": "viewer"})
        answers = [await ada.get(path) for path in ("/audit/export?format=csv", "/usage.csv?by=operator")]
        form = {"choice": "reset", "by": "filter", "reason": "=1+1 works"}
        number = (await ada.post("/bulk-actions", data=form)).headers["location"].rpartition("/")[2]
        answers += [await ada.get(f"/bulk-actions/{number}/results.csv")]
        shown = await ada.post("/api-keys", data={"name": "reads", "scopes": "sims:read"})
        key = re.findall(r"iot_key_\w{8}_\w{46}", shown.text)[0]
        answers += [await ada.get(f"/api/v1/bulk-actions/{number}/results.csv", headers={"X-API-Key": key})]
    async with db.reading() as reading:
        query = sa.text("SELECT action, actor, subject FROM audit_lines WHERE action LIKE '%.export' ORDER BY id")
        lines = [tuple(row) for row in (await reading.execute(query)).all()]
    assert lines == [
        ("audit.export", "ada", "csv"),
        ("usage.export", "ada", "7d"),
        ("bulk.export", "ada", number),
        ("bulk.export", "reads", number),
    ]
    for answer in answers:
        assert answer.status_code == 200, answer.text
        rows = list(csv.reader(io.StringIO(answer.text)))
        cells = [cell for row in rows[1:] for cell in row if not re.fullmatch(r"-?[\d.]*", cell)]
        assert [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))] == []


@pytest.mark.parametrize(
    "text", ["/sims\r\nSet-Cookie: session=evil", "/%0d%0aSet-Cookie:%20session=evil", "//evil.example"]
)
async def test_no_text_becomes_a_header_or_another_site(web: Served, cast: Cast, text: str) -> None:
    async with web.stranger() as stranger, web.signed_in("ada") as ada:
        data = {"name": "ada", "password": PASSWORD, "next": text}
        answers = [
            await stranger.post("/sign-in", data=data),
            await stranger.get("/sims", params={"q": text}),
            await ada.get("/find", params={"q": text}),
            await ada.get("/sign-in", params={"next": text}),
            await ada.get("/audit/export", params={"format": "csv", "q": text}),
            await ada.post("/api-keys", data={"name": text, "scopes": "sims:read"}),
        ]
    for answer in answers:
        assert "evil" not in answer.headers.get("set-cookie", ""), answer.request.url
        location = answer.headers.get("location", "/")
        assert location.startswith("/"), location
        assert not location.startswith("//"), location
        assert "\n" not in location, location


async def test_a_viewer_does_nothing_over_the_socket(web: Served, db: Database, cast: Cast) -> None:
    asked = [
        {"type": "action", "kind": "reset", "iccid": ADAS_SIM},
        {"type": "publish", "topics": ["fleet"], "data": {"type": "sim.changed"}},
        {"HX-Request": "true", "path": f"/sims/{ADAS_SIM}/sync", "method": "POST"},
    ]
    async with web.signed_in("vera") as vera:
        for message in asked:
            async with web.page_socket(vera, f"?view=sim&topics=sim:{ADAS_SIM}") as socket:
                await socket.recv()
                await socket.send(json.dumps(message))
                assert await close_code(socket, 0.5) in (None, 1003, 1007, 4400), message
        async with web.page_socket(vera, "?view=sims&topics=flags") as socket:
            assert await close_code(socket, 5) in (4403, 1008)
    async with db.reading() as reading:
        for table in ("actions", "job_requests"):
            assert (await reading.execute(sa.text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0, table
