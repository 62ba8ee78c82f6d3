"""Approvals: above a size or price a second person decides, never whoever asked, who sees at once what was decided."""

import asyncio
import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from console.actions.approving import (
    ApprovalRule,
    Decider,
    is_reason,
    is_second,
    roles_missing,
    roles_needed,
    why_needed,
)
from console.api_keys.writes import put_key
from console.facts.actions import ActionKind
from console.members.writes import put_user
from console.organizations.rules import Permission, Role
from console.store.database import Database
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, PASSWORD, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
BULK: dict[str, Any] = {"action": "reset", "iccids": [ADAS_SIM, ADAS_OTHER_SIM], "reason": "Ticket 7: new firmware"}
CARD = {"payment_method": "creditcard", "reason": "Ticket 7: empty"}


async def ask(client: httpx.AsyncClient, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key})


async def test_a_bulk_action_waits_for_a_second_person_who_sees_what_has_changed(
    web: Served, cast: Cast, db: Database
) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto, web.signed_in("ada") as ada:
        assert (await ada.post("/approval-rules", data={"above_sims": "1"})).status_code == 303
        refused = await ask(otto, "/sims/bulk", {**BULK, "reason": " . "}, "one")
        assert (refused.status_code, "say why" in refused.text) == (422, True)
        async with web.stream(cast.acme_key, "?topics=approvals") as stream:
            await stream.recv()
            bulk = (await ask(otto, "/sims/bulk", BULK, "one")).json()
            fact = json.loads(await asyncio.wait_for(stream.recv(), 10))
        assert (fact["type"], fact["data"]["state"], bulk["state"]) == (
            "approval.changed",
            "pending",
            "awaiting_approval",
        )
        small = await ask(otto, "/sims/bulk", {**BULK, "iccids": [ADAS_SIM]}, "two")
        assert small.json()["state"] == "held"
        (waiting,) = (await otto.get("/approvals?pending=true")).json()["items"]
        assert (waiting["sims"], waiting["why"]) == (2, "It is for more than 1 SIMs.")
        path = f"/approvals/{waiting['id']}"
        async with db.engine.begin() as connection:
            await connection.execute(sa.text(f"UPDATE sims SET connection = 'blocked' WHERE iccid = '{ADAS_SIM}'"))
        detail = (await otto.get(path)).json()
        assert (detail["changed"], detail["changes"][0]["iccid"]) == (1, ADAS_SIM)
        assert "blocked" in detail["changes"][0]["now"] and "online" in detail["changes"][0]["was"]
        page = await ada.get(path)
        assert ">Approve<" in page.text and "1 of 2" in page.text
        assert (await otto.get(f"/bulk-actions/{bulk['id']}")).json()[
            "state"
        ] == "awaiting_approval"  # GET decides nothing
        assert (await otto.post(f"{path}/approve", json={})).status_code == 403  # no permission
        async with web.page_socket(ada, "?view=actions&topics=approvals,actions") as socket:
            await socket.recv()
            assert (await ada.post(f"{path}/approve", data={"reason": "Agreed"})).status_code == 303
            found = ""
            while "approval-message-" not in found:
                found = str(await asyncio.wait_for(socket.recv(), 10))
        assert 'data-for=\\"operator\\"' in found
        assert (await otto.get(f"/bulk-actions/{bulk['id']}")).json()["state"] == "held"
        assert (await ada.post(f"{path}/approve")).status_code == 303  # twice is once
        assert (await ada.post(f"{path}/reject", data={"reason": "No after all"})).status_code == 409
        history = (await otto.get("/approvals")).json()["items"]
        assert [(one["state"], one["decided_by"], one["decision_reason"]) for one in history] == [
            ("approved", "ada", "Agreed")
        ]
    async with db.reading() as reading:
        lines = (await reading.execute(sa.text("SELECT action, outcome FROM audit_lines ORDER BY id"))).all()
    assert ("approval.approve", "done") in [tuple(line) for line in lines]


