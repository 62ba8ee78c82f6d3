"""Bulk actions by the API: the plan first, one key makes one, and only who may do the same to a single SIM."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from console.api_keys.writes import put_key
from console.organizations.rules import Permission
from console.store.database import Database
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast, add_sim
from tests.serving import Served

pytestmark = pytest.mark.one_edition
THIRD, GONE = "8988228066600000003", "8988228066600000042"
EVERY = [ADAS_SIM, ADAS_OTHER_SIM, THIRD, EVES_SIM, GONE, "no iccid at all"]
RESET: dict[str, Any] = {"action": "reset", "iccids": EVERY, "reason": "Ticket 7"}


async def ask(client: httpx.AsyncClient, body: dict[str, Any], key: str) -> httpx.Response:
    return await client.post("/sims/bulk", json=body, headers={"Idempotency-Key": key})


async def test_a_plan_says_for_whom_and_for_whom_not_and_keeps_nothing(web: Served, cast: Cast, db: Database) -> None:
    async with db.transaction() as transaction:
        await add_sim(transaction, cast.acme, THIRD, status="disabled", connection="offline", country="DE")
    async with web.program(await operator_key(db, cast.acme)) as otto:
        await otto.patch(f"/sims/{ADAS_SIM}", json={"tags": ["pump"]})
        plan = (await ask(otto, RESET | {"dry_run": True}, "one")).json()
        sms = (
            await ask(otto, {**RESET, "action": "sms", "parameters": {"payload": "é" * 200}, "dry_run": True}, "one")
        ).json()
        by_filter = (
            await ask(otto, {"action": "status", "parameters": {"enabled": False}, "filter": {}, "dry_run": True}, "x")
        ).json()
        assert (await otto.get("/bulk-actions")).json()["total"] == 0
        begun = await ask(otto, RESET, "one")
        replay = await ask(otto, RESET, "one")
        other = await ask(otto, {**RESET, "reason": "Ticket 8"}, "one")
    assert (plan["asked"], plan["sims"], plan["price_minor"], plan["sms_messages"]) == (6, 2, None, None)
    assert {one["reason"]: one["sims"] for one in plan["excluded"]} == {"not_found": 3, "wrong_state": 1}
    hit = {(one["field"], one["value"]): (one["sims"], one["of"], one["percent"]) for one in plan["shares"]}
    assert hit == {("country", "FR"): (1, 1, 100.0), ("country", "DE"): (1, 2, 50.0), ("tag", "pump"): (1, 1, 100.0)}
    assert sms["sms_messages"] == 4
    assert (by_filter["asked"], by_filter["sims"], by_filter["excluded"][0]["reason"]) == (3, 2, "already_so")
    bulk = begun.json()
    assert (begun.status_code, bulk["state"], bulk["counts"]["not_started"]) == (202, "held", 2)
    assert begun.headers["Location"] == f"/api/v1/bulk-actions/{bulk['id']}"
    assert (replay.json()["id"], replay.headers["Idempotency-Replayed"]) == (bulk["id"], "true")
    assert other.status_code == 422


async def test_it_is_paused_stopped_and_read_by_who_may(web: Served, cast: Cast, db: Database) -> None:
    async with (
        web.program(await operator_key(db, cast.acme)) as otto,
        web.program(cast.acme_key) as vera,
        web.program(await operator_key(db, cast.evil)) as eve,
    ):
        assert (await ask(vera, RESET, "v")).status_code == 403
        bulk = (await ask(otto, RESET, "one")).json()
        path = f"/bulk-actions/{bulk['id']}"
        key = {"Idempotency-Key": "again"}
        statuses = [(await otto.post(f"{path}/{one}", headers=key)).status_code for one in ("pause", "resume", "retry")]
        assert statuses == [409, 409, 409]  # it is held: it can only be cancelled
        assert (await vera.post(f"{path}/stop")).status_code == 403
        assert [(await eve.get(path + more)).status_code for more in ("", "/results", "/results.csv")] == [404] * 3
        assert (await eve.post(f"{path}/stop")).status_code == 404
        async with db.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE bulk_actions SET state = 'running'"))
        assert (await otto.post(f"{path}/pause")).json()["state"] == "paused"
        assert (await otto.post(f"{path}/resume")).json()["state"] == "running"
        stopped = [(await otto.post(f"{path}/stop")).json() for _ in range(2)]
        assert {(one["state"], one["revision"]) for one in stopped} == {("stopped", stopped[0]["revision"])}
        found = (await vera.get(f"{path}/results?result=excluded&page_size=2")).json()
        assert (found["total"], len(found["items"]), found["items"][0]["excluded"]) == (4, 2, "not_found")
        table = await vera.get(f"{path}/results.csv")
        lines = table.text.split("\r\n")
        assert lines[0] == "place,iccid,result,excluded,explanation,action_id"
        assert lines[1] == f"1,{ADAS_SIM},not_started,,Nothing was asked of 1NCE.,"
        assert (len(lines), table.headers["Content-Type"]) == (8, "text/csv; charset=utf-8")
        again = await otto.post(f"{path}/retry", headers=key)
        twice = await otto.post(f"{path}/retry", headers=key)
        assert (again.json()["retry_of"], again.json()["counts"]["not_started"]) == (bulk["id"], 2)
        assert (twice.json()["id"], (await vera.get("/bulk-actions")).json()["total"]) == (again.json()["id"], 2)


async def test_a_purchase_is_resumed_by_who_may_spend_alone(web: Served, cast: Cast, db: Database) -> None:
    async with db.transaction() as transaction:
        permissions = [Permission.SIMS_READ, Permission.SIMS_ACT]
        acts = await put_key(transaction, cast.acme, "acts", permissions, datetime.now(UTC))
    async with web.program(await operator_key(db, cast.acme)) as otto, web.program(acts) as program:
        bulk = (await ask(otto, RESET, "one")).json()
        path = f"/bulk-actions/{bulk['id']}"
        for kind, status in (("reset", 200), ("topup", 403)):
            async with db.engine.begin() as connection:
                values = {"kind": kind}
                await connection.execute(sa.text("UPDATE bulk_actions SET state = 'paused', kind = :kind"), values)
            assert (await program.post(f"{path}/resume")).status_code == status, kind
        assert (await program.get(path)).json()["state"] == "paused"


WRONG: list[tuple[dict[str, Any], int]] = [
    ({"action": "cancel_sms", "iccids": EVERY}, 422),
    ({"action": "explode", "iccids": EVERY}, 400),
    ({"action": "reset"}, 422),
    ({"action": "reset", "iccids": EVERY, "filter": {}}, 422),
    ({"action": "reset", "iccids": []}, 422),
    ({"action": "reset", "filter": {"colour": "red"}}, 422),
    ({"action": "reset", "filter": {"q": "nobody has this label"}}, 422),
    ({"action": "status", "iccids": EVERY}, 422),
    ({"action": "topup", "parameters": {"payment_method": "gold"}, "iccids": EVERY}, 422),
    ({"action": "topup", "parameters": {"payment_method": "creditcard", "repeat": True}, "iccids": EVERY}, 422),
    ({"action": "sms", "parameters": {"payload": " "}, "iccids": EVERY}, 422),
    ({"action": "reset", "iccids": [ADAS_SIM] * 10_001}, 400),
]


async def test_what_can_not_be_is_refused_and_uses_no_key_up(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto:
        answered = [(await ask(otto, body, "k")).status_code for body, _ in WRONG]
        assert answered == [status for _, status in WRONG]
        assert (await otto.post("/sims/bulk", json=RESET)).status_code == 400
        assert (await ask(otto, RESET, "k")).status_code == 202
