"""What people and programs do about alerts, by the API: twice is once, and nothing is resolved that still holds."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.api_keys.writes import put_key
from console.audit.tables import lines
from console.connectivity.writes import record_statuses
from console.organizations.rules import PERMISSIONS, Role
from console.sims.tables import annotations
from tests.alerts.conftest import Fleet, iccids
from tests.cast import placed
from tests.serving import Served

pytestmark = pytest.mark.one_edition
PATH, RULES = "/alerts", "/alert-rules"
HOUR = timedelta(hours=1)
ABROAD = {"name": "Abroad", "kind": "country_not_allowed", "parameters": {"countries": ["DE"]}}


async def key_of(fleet: Fleet, role: Role) -> str:
    async with fleet.db.transaction() as transaction:
        return await put_key(transaction, fleet.cast.acme, "program", PERMISSIONS[role], fleet.now)


async def audited(fleet: Fleet, begins: str) -> list[str]:
    query = sa.select(lines.c.action).where(lines.c.action.startswith(begins), lines.c.outcome == "done")
    async with fleet.db.reading() as connection:
        return list((await connection.execute(query.order_by(lines.c.id))).scalars())


async def test_an_alert_is_acknowledged_assigned_and_resolved_once_it_has_ended(web: Served, fleet: Fleet) -> None:
    (one,) = iccids(1)
    abroad = RuleParameters(countries=("DE",))
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=abroad, keep_firing_seconds=600)
    await fleet.polled()
    await fleet.moves([one], "online", country="US")
    await fleet.judge()
    async with web.program(await key_of(fleet, Role.OPERATOR)) as otto:
        (alert,) = (await otto.get(f"{PATH}?state=firing&iccid={one}")).json()["items"]
        path = f"{PATH}/{alert['id']}"
        assert alert["title"] == f"Country not allowed: {one}, in US on A"
        refused = await otto.post(f"{path}/resolve", json={})
        assert refused.status_code == 409
        assert refused.json()["error"]["message"] == "The condition still holds: silence the alert instead"
        for _ in range(2):
            noted = (await otto.post(f"{path}/acknowledge", json={"minutes": 30, "note": "On it"})).json()
        assert (noted["acknowledged_by"], noted["note"], noted["state"]) == ("program", "On it", "firing")
        counts = (await otto.get(f"{PATH}/counts")).json()
        assert (counts["warning"], counts["unacknowledged"]) == (1, 0)
        assert (await otto.get(f"{PATH}?acknowledged=false")).json()["total"] == 0
        for nobody in ("eve", "somebody", "program"):
            refused = await otto.post(f"{path}/assign", json={"assignee": nobody})
            assert (refused.status_code, "a member of your organization" in refused.text) == (422, True), nobody
        assert (await otto.post(f"{path}/assign", json={"assignee": " Vera "})).json()["assigned_to"] == "vera"
        await otto.post(f"{path}/comment", json={"text": "Called the site"})
        await fleet.moves([one], "online", country="DE")
        await fleet.judge()
        ended = (await otto.post(f"{path}/resolve", json={"note": "Back"})).json()
        assert (ended["state"], ended["resolved_by"], ended["assigned_to"]) == ("resolved", "program", "vera")
        assert (await otto.post(f"{path}/resolve", json={})).json()["revision"] == ended["revision"]
        assert (await otto.post(f"{path}/acknowledge", json={})).status_code == 409
        detail = (await otto.get(path)).json()
        happened = ["resolved", "recovering", "commented", "assigned", "acknowledged", "acknowledged", "fired"]
        assert [event["change"] for event in detail["history"]] == happened
        assert [(sim["subject"], sim["holds"]) for sim in detail["subjects"]] == [(one, False)]
    done = [f"alert.{what}" for what in ("acknowledge", "acknowledge", "assign", "comment", "resolve", "resolve")]
    assert await audited(fleet, "alert.") == done


async def test_who_acknowledges_it_too_leaves_what_others_have_noted(web: Served, fleet: Fleet) -> None:
    (one,) = iccids(1)
    await fleet.rule(kind=RuleKind.COUNTRY_NOT_ALLOWED, parameters=RuleParameters(countries=("DE",)))
    await fleet.polled()
    await fleet.moves([one], "online", country="US")
    await fleet.judge()
    path = f"{PATH}/{(await fleet.alert()).id}"
    async with web.program(await key_of(fleet, Role.OPERATOR)) as program, web.signed_in("otto") as otto:
        for asked, note, ticket in (
            ({"note": "Called the site", "ticket": "INC-7"}, "Called the site", "INC-7"),
            ({"minutes": 30}, "Called the site", "INC-7"),
            ({"ticket": "INC-8"}, "Called the site", "INC-8"),
            ({"note": ""}, None, "INC-8"),
            ({"note": "Nobody is there"}, "Nobody is there", "INC-8"),
        ):
            noted = (await program.post(f"{path}/acknowledge", json=asked)).json()
            assert (noted["note"], noted["ticket"]) == (note, ticket), asked
        assert (await otto.post(f"{path}/acknowledge", data={"minutes": "120"})).status_code == 303
        noted = (await program.get(path)).json()["alert"]
        assert (noted["acknowledged_by"], noted["note"], noted["ticket"]) == ("otto", "Nobody is there", "INC-8")


async def give_numbers(fleet: Fleet, iccid: str) -> None:
    """Give the SIM an IMSI and an MSISDN, by which no rule's filter may find it."""
    async with fleet.db.engine.begin() as connection:
        numbers = "UPDATE sims SET imsi = '901405601000078', msisdn = '882285109995678' WHERE iccid = :iccid"
        await connection.execute(sa.text(numbers), {"iccid": iccid})