async def test_nobody_approves_what_they_asked_for_nor_what_is_over(web: Served, cast: Cast, db: Database) -> None:
    async with web.signed_in("ada") as ada:
        made = await ada.post(
            "/api-keys", data={"name": "adas", "scopes": ["sims:read", "sims:spend", "budgets:write"]}
        )
        assert made.status_code < 400
    async with db.engine.begin() as connection:
        await connection.execute(
            sa.text("INSERT INTO approval_rules VALUES (:id, NULL, 0, 'ada', now())"), {"id": cast.acme}
        )
        await connection.execute(
            sa.text("UPDATE api_keys SET scopes = '{sims:read,sims:spend,sims:act,budgets:write}'")
        )
        await connection.execute(sa.text("UPDATE api_keys SET created_by = 'ada' WHERE name = 'ada''s program'"))
    other = await operator_key(db, cast.acme)
    async with db.engine.begin() as connection:
        await connection.execute(
            sa.text("UPDATE api_keys SET scopes = '{sims:read,sims:spend,sims:act,budgets:write}'")
        )
    async with web.program(cast.acme_key) as adas_key, web.program(other) as key, web.signed_in("ada") as ada:
        action = (await ask(adas_key, f"/sims/{ADAS_SIM}/topup", CARD, "1")).json()
        assert action["state"] == "awaiting_approval"
        assert (await ask(adas_key, f"/sims/{ADAS_SIM}/reset", {}, "2")).json()["state"] == "held"  # costs nothing
        (waiting,) = (await key.get("/approvals?pending=true")).json()["items"]
        path = f"/approvals/{waiting['id']}"
        assert (await adas_key.post(f"{path}/approve", json={})).status_code == 403  # itself
        assert (await ada.post(f"{path}/approve")).status_code == 403  # whose key it is
        assert (await key.post(f"{path}/reject", json={"reason": "."})).status_code == 422
        rejected = (await key.post(f"{path}/reject", json={"reason": "Not this month"})).json()
        assert rejected["state"] == "rejected"
        found = (await key.get(f"/actions/{action['id']}")).json()
        assert (found["state"], found["message"]) == ("rejected", "By operator: Not this month")
        second = (await ask(adas_key, f"/sims/{ADAS_SIM}/topup", CARD, "3")).json()
        (waiting,) = (await key.get("/approvals?pending=true")).json()["items"]
        await adas_key.post(f"/actions/{second['id']}/cancel")
        late = await key.post(f"/approvals/{waiting['id']}/approve", json={})
        assert (late.status_code, late.json()["error"]["details"]["state"]) == (409, "cancelled")
        third = (await ask(adas_key, f"/sims/{ADAS_SIM}/topup", CARD, "4")).json()
        (waiting,) = (await key.get("/approvals?pending=true")).json()["items"]
        for moved, status, state in (("-", 409, "expired"), ("+", 200, "approved")):
            async with db.engine.begin() as connection:
                await connection.execute(sa.text(f"UPDATE approvals SET expires_at = now() {moved} interval '1 hour'"))
            answer = await key.post(f"/approvals/{waiting['id']}/approve", json={})
            found = (await key.get(f"/approvals/{waiting['id']}")).json()["approval"]
            assert (answer.status_code, found["state"]) == (status, state)
        approved = answer.json()
        assert (approved["state"], approved["decided_by"]) == ("approved", "operator")
        found = (await key.get(f"/actions/{third['id']}")).json()
        assert (found["state"], found["undo_until"] is not None) == ("held", True)


async def test_nothing_is_approved_for_who_may_not_ask_for_it_any_more(web: Served, cast: Cast, db: Database) -> None:
    async with db.engine.begin() as connection:
        values = {"id": cast.acme}
        await connection.execute(sa.text("INSERT INTO approval_rules VALUES (:id, NULL, 0, 'ada', now())"), values)
    async with web.program(await operator_key(db, cast.acme)) as otto, web.signed_in("ada") as ada:
        action = (await ask(otto, f"/sims/{ADAS_SIM}/topup", CARD, "1")).json()
        (waiting,) = (await otto.get("/approvals?pending=true")).json()["items"]
        async with db.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE api_keys SET scopes = '{sims:read}' WHERE name = 'operator'"))
        refused = await ada.post(f"/approvals/{waiting['id']}/approve")
        assert (refused.status_code, "operator may not do this any more" in refused.text) == (409, True)
        assert f"/actions/{action['id']}" in (await ada.get("/actions")).text
        assert (await ada.post(f"/approvals/{waiting['id']}/reject", data={"reason": "Gone"})).status_code == 303


