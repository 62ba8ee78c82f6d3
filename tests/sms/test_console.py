"""The SMS console: conversations, templates, what is filled in for each SIM, and what is refused instead."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.errors import Invalid
from console.facts.sims import SimState
from console.facts.sms import Sms
from console.sms import reads
from console.sms.variables import filled, missing, variables
from console.sms.writes import delete_messages, record_messages
from console.store.database import Database
from console.store.keyset import read_cursor
from jobs.prune import MESSAGES_RETENTION
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime.now(UTC).replace(microsecond=0)
SIM = SimState(iccid="8988228066600000001", label="pump-1", custom_fields={"site": "berlin", "empty": ""})
SCRIPT = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("text", "result", "lacking"),
    [
        ("reboot", "reboot", []),
        ("id={iccid} {label} {site}.example.com", "id=8988228066600000001 pump-1 berlin.example.com", []),
        ('{"on": 1} {Label} {} {{label}}', '{"on": 1} {Label} {} {pump-1}', []),  # other braces are text
        ("{site} {label} {site}", "berlin pump-1 berlin", []),
        ("{imei} {empty} {nowhere} {imei}", None, ["imei", "empty", "nowhere"]),
    ],
)
def test_a_text_is_filled_or_nothing_is_sent(text: str, result: str | None, lacking: list[str]) -> None:
    assert missing(text, SIM) == lacking
    if result is not None:
        assert filled(text, SIM) == result
        return
    assert variables(text) == lacking
    with pytest.raises(Invalid, match=r"no value for \{imei\}, \{empty\}, \{nowhere\}"):
        filled(text, SIM)


def sent(iccid: str, number: int, at: datetime, **fields: Any) -> Sms:
    """A message as 1NCE lists it."""
    values: dict[str, Any] = {
        "direction": "mt",
        "status": "pending",
        "payload": f"text {number}",
        "source": "poll",
        **fields,
    }
    return Sms(iccid=iccid, id=str(number), time=at, **values)


async def test_conversations_and_a_conversation(web: Served, cast: Cast, db: Database) -> None:
    minute = timedelta(minutes=1)
    async with db.transaction() as transaction:
        mine = [
            sent(ADAS_SIM, 1, NOW - 9 * minute, status="delivered"),
            sent(ADAS_SIM, 2, NOW - 8 * minute, direction="mo", payload="<21.5 C>", status="delivered"),
            sent(ADAS_OTHER_SIM, 3, NOW - 5 * minute, payload="older of two"),
            sent(ADAS_OTHER_SIM, 4, NOW - 4 * minute),
            sent(ADAS_SIM, 5, NOW - 400 * 1440 * minute),
        ]
        await record_messages(transaction, cast.acme, mine, NOW)
        await record_messages(transaction, cast.evil, [sent(EVES_SIM, 6, NOW, payload="not Ada's")], NOW)
    async with db.reading() as reading:
        first, more = await reads.conversations(reading, cast.acme, limit=1)
        assert ([one.latest.id for one in first], first[0].label) == (["4"], "pump-2")
        assert more is not None
        rest, end = await reads.conversations(reading, cast.acme, limit=5, cursor=read_cursor(more))
        assert ([one.latest.id for one in rest], end) == (["2"], None)
    async with web.signed_in("otto") as otto, web.signed_in("vera") as vera:
        listed = (await otto.get("/sms")).text
        assert "text 4" in listed
        assert "&lt;21.5 C&gt;" in listed
        assert "older of two" not in listed
        assert "not Ada" not in listed
        page = (await otto.get(f"/sims/{ADAS_OTHER_SIM}/sms")).text
        ids = re.findall(r'id="sms-(m[to]-\d+)"', page)
        assert ids == ["mt-4", "mt-3"]
        assert 'name="sms_id" value="4"' in page
        form = {"kind": "cancel_sms", "sms_id": "4"}
        answers = [await otto.post(f"/sims/{ADAS_OTHER_SIM}/actions", data=form, headers=SCRIPT) for _ in range(2)]
        numbers = {re.findall(r'id="action-message-(\d+)"', answer.text)[0] for answer in answers}
        assert len(numbers) == 1
        watching = (await vera.get(f"/sims/{ADAS_OTHER_SIM}/sms")).text
        assert "As a viewer you can" in watching
        assert 'data-may-cancel="no"' in watching
        assert (await vera.get(f"/sims/{EVES_SIM}/sms")).status_code == 404
    async with db.transaction() as transaction:
        assert await delete_messages(transaction, NOW - MESSAGES_RETENTION) == 1
        kept, _ = await reads.of_sim(transaction.connection, cast.acme, ADAS_SIM)
    assert [one.id for one in kept] == ["2", "1"]


async def test_templates_are_kept_filled_and_sent(web: Served, cast: Cast, db: Database) -> None:
    text = "server={site}.example.com\r\nname={label}"
    form = {"name": "  Set  the server", "payload": text}
    async with web.signed_in("ada") as ada, web.signed_in("otto") as otto:
        assert (await otto.post("/sms-templates", data=form)).status_code == 403
        assert (await ada.post("/sms-templates", data=form)).status_code == 303
        again = await ada.post("/sms-templates", data=form)
        assert (again.status_code, "Another template has this name" in again.text) == (422, True)
        await ada.post(f"/sims/{ADAS_SIM}/annotations", data={"custom_fields": "site = berlin", "edits": "0"})
        async with web.program(await operator_key(db, cast.acme)) as program, web.program(cast.eve_key) as eve:
            (template,) = (await program.get("/sms-templates")).json()["items"]
            assert (template["name"], template["variables"]) == ("Set the server", ["site", "label"])
            assert template["text"] == text.replace("\r\n", "\n")
            assert (await eve.get("/sms-templates")).json()["items"] == []
            assert (await program.put("/sms-templates/1", json={"name": "x", "text": "y"})).status_code == 403
            body = {"payload": template["text"], "fill": True}
            made = await program.post(f"/sims/{ADAS_SIM}/sms", json=body, headers={"Idempotency-Key": "1"})
            await ada.post(f"/sims/{ADAS_SIM}/annotations", data={"custom_fields": "site = ulm", "edits": "1"})
            repeated = await program.post(f"/sims/{ADAS_SIM}/sms", json=body, headers={"Idempotency-Key": "1"})
            refused = await program.post(f"/sims/{ADAS_OTHER_SIM}/sms", json=body, headers={"Idempotency-Key": "2"})
            assert made.json()["parameters"]["payload"] == "server=berlin.example.com\nname=pump-1"
            assert (repeated.status_code, repeated.json()["id"]) == (202, made.json()["id"])
            assert (refused.status_code, refused.json()["error"]["details"]["missing"]) == (422, ["site"])
            bulk = {"action": "sms", "parameters": body, "iccids": [ADAS_SIM, ADAS_OTHER_SIM], "dry_run": True}
            plan = (await program.post("/sims/bulk", json=bulk, headers={"Idempotency-Key": "3"})).json()
        assert (plan["sims"], plan["sms_messages"]) == (1, None)
        assert [(one["reason"], one["sims"]) for one in plan["excluded"]] == [("lacks_value", 1)]
        assert [(one["text"], one["messages"]) for one in plan["texts"]] == [("server=ulm.example.com\nname=pump-1", 1)]
        address = f"?template={template['id']}"
        page = (await otto.get(f"/sims/{ADAS_SIM}/sms{address}")).text
        assert "server=ulm.example.com\nname=pump-1</textarea>" in page
        gap = (await otto.get(f"/sims/{ADAS_OTHER_SIM}/sms{address}")).text
        assert "This SIM has no value for {site}" in gap
        assert "server={site}.example.com" in (await otto.get(f"/bulk-actions/new{address}")).text
        changed = {"name": "Set the server", "payload": "x={iccid}"}
        assert (await ada.post(f"/sms-templates/{template['id']}", data=changed)).status_code == 303
        assert "x={iccid}" in (await otto.get("/sms-templates")).text
        assert (await ada.post(f"/sms-templates/{template['id']}/remove")).status_code == 303
        assert (await ada.post(f"/sms-templates/{template['id']}/remove")).status_code == 404