async def test_a_rule_is_tried_made_changed_and_deleted(web: Served, fleet: Fleet) -> None:
    (one,) = iccids(1)
    now = datetime.now(UTC)
    async with fleet.db.transaction() as transaction:
        for hours, country in ((4, "DE"), (3, "US"), (2, "US"), (1, None)):
            connection = "online" if country else "offline"
            where = [placed(one, now - hours * HOUR, connection=connection, country=country, operator="A")]
            await record_statuses(transaction, fleet.cast.acme, where, now, "poll")
        tagged = {"organization_id": fleet.cast.acme, "iccid": one, "tags": ["pump"], "edited_at": now}
        await transaction.connection.execute(sa.insert(annotations).values(**tagged, edited_by="ada"))
    async with web.program(await key_of(fleet, Role.ENGINEER)) as enid:
        tried = (await enid.post(f"{RULES}/try", json=ABROAD)).json()
        assert (tried["possible"], tried["times"], tried["firings"][0]["subject"]) == (True, 1, one)
        assert tried["text"].startswith("It would have fired 1 time in the last 7 days")
        await give_numbers(fleet, one)
        for word, found in (("901405601", 0), ("882285109", 0), (one[-7:], 1)):
            tried = (await enid.post(f"{RULES}/try", json=ABROAD | {"filter": f"q={word}"})).json()
            assert tried["times"] == found, word
        lost = {"percent": 20, "minutes": 5, "by": "operator", "least_sims": 1}
        for kind, parameters, times in (
            ("share_left", lost, 1),
            ("share_left", lost | {"by": "tag"}, 1),
            ("no_contact", {"hours": 2}, 0),
            ("data_quota_below", {"percent": 5}, 0),
            ("data_runs_out", {"days": 5}, None),
        ):
            asked = {"name": "Tried", "kind": kind, "parameters": parameters}
            tried = (await enid.post(f"{RULES}/try", json=asked)).json()
            assert (tried["possible"], tried["times"]) == (times is not None, times or 0), kind
        made = (await enid.post(RULES, json=ABROAD | {"filter": "label=pump"})).json()
        assert made["text"] == "Warning when a SIM is on a network outside DE, of the SIMs with label pump."
        changed = (await enid.put(f"{RULES}/{made['id']}", json=ABROAD | {"enabled": False})).json()
        assert (changed["revision"], changed["enabled"], changed["filter"]) == (2, False, "")
        other = ABROAD | {"kind": "no_contact", "parameters": {"hours": 1}}
        assert (await enid.put(f"{RULES}/{made['id']}", json=other)).status_code == 422
        assert (await enid.post(RULES, json=ABROAD | {"filter": "colour=red"})).status_code == 422
        for name in (" ", "Ab\nroad", "daorb\u202eA"):
            assert (await enid.post(RULES, json=ABROAD | {"name": name})).status_code == 422, name
        assert (await enid.delete(f"{RULES}/{made['id']}")).status_code == 204
        assert (await enid.get(f"{RULES}/{made['id']}")).status_code == 404
        assert (await enid.get(RULES)).json()["items"] == []
    assert await audited(fleet, "alert_rule.") == ["alert_rule.add", "alert_rule.change", "alert_rule.delete"]


