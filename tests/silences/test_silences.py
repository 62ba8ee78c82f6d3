"""Silences and windows begin and end as facts, on time, whoever runs or not; made on the page and by the API."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import sqlalchemy as sa
from markupsafe import escape

from console.alert_rules.reads import rules
from console.alert_rules.writes import give_ready_made
from console.api_keys.writes import put_key
from console.errors import Conflict, Invalid
from console.organizations.rules import PERMISSIONS, Permission, Role
from console.silences import reads, writes
from console.silences.bodies import NewSilence, WindowSetting
from console.silences.rules import Label, Matcher
from console.sims.annotations_rules import AnnotationChanges
from console.sims.annotations_writes import annotate
from console.sims.writes import record_connections
from console.store.database import Database
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast, placed
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DTAG = [Matcher(label=Label.OPERATOR, values=["DTAG"])]


async def announced(db: Database, organization_id: int, now: datetime) -> list[str]:
    """What is published when the job runs at this time."""
    async with db.transaction() as transaction:
        await writes.announce(transaction, organization_id, now)
        return transaction.items


async def hiding(db: Database, organization_id: int, now: datetime) -> list[str]:
    async with db.reading() as reading:
        return [one.name for one in await reads.active(reading, organization_id, now)]


async def test_a_silence_begins_and_ends_each_published_once(db: Database, cast: Cast) -> None:
    begins, ends = NOW + timedelta(hours=1), NOW + timedelta(hours=3)
    asked = NewSilence(matchers=DTAG, reason="works", begins_at=begins, ends_at=ends)
    async with db.transaction() as transaction:
        silence_id = await writes.add_silence(transaction, cast.acme, asked, "otto", NOW, long=False)
        assert transaction.items == []
        assert [request.due_at for request in transaction.requests] == [begins, ends]
    name = f"silence:{silence_id}"
    seen = {}
    for minutes in (30, 60, 90, 180, 240):
        at = NOW + timedelta(minutes=minutes)
        seen[minutes] = len(await announced(db, cast.acme, at)), await hiding(db, cast.acme, at)
        assert await hiding(db, cast.evil, at) == []
    assert seen == {30: (0, []), 60: (1, [name]), 90: (0, [name]), 180: (1, []), 240: (0, [])}
    async with db.transaction() as transaction:
        with pytest.raises(Conflict):
            await writes.end_silence(transaction, cast.acme, silence_id, "otto", ends)
        with pytest.raises(Invalid, match="24 hours"):
            longer = NewSilence(matchers=DTAG, reason="works", ends_at=NOW + timedelta(hours=25))
            await writes.add_silence(transaction, cast.acme, longer, "otto", NOW, long=False)


async def test_a_window_opens_each_week_also_when_no_job_ran_meanwhile(db: Database, cast: Cast) -> None:
    asked = WindowSetting(
        name="Sundays",
        matchers=DTAG,
        time_zone="Europe/Berlin",
        first_begin="2026-11-22T02:30",
        length_minutes=60,
        rule="FREQ=WEEKLY",
    )
    async with db.transaction() as transaction:
        window_id = await writes.add_window(transaction, cast.acme, asked, "ada", NOW)
    first = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
    name = f"window:{window_id}"
    assert await hiding(db, cast.acme, first) == [name], "it is open without any job"
    assert len(await announced(db, cast.acme, first)) == 1
    later = datetime(2027, 4, 4, 0, 45, tzinfo=UTC)  # the worker was away over the winter
    assert len(await announced(db, cast.acme, later)) == 0, "open then, open now"
    assert await hiding(db, cast.acme, later) == [name]
    assert len(await announced(db, cast.acme, later + timedelta(minutes=45))) == 1
    async with db.transaction() as transaction:
        await writes.remove_window(transaction, cast.acme, window_id, later)
    assert await hiding(db, cast.acme, datetime(2027, 4, 11, 0, 45, tzinfo=UTC)) == []


async def test_an_operator_silences_for_a_day_and_an_engineer_makes_windows(
    web: Served, db: Database, cast: Cast
) -> None:
    day = f"{datetime.now(UTC).year + 1}-01-06"  # in winter: Berlin is an hour ahead of UTC
    async with db.transaction() as transaction:
        await give_ready_made(transaction, cast.acme, after=0, now=NOW)
    async with web.signed_in("otto") as otto:
        assert "DTAG" in (await otto.get("/silences?operator=DTAG")).text, "filled in from the address"
        form = {"operator": "DTAG", "not_tag": "lab", "reason": "DTAG works", "minutes": "120"}
        assert (await otto.post("/silences", data=form)).status_code == 303
        refused = await otto.post("/silences", data=form | {"minutes": "10080"})
        assert (refused.status_code, "24 hours" in refused.text) == (422, True)
        blanks = f'a{" " * 2_990}"b'  # reading it holds the loop, if each blank is tried with all that follow
        assert (await otto.post("/silences", data=form | {"rule": blanks, "country": blanks})).status_code == 422
        named = {"rule": "Data quota expired, SIM enabled", "reason": "known", "minutes": "30"}
        misread = await otto.post("/silences", data=named)
        assert (misread.status_code, "in quotes" in misread.text) == (422, True), "it would hide nothing"
        assert 'value="Data quota expired, SIM enabled"' in misread.text, "what was written is still there"
        for wrong in ({"severity": "urgent"}, {"iccid": "123"}, {"rule": "Operator last"}):
            answer = await otto.post("/silences", data={"reason": "a slip", "minutes": "30"} | wrong)
            assert answer.status_code == 422, wrong
        everything = await otto.post("/silences", data={"not_tag": "lab", "reason": "all", "minutes": "30"})
        assert everything.status_code == 422
        named |= {"rule": '"Data quota expired, SIM enabled", Operator lost', "severity": "Warning", "tag": "Site 7"}
        assert (await otto.post("/silences", data=named | {"iccid": "8988 2280 6660 0000 001"})).status_code == 303
        page = (await otto.get("/silences")).text
        assert "DTAG works" in page
        assert "is none of" in page
        window = {"operator": "DTAG", "name": "Sundays", "time_zone": "Europe/Berlin", "minutes": "60"}
        window |= {"first_begin": f"{day}T02:30", "repeats": "FREQ=WEEKLY"}
        assert (await otto.post("/maintenance-windows", data=window)).status_code == 403
    async with web.signed_in("ada") as ada:
        assert (await ada.post("/maintenance-windows", data=window)).status_code == 303
        nowhere = await ada.post("/maintenance-windows", data=window | {"time_zone": "localtime"})
        assert (nowhere.status_code, "There is no time zone" in nowhere.text) == (422, True)
        hourly = await ada.post("/maintenance-windows", data=window | {"repeats": "FREQ=HOURLY"})
        assert (hourly.status_code, "once a day" in hourly.text) == (422, True)
        assert f"{day} 02:30" in (await ada.get("/silences")).text
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "ops", [Permission.ALERTS_READ, Permission.ALERTS_ACT], NOW)
    async with web.program(key) as program:
        written, found = sorted((await program.get("/silences")).json()["items"], key=lambda one: -one["id"])
        assert [(one["label"], one["values"]) for one in written["matchers"]] == [
            ("rule", ["Data quota expired, SIM enabled", "Operator lost"]),
            ("severity", ["warning"]),
            ("tag", ["site-7"]),
            ("iccid", ["8988228066600000001"]),
        ], "as alerts have them"
        assert found["matchers"][0] == {"label": "operator", "values": ["DTAG"], "negated": False}
        assert (await program.delete(f"/silences/{found['id']}")).status_code == 204
        assert (await program.delete(f"/silences/{found['id']}")).status_code == 409
        (opens,) = (await program.get("/maintenance-windows")).json()["items"]
        assert opens["next_begins_at"] == f"{day}T01:30:00Z"
    async with db.reading() as reading:
        lines = (await reading.execute(sa.text("SELECT action FROM audit_lines WHERE outcome = 'done'"))).scalars()
        assert {"silence.add", "silence.end", "window.add"} <= set(lines)


async def test_a_renamed_rule_stays_silenced(db: Database, cast: Cast, web: Served) -> None:
    rule = {"kind": "no_contact", "parameters": {"hours": 5}}
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "engineer", PERMISSIONS[Role.ENGINEER], NOW)
    async with web.program(key) as ada, web.signed_in("ada") as page:
        pumps, other = [
            (await ada.post("/alert-rules", json=rule | {"name": name})).json()["id"] for name in ("Pumps", "Other")
        ]
        soon = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

        def hides(*names: str, negated: bool = False) -> dict[str, object]:
            return {"label": "rule", "values": list(names), "negated": negated}

        async def made(*matchers: dict[str, object]) -> int:
            asked = {"matchers": list(matchers), "reason": "works", "ends_at": soon}
            return int((await ada.post("/silences", json=asked)).json()["id"])

        async def values(path: str) -> list[list[str]]:
            return [one["values"] for one in (await ada.get(path)).json()["matchers"]]

        silence = await made(hides("Pumps", "Other"), {"label": "operator", "values": ["Pumps"]})
        ended = await made(hides("Pumps"))
        await ada.delete(f"/silences/{ended}")
        window: dict[str, object] = {"name": "Sundays", "time_zone": "UTC"}
        window |= {"matchers": [hides("Other"), hides("Pumps", negated=True)]}
        day = (datetime.now(UTC) + timedelta(days=1)).date()
        window |= {"first_begin": f"{day}T02:30", "length_minutes": 60, "rule": "FREQ=WEEKLY"}
        opened = (await ada.post("/maintenance-windows", json=window)).json()["id"]
        changed = await ada.put(f"/alert-rules/{pumps}", json=rule | {"name": "Wells"})
        assert changed.status_code == 200, changed.text
        assert await values(f"/silences/{silence}") == [["Wells", "Other"], ["Pumps"]]
        assert await values(f"/silences/{ended}") == [["Pumps"]], "as it was"
        assert await values(f"/maintenance-windows/{opened}") == [["Other"], ["Wells"]]
        form = {"kind": "no_contact", "hours": "5", "severity": "warning", "enabled": "yes"}
        assert (await page.post(f"/alert-rules/{other}", data=form | {"name": "Wells"})).status_code == 303
        assert await values(f"/silences/{silence}") == [["Wells", "Other"], ["Pumps"]], "it would hide another rule"
        assert (await page.post(f"/alert-rules/{other}", data=form | {"name": "Others"})).status_code == 303
        assert await values(f"/silences/{silence}") == [["Wells", "Others", "Other"], ["Pumps"]]
        before = ("First", "Second", "Third")
        three = [(await ada.post("/alert-rules", json=rule | {"name": name})).json()["id"] for name in before]
        hiding = [await made(hides(name)) for name in before]
        await asyncio.gather(*(ada.put(f"/alert-rules/{one}", json=rule | {"name": "Same"}) for one in three))
        followed = [(await values(f"/silences/{one}"))[0] for one in hiding]
        assert followed.count(["Same"]) == 1, "the others would hide a rule that they are not about"
    async with db.reading() as reading:
        query = sa.text(
            "SELECT after FROM audit_lines WHERE action = 'alert_rule.change' AND outcome = 'done' ORDER BY id"
        )
        said = [row.after.get("renamed_in") for row in await reading.execute(query)]
        assert said[0] == [f"silence:{silence}", f"window:{opened}"]


async def test_a_filtered_list_leads_to_the_form_of_a_silence(db: Database, cast: Cast, web: Served) -> None:
    async with db.transaction() as transaction:
        await give_ready_made(transaction, cast.acme, after=0, now=NOW)
        seen = datetime.now(UTC)
        where = [placed(ADAS_SIM, seen, connection="online", operator="Vodafone, D2", country="DE", last_seen_at=seen)]
        await record_connections(transaction, cast.acme, where, seen)
        for iccid in (ADAS_SIM, ADAS_OTHER_SIM):
            changes = AnnotationChanges(tags=["pump"])
            await annotate(transaction, cast.acme, iccid, changes, "ada", NOW)
    expected = {
        "tag=pump": {"tag": "pump"},
        "tag=pump&tag_not=lab": {"tag": "pump", "not_tag": "lab"},
        "operator=vodafone, d2&country=de": {"operator": '"Vodafone, D2"', "country": "DE"},
        f"q={ADAS_SIM} {ADAS_OTHER_SIM}": {"iccid": f"{ADAS_SIM}, {ADAS_OTHER_SIM}"},
        "": None,
        "tag_not=lab": None,
        "tag=pump&q=a": None,
        "operator_not=x": None,
        "connection=online": None,
        "country=DE&quota_not=low": None,
        "country=DE&country=FR&country_not=DE": None,
        "country=DE&country=unknown": None,
    }
    async with web.signed_in("otto") as otto, web.signed_in("vera") as vera:
        for query, fields in expected.items():
            page = (await otto.get("/sims", params=httpx.QueryParams(query) if query else {"page": "1"})).text
            found = re.findall(r'<a href="([^"]+)"\s+data-silence-these', page)
            asked = [dict(parse_qsl(urlsplit(unescape(one)).query)) for one in found]
            assert asked == ([fields] if fields else []), query
            for one in found:
                form = (await otto.get(unescape(one).partition("#")[0])).text
                assert all(f'value="{escape(value)}"' in form for value in (fields or {}).values()), query
        assert "data-silence-these" not in (await vera.get("/sims?tag=pump")).text
        rule = (await rules_by_name(db, cast))["Data quota expired, SIM enabled"]
        listed = (await otto.get(f"/alerts?rule={rule}&severity=warning")).text
        (link,) = re.findall(r'data-silence-these\s+href="([^"]+)"', listed)
        assert dict(parse_qsl(urlsplit(unescape(link)).query)) == {
            "rule": '"Data quota expired, SIM enabled"',
            "severity": "warning",
        }
        for address in ("/alerts", "/alerts?rule=99999"):
            assert "data-silence-these" not in (await otto.get(address)).text
        assert "data-silence-these" not in (await vera.get(f"/alerts?rule={rule}")).text
        assert "data-silence-these" not in (await otto.get(f"/alerts?rule={rule}&state=resolved")).text, "no state"
        async with db.transaction() as transaction:
            named = {"number": rule, "name": "Operator lost"}
            await transaction.connection.execute(
                sa.text("UPDATE alert_rules SET name = :name WHERE id = :number"), named
            )
        assert "data-silence-these" not in (await otto.get(f"/alerts?rule={rule}")).text, "two of this name"


async def rules_by_name(db: Database, cast: Cast) -> dict[str, int]:
    """The ids of the rules by name."""
    async with db.reading() as reading:
        return {one.name: one.id for one in await rules(reading, cast.acme)}
