"""Actions by the API: one key makes one action, whoever repeats it, and only who may asks for one."""

import asyncio
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from console.store.database import Database
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, EVES_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
TOP_UP = f"/sims/{ADAS_SIM}/topup"
CARD = {"payment_method": "creditcard"}
ASKED: list[tuple[str, dict[str, Any]]] = [
    ("topup", CARD),
    ("sms", {"payload": "reboot"}),
    ("reset", {}),
    ("status", {"enabled": False}),
    ("imei-lock", {"locked": True}),
    ("label", {"label": "pump 9"}),
]


async def ask(client: httpx.AsyncClient, path: str, body: dict[str, Any], key: str) -> httpx.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key})


async def actions(db: Database) -> int:
    async with db.reading() as reading:
        return int((await reading.execute(sa.text("SELECT count(*) FROM actions"))).scalar_one())


async def test_each_action_is_taken_and_can_be_read(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto:
        for name, body in ASKED:
            answer = await ask(otto, f"/sims/{ADAS_SIM}/{name}", body | {"reason": "Ticket 7"}, f"key-{name}")
            assert answer.status_code == 202, answer.text
            action = answer.json()
            assert (action["state"], action["requested_by"], action["reason"]) == ("held", "operator", "Ticket 7")
            assert answer.headers["Location"] == f"/api/v1/actions/{action['id']}"
            read = (await otto.get(answer.headers["Location"].removeprefix("/api/v1"))).json()
            assert read == action
        cancelled = await otto.delete(f"/sims/{ADAS_SIM}/sms/77")
        again = await otto.delete(f"/sims/{ADAS_SIM}/sms/77")
        listed = (await otto.get("/actions")).json()
        some = (await otto.get("/actions?kind=sms&kind=reset&state=held")).json()
    assert (cancelled.status_code, cancelled.json()["id"]) == (202, again.json()["id"])
    assert (listed["total"], [one["kind"] for one in listed["items"]][-1]) == (7, "topup")
    assert [one["kind"] for one in some["items"]] == ["reset", "sms"]
    async with db.reading() as reading:
        jobs = (await reading.execute(sa.text("SELECT count(*) FROM job_requests WHERE job = 'act'"))).scalar_one()
    assert jobs == 7


async def test_a_key_makes_one_action_however_often_it_comes(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto:
        answers = await asyncio.gather(*(ask(otto, TOP_UP, CARD, "one") for _ in range(5)))
        other = await ask(otto, TOP_UP, {"payment_method": "boleto"}, "one")
        elsewhere = await ask(otto, f"/sims/{ADAS_SIM}/reset", {}, "one")
        cancelled = await otto.post(f"/actions/{answers[0].json()['id']}/cancel")
        replay = await ask(otto, TOP_UP, CARD, "one")
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 4
    assert (other.status_code, elsewhere.status_code) == (422, 422)
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
    assert (replay.status_code, replay.json()["state"]) == (202, "cancelled")  # as it is now
    assert await actions(db) == 1


async def test_a_message_is_cancelled_once_and_again_after_an_attempt_that_came_to_nothing(
    web: Served, cast: Cast, db: Database
) -> None:
    path, form = f"/sims/{ADAS_SIM}/sms/7", {"kind": "cancel_sms", "sms_id": "7"}
    async with web.program(await operator_key(db, cast.acme)) as otto, web.signed_in("otto") as person:
        for number in (1, 2, 3):
            ids = {(await otto.delete(path)).json()["id"] for _ in range(2)}
            pages = {(await person.post(f"/sims/{ADAS_SIM}/actions", data=form)).headers["location"] for _ in range(2)}
            assert (len(ids), len(pages)) == (1, 1)
            async with db.engine.begin() as connection:
                assert (await connection.execute(sa.text("SELECT count(*) FROM actions"))).scalar() == 2 * number
                await connection.exec_driver_sql("UPDATE actions SET state = 'failed', due_at = NULL")


async def test_a_key_is_its_callers_own(web: Served, cast: Cast, db: Database) -> None:
    async with (
        web.program(await operator_key(db, cast.acme)) as one,
        web.program(await operator_key(db, cast.acme)) as two,
    ):
        first = await ask(one, f"/sims/{ADAS_SIM}/reset", {}, "same")
        second = await ask(two, f"/sims/{ADAS_SIM}/reset", {}, "same")
    assert first.json()["id"] != second.json()["id"]


async def test_a_refused_request_uses_no_key_up(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto:
        for body, status in (({"payment_method": "gold"}, 400), ({}, 400), (CARD | {"more": 1}, 400)):
            assert (await ask(otto, TOP_UP, body, "k")).status_code == status
        assert (await ask(otto, f"/sims/{ADAS_SIM}/sms", {"payload": " "}, "k")).status_code == 422
        assert (await ask(otto, f"/sims/{EVES_SIM}/topup", CARD, "k")).status_code == 404
        for key in ("", "x" * 256, "a b", "ä"):
            headers = {b"Idempotency-Key": key.encode()}
            assert (await otto.post(TOP_UP, json=CARD, headers=headers)).status_code == 400
        assert (await otto.post(TOP_UP, json=CARD)).status_code == 400
        two = [("Idempotency-Key", "k"), ("Idempotency-Key", "l")]
        assert (await otto.post(TOP_UP, json=CARD, headers=two)).status_code == 422
        assert await actions(db) == 0
        assert (await ask(otto, TOP_UP, CARD, "k")).status_code == 202


async def test_of_one_sim_one_top_up_at_a_time(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto:
        answers = await asyncio.gather(*(ask(otto, TOP_UP, CARD, f"key-{number}") for number in range(4)))
        other = await ask(otto, f"/sims/{ADAS_OTHER_SIM}/topup", CARD, "other")
    taken = [answer for answer in answers if answer.status_code == 202]
    refused = [answer.json()["error"] for answer in answers if answer.status_code == 409]
    assert (len(taken), len(refused), other.status_code) == (1, 3, 202)
    assert {error["details"]["action"] for error in refused} == {taken[0].json()["id"]}
    assert "under way" in refused[0]["message"]


async def test_a_second_top_up_within_ten_minutes_is_asked_for_explicitly(
    web: Served, cast: Cast, db: Database
) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto:
        first = (await ask(otto, TOP_UP, CARD, "1")).json()
        async with db.engine.begin() as connection:
            await connection.execute(sa.text("UPDATE actions SET state = 'confirmed'"))
        warned = await ask(otto, TOP_UP, CARD, "2")
        again = await ask(otto, TOP_UP, CARD | {"repeat": True}, "2")
    assert (warned.status_code, warned.json()["error"]["details"]["action"]) == (409, first["id"])
    assert "Topped up a minute ago by operator: once more only with" in warned.json()["error"]["message"]
    assert again.status_code == 202


async def test_a_viewer_asks_for_nothing_and_nobody_for_anothers(web: Served, cast: Cast, db: Database) -> None:
    key = await operator_key(db, cast.acme)
    async with web.program(key) as otto, web.program(cast.acme_key) as vera, web.program(cast.eve_key) as eve:
        action = (await ask(otto, TOP_UP, CARD, "1")).json()
        for name, body in ASKED:
            assert (await ask(vera, f"/sims/{ADAS_SIM}/{name}", body, "v")).status_code == 403, name
        assert (await vera.delete(f"/sims/{ADAS_SIM}/sms/1")).status_code == 403
        assert (await vera.post(f"/actions/{action['id']}/cancel")).status_code == 403
        assert (await vera.get(f"/actions/{action['id']}")).status_code == 200
        assert (await eve.get(f"/actions/{action['id']}")).status_code == 404
        assert (await eve.get("/actions")).json()["total"] == 0
    async with web.program(await operator_key(db, cast.evil)) as eve:
        assert (await eve.post(f"/actions/{action['id']}/cancel")).status_code == 404
        assert (await eve.get(f"/actions/{2**70}")).status_code == 404
    assert await actions(db) == 1


async def test_what_is_sent_already_is_not_cancelled(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto:
        action = (await ask(otto, TOP_UP, CARD, "1")).json()
        for state, status in (("held", 200), ("sending", 409), ("unknown", 409), ("confirmed", 409)):
            async with db.engine.begin() as connection:
                await connection.execute(sa.text("UPDATE actions SET state = :state"), {"state": state})
            answer = await otto.post(f"/actions/{action['id']}/cancel")
            assert answer.status_code == status, state


async def test_each_step_is_received_by_who_listens(web: Served, cast: Cast, db: Database) -> None:
    key = await operator_key(db, cast.acme)
    async with web.stream(key, "?topics=actions") as stream, web.program(key) as otto:
        await stream.recv()
        action = (await ask(otto, TOP_UP, CARD, "1")).json()
        await otto.post(f"/actions/{action['id']}/cancel")
        found = [httpx.Response(200, text=await asyncio.wait_for(stream.recv(), 5)).json() for _ in range(2)]
    assert [one["type"] for one in found] == ["action.changed"] * 2
    assert [one["data"]["state"] for one in found] == ["held", "cancelled"]
    assert found[0]["data"]["id"] == action["id"]