async def test_a_rule_is_not_changed_by_who_has_read_another(web: Served, fleet: Fleet) -> None:
    async with web.program(await key_of(fleet, Role.ENGINEER)) as ada:
        made = await ada.post(RULES, json=ABROAD)
        path = f"{RULES}/{made.json()['id']}"
        first = await ada.get(path)
        seen, etag = first.json()["revision"], first.headers["ETag"]
        changed = await ada.put(path, json=ABROAD | {"name": "Theirs", "revision": seen})
        assert (changed.status_code, changed.json()["revision"]) == (200, seen + 1)
        for precondition in ({"json": ABROAD | {"revision": seen}}, {"json": ABROAD, "headers": {"If-Match": etag}}):
            refused = await ada.put(path, **precondition)
            assert (refused.status_code, refused.json()["error"]["code"]) == (412, "CHANGED")
            assert refused.json()["error"]["details"] == {"revision": seen + 1}
        present = await ada.get(path)
        assert present.json()["name"] == "Theirs"
        again = await ada.put(path, json=ABROAD, headers={"If-Match": present.headers["ETag"]})
        assert (again.status_code, again.json()["name"]) == (200, "Abroad")
        assert (await ada.put(path, json=ABROAD | {"name": "Last"})).status_code == 200, "without a precondition"
        seen = (await ada.get(path)).json()["revision"]
        wanted = [ABROAD | {"name": name, "revision": seen} for name in ("One", "Two", "Three")]
        at_once = await asyncio.gather(*(ada.put(path, json=one) for one in wanted))
        assert sorted(one.status_code for one in at_once) == [200, 412, 412]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("q=" + "+".join("abcdefghijklm"), "12 words"),
        ("tag=pump&q=" + 201 * "a", "200 characters"),
        ("operator=A%00", "NUL"),
        ("q=a%00b", "NUL"),
        ("label=%00", "NUL"),
    ],
)
async def test_a_filter_that_no_database_can_ask_by_stops_no_judging(
    web: Served, fleet: Fleet, wrong: str, said: str
) -> None:
    async with web.program(await key_of(fleet, Role.ENGINEER)) as ada, web.signed_in("ada") as page:
        made = (await ada.post(RULES, json=ABROAD)).json()
        for answer in (
            await ada.post(RULES, json=ABROAD | {"filter": wrong}),
            await ada.post(f"{RULES}/try", json=ABROAD | {"filter": wrong}),
            await ada.put(f"{RULES}/{made['id']}", json=ABROAD | {"filter": wrong}),
        ):
            assert (answer.status_code, said in answer.text) == (422, True), answer.text
        form = {"name": "Abroad", "kind": ABROAD["kind"], "countries": "DE", "severity": "warning", "filter": wrong}
        assert (await page.post(RULES, data=form)).status_code == 422
    await fleet.judge()


async def test_a_rule_whose_filter_means_no_sim_any_more_can_be_disabled(web: Served, fleet: Fleet) -> None:
    (one,) = iccids(1)
    await fleet.lists([one], status="suspended")
    async with web.program(await key_of(fleet, Role.ENGINEER)) as ada, web.signed_in("ada") as page:
        made = await ada.post(RULES, json=ABROAD | {"filter": "status_not=suspended"})
        assert made.status_code == 201, made.text
        path = f"{RULES}/{made.json()['id']}"
        for kept in ("status_not=suspended", "country_not=Germany"):  # the second is of a time when it was taken
            async with fleet.db.engine.begin() as connection:
                await connection.execute(sa.text("UPDATE sims SET status = 'enabled'"))
                await connection.execute(
                    sa.text("UPDATE alert_rules SET filter = :kept, enabled = true"), {"kept": kept}
                )
            off = await ada.put(path, json=ABROAD | {"filter": kept, "enabled": False})
            assert (off.status_code, off.json().get("enabled")) == (200, False), off.text
            form = {"name": "Off", "kind": ABROAD["kind"], "countries": "DE", "severity": "warning", "filter": kept}
            assert (await page.post(path, data=form)).status_code == 303
            assert (await ada.post(RULES, json=ABROAD | {"filter": kept})).status_code == 422
            assert (await ada.put(path, json=ABROAD | {"filter": f"{kept}&tag=pump"})).status_code == 422


@pytest.mark.parametrize(
    ("wrong", "field", "means"),
    [
        ("days_left=x", "days_left", "days_left=3"),
        ("days_left_not=40", "days_left", "days_left_not=later"),
        ("quota=empty", "quota", "quota=low"),
        ("connection=on&tag=pump", "connection", "connection=online&tag=pump"),
        ("status=foo", "status", "status=disabled"),
        ("country=Germany", "country", "country=de"),
    ],
)
async def test_a_filter_of_what_no_sim_can_have_is_refused(
    web: Served, fleet: Fleet, wrong: str, field: str, means: str
) -> None:
    quota = {"name": "Low", "kind": "data_quota_below", "parameters": {"percent": 10}}
    async with web.program(await key_of(fleet, Role.ENGINEER)) as ada, web.signed_in("ada") as page:
        made = await ada.post(RULES, json=quota | {"filter": means})
        assert made.status_code == 201, made.text
        path = f"{RULES}/{made.json()['id']}"
        for answer in (
            await ada.post(RULES, json=quota | {"filter": wrong}),
            await ada.post(f"{RULES}/try", json=quota | {"filter": wrong}),
            await ada.put(path, json=quota | {"filter": wrong}),
        ):
            refused = answer.json()["error"]
            assert (answer.status_code, f"{field} is " in refused["message"]) == (422, True), answer.text
            assert field in refused["details"]
        form = {"name": "Low", "kind": "data_quota_below", "percent": "10", "filter": wrong}
        for address in (RULES, path):
            shown = await page.post(address, data=form)
            assert (shown.status_code, f"{field} is " in shown.text, 'value="10"' in shown.text) == (422, True, True)


async def test_a_status_that_a_sim_has_may_be_asked_for(web: Served, fleet: Fleet) -> None:
    await fleet.lists(iccids(1), status="in testing")
    async with web.program(await key_of(fleet, Role.ENGINEER)) as ada:
        made = await ada.post(RULES, json=ABROAD | {"filter": "status=in+testing"})
        assert made.status_code == 201, made.text