async def test_the_highest_amounts_are_approved_by_an_engineer_and_an_administrator(
    web: Served, cast: Cast, db: Database
) -> None:
    async with db.transaction() as transaction:
        await put_user(transaction, cast.acme, "enid", Role.ENGINEER, PASSWORD, datetime.now(UTC))
        key = await put_key(
            transaction, cast.acme, "approver", {Permission.BUDGETS_WRITE, Permission.SIMS_READ}, datetime.now(UTC)
        )
    async with (
        web.program(await operator_key(db, cast.acme)) as otto,
        web.program(key) as program,
        web.signed_in("ada") as ada,
        web.signed_in("enid") as enid,
    ):
        assert (await ada.post("/approval-rules", data={"both_above_price": "50"})).status_code == 303
        assert (await otto.get("/approval-rules")).json()["both_above_minor"] == 5000
        action = (await ask(otto, f"/sims/{ADAS_SIM}/topup", CARD, "one")).json()  # its price is not known
        (waiting,) = (await otto.get("/approvals?pending=true")).json()["items"]
        assert (waiting["roles"], waiting["given"]) == (["engineer", "admin"], [])
        path = f"/approvals/{waiting['id']}"
        for _ in range(2):  # twice is once
            assert (await enid.post(f"{path}/approve", data={"reason": "Agreed"})).status_code == 303
        assert (await program.post(f"{path}/approve", json={})).status_code == 403  # a key is nobody
        found = (await otto.get(path)).json()["approval"]
        assert (found["state"], [(one["by"], one["role"]) for one in found["given"]]) == (
            "pending",
            [("enid", "engineer")],
        )
        assert (await otto.get(f"/actions/{action['id']}")).json()["state"] == "awaiting_approval"
        assert "1 of 2, which are engineer and admin" in (await ada.get(path)).text
        assert (await ada.post(f"{path}/approve")).status_code == 303
        assert (await otto.get(path)).json()["approval"]["state"] == "approved"
        assert (await otto.get(f"/actions/{action['id']}")).json()["state"] == "held"


async def test_a_key_that_a_key_has_made_is_still_the_persons(web: Served, db: Database, cast: Cast) -> None:
    scopes = ["sims:read", "sims:act", "sims:spend", "budgets:write", "admin"]
    async with web.signed_in("ada") as ada:
        page = (await ada.post("/api-keys", data={"name": "first", "scopes": scopes})).text
        await ada.post("/approval-rules", data={"above_sims": "0"})
        key = re.findall(r"iot_key_\w{8}_\w{46}", page)[0]
        async with web.program(key) as first:
            made = await first.post("/api-keys", json={"name": "otto", "scopes": scopes})
            assert (await ask(first, f"/sims/{ADAS_SIM}/topup", CARD, "one")).status_code == 202
        async with web.program(made.json()["key"]) as second:
            (waiting,) = (await second.get("/approvals?pending=true")).json()["items"]
            for how in ("approve", "reject"):
                answer = await second.post(f"/approvals/{waiting['id']}/{how}", json={"reason": "I say so"})
                assert (answer.status_code, "a second person decides" in answer.text) == (403, True)
        assert (await ada.post(f"/approvals/{waiting['id']}/approve")).status_code == 403


def test_an_approval_counts_for_the_highest_role_that_it_reaches() -> None:
    both = ["engineer", "admin"]
    found = [roles_missing(both, given) for given in ([], ["engineer"], ["engineer"] * 2, ["admin"], ["admin"] * 2)]
    assert found == [["engineer", "admin"], ["admin"], ["admin"], ["engineer"], []]
    assert roles_missing(both, ["engineer", "admin"]) == roles_missing([], ["viewer"]) == []
    rule = ApprovalRule(both_above_minor=5000)
    assert [why_needed(rule, ActionKind.TOP_UP, 1, price) for price in (5000, 5001)] == [
        None,
        "It costs more than 50.00.",
    ]
    needed = [roles_needed(rule, ActionKind.TOP_UP, price) for price in (5000, 5001, None)]
    assert needed == [(), (Role.ENGINEER, Role.ADMIN), (Role.ENGINEER, Role.ADMIN)]


def test_what_needs_approval_and_who_may_give_it() -> None:
    rule = ApprovalRule(above_sims=100, above_minor=10_000)
    assert why_needed(ApprovalRule(), ActionKind.TOP_UP, 9_999, None) is None
    assert why_needed(rule, ActionKind.RESET, 100, None) is None
    assert why_needed(rule, ActionKind.RESET, 101, None) == "It is for more than 100 SIMs."
    assert why_needed(rule, ActionKind.TOP_UP, 1, 10_000) is None
    assert why_needed(rule, ActionKind.TOP_UP, 1, 10_001) == "It costs more than 100.00."
    assert why_needed(rule, ActionKind.TOP_UP, 1, None) == "Its price is not known."
    assert [is_reason(text) for text in (None, "", ".", "42", "ok", "fix", "Störung 4711")] == [False] * 5 + [True] * 2
    asked = Decider(handle="key:4", person="ada")
    deciders = [("key:4", "x"), ("user:1", "ada"), ("key:5", "ada"), ("key:5", "key:5"), ("user:2", "enid")]
    found = [is_second(asked, Decider(handle=handle, person=person)) for handle, person in deciders]
    assert found == [False, False, False, True, True]
