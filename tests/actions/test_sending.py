"""A worker sends an action once; what 1NCE's answer proves decides what becomes of it."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from console.acting import Actor, ActorKind
from console.actions import ending, requests
from console.actions.requests import PaymentMethod
from console.actions.rules import LEASE, SendResult
from console.actions.sending_reads import due
from console.actions.sending_writes import Sent, claim, note_sending, record_sent, take_lost_claims
from console.errors import Conflict
from console.facts.actions import Action
from console.members.writes import change_role, disable_member, put_user, remove_member
from console.organizations.flags import Flag
from console.organizations.rules import Role
from console.store.database import Database
from jobs.act import act
from tests.actions.conftest import Operator
from tests.cast import PASSWORD
from tests.jobs.test_polls_at_once import until_it_is_so
from tests.organizations.test_flags import turn
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition


def states(action: Action) -> list[str]:
    return [step.state for step in action.steps]


async def test_a_top_up_is_sent_and_confirmed_by_the_risen_quota(otto: Operator, iccid: str) -> None:
    taken = await otto.act(await otto.top_up(iccid))
    assert taken.state == "accepted"
    assert taken.order_number
    confirmed = await otto.settle(taken)
    assert states(confirmed) == ["queued", "sending", "accepted", "confirmed"]
    assert "500 MB more" in confirmed.explanation
    assert await otto.done(iccid) == 1


async def test_a_worker_that_stands_still_while_it_begins_one_action_holds_up_no_other(
    otto: Operator, iccid: str, simulation: Simulation, db: Database
) -> None:
    first, second = await otto.top_up(iccid), await otto.top_up((await simulation.iccids())[-2])
    query = sa.text("SELECT id, attempt FROM job_requests WHERE (arguments ->> 'action_id')::bigint = :id FOR UPDATE")
    async with db.engine.begin() as held:
        row = (await held.execute(query, {"id": first.id})).one()
        context, arguments = {"worker": otto.acme.worker}, {"action_id": first.id}
        still = asyncio.ensure_future(act(context, otto.acme.id, request=tuple(row), arguments=arguments))
        await until_it_is_so(db, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        async with asyncio.timeout(10):
            assert (await otto.act(second)).state == "accepted"
        assert (await otto.read(first)).state == "queued"
    await still
    assert (await otto.read(first)).state == "accepted"


FAULTS: list[tuple[dict[str, Any], str, int]] = [
    ({"kind": "drop_before"}, "unknown", 0),
    ({"kind": "drop_after"}, "unknown", 1),
    ({"kind": "status_after", "status": 500}, "unknown", 1),
    ({"kind": "status", "status": 500}, "unknown", 0),
    ({"kind": "status", "status": 503, "retry_after": 1}, "unknown", 0),
    ({"kind": "malformed"}, "unknown", 0),
    ({"kind": "malformed_after", "status": 201}, "unknown", 1),
    ({"kind": "malformed", "status": 401}, "unknown", 0),
    ({"kind": "malformed", "status": 429}, "unknown", 0),
    ({"kind": "empty"}, "unknown", 1),
    ({"kind": "empty", "status": 400}, "unknown", 1),
    ({"kind": "status", "status": 429, "retry_after": 1}, "queued", 0),
    ({"kind": "status", "status": 401, "times": 2}, "queued", 0),
    ({"kind": "status", "status": 409}, "refused", 0),
    ({"kind": "status", "status": 422}, "refused", 0),
]


@pytest.mark.parametrize(("fault", "state", "charged"), FAULTS, ids=str)
async def test_only_a_proof_that_nothing_happened_sends_a_top_up_again(
    otto: Operator, iccid: str, fault: dict[str, Any], state: str, charged: int
) -> None:
    action = await otto.top_up(iccid)
    await otto.fault(path="topup", **fault)
    found = await otto.act(action)
    assert (found.state, await otto.done(iccid)) == (state, charged)
    again = await otto.act(action)
    assert (again.state, await otto.done(iccid)) == (state, charged)


async def test_what_was_not_sent_is_sent_when_it_is_due_again(otto: Operator, iccid: str) -> None:
    await otto.fault(path="topup", kind="status", status=429, retry_after=0)
    waiting = await otto.act(await otto.top_up(iccid))
    await otto.age(waiting, due=True)
    found = await otto.act(waiting)
    assert states(found) == ["queued", "sending", "queued", "sending", "accepted"]
    assert await otto.done(iccid) == 1


async def test_a_connection_that_is_refused_sends_nothing(otto: Operator, iccid: str, db: Database) -> None:
    action = await otto.top_up(iccid)
    client = await otto.acme.worker.once_clients.client(otto.acme.id)
    assert client is not None
    await client.renew_token()
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE organizations SET once_base_url = 'http://127.0.0.1:9/management-api'")
    assert (await otto.act(action)).state == "queued"


async def test_what_waits_is_not_sent_for_who_may_not_ask_for_it_any_more(
    otto: Operator, iccid: str, db: Database
) -> None:
    shell, user_id, now = Actor(kind=ActorKind.CLI, name="root"), otto.caller.user_id, datetime.now(UTC)
    assert user_id is not None
    async with db.transaction() as transaction:
        await put_user(transaction, otto.acme.id, "another", Role.ADMIN, PASSWORD, now)
    for change in ("role", "disabled", "removed"):
        waiting = [await otto.top_up(iccid), await otto.ask(requests.reset(iccid), undo=timedelta(seconds=5))]
        async with db.transaction() as transaction:
            if change == "role":
                await change_role(transaction, shell, otto.acme.id, user_id, Role.VIEWER, now)
            elif change == "disabled":
                await change_role(transaction, shell, otto.acme.id, user_id, Role.OPERATOR, now)
                await disable_member(transaction, shell, otto.acme.id, user_id, now)
            else:
                await remove_member(transaction, shell, otto.acme.id, user_id, now)
        await otto.age(waiting[1], timedelta(seconds=6))
        for action in waiting:
            found = await otto.act(action)
            assert (found.state, found.message) == ("cancelled", "otto may not do this any more."), change
    assert (await otto.done(iccid), await otto.done(iccid, "reset")) == (0, 0)


async def test_rights_that_end_while_a_worker_prepares_to_send_end_it(
    otto: Operator, iccid: str, simulation: Simulation, db: Database
) -> None:
    action = await otto.top_up(iccid)
    await simulation.ask("POST", "faults", {"path": "quota/data", "kind": "delay", "seconds": 2, "times": 1})
    sending = asyncio.create_task(otto.act(action))
    await until_it_is_so(db, "SELECT count(*) > 0 FROM actions WHERE state = 'sending'")
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE members SET role = 'viewer'")
    ended = await sending
    assert (ended.state, ended.message, await otto.done(iccid)) == ("refused", "otto may not do this any more.", 0)


async def test_what_was_sent_in_part_goes_on_for_who_has_asked_for_it(otto: Operator, iccid: str, db: Database) -> None:
    """A message of which 1NCE has the first part is of no use without the others."""
    await otto.fault(path="sms", kind="status", status=429, retry_after=0)
    action = await otto.ask(requests.sms(iccid, "x" * 300, datetime.now(UTC)))
    async with db.engine.begin() as connection:
        await connection.exec_driver_sql(f"UPDATE actions SET sent_at = now() WHERE id = {action.id}")
        await connection.exec_driver_sql("UPDATE members SET role = 'viewer'")
    assert (await otto.act(action)).state == "queued"


async def test_an_unknown_top_up_is_settled_by_the_quota(otto: Operator, iccid: str) -> None:
    await otto.fault(path="topup", kind="drop_after")
    found = await otto.settle(await otto.act(await otto.top_up(iccid)))
    assert states(found) == ["queued", "sending", "unknown", "confirmed"]


async def test_what_1nce_has_taken_is_settled_before_what_needs_its_orders(
    otto: Operator, iccid: str, simulation: Simulation, db: Database
) -> None:
    await otto.fault(path="topup", kind="drop_before")
    unknown = await otto.act(await otto.top_up(iccid))
    other = (await simulation.iccids())[-1]
    taken = await otto.act(await otto.ask(requests.reset(other)))
    await otto.age(taken, due=True)
    await otto.age(unknown, timedelta(minutes=1))
    async with db.reading() as reading:
        found = await due(reading, otto.acme.id, datetime.now(UTC) + timedelta(seconds=5), limit=10)
    assert [(one.action.id, one.action.state) for one in found] == [(taken.id, "accepted"), (unknown.id, "unknown")]


async def test_what_did_not_happen_is_said_after_a_while_and_not_before(otto: Operator, iccid: str) -> None:
    await otto.fault(path="topup", kind="drop_before")
    unknown = await otto.settle(await otto.act(await otto.top_up(iccid)))
    assert unknown.state == "unknown"
    await otto.age(unknown, timedelta(minutes=11))
    found = await otto.settle(unknown)
    assert found.state == "failed"
    assert "Try again?" in found.explanation
    assert await otto.done(iccid) == 0


async def test_a_worker_lost_while_sending_leaves_it_unknown(otto: Operator, iccid: str, db: Database) -> None:
    action = await otto.top_up(iccid)
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        claimed = await claim(transaction, otto.acme.id, action.id, now)
        assert claimed is not None
        assert await note_sending(transaction, claimed, 1, "POST", now)
    async with db.transaction() as transaction:
        assert await take_lost_claims(transaction, otto.acme.id, now + LEASE / 2) == []
        (lost,) = await take_lost_claims(transaction, otto.acme.id, now + LEASE)
        late = await record_sent(transaction, claimed, Sent(result=SendResult.TAKEN, order_number="7"), now + LEASE)
    assert lost.state == "unknown"
    assert late is not None
    assert (late.state, late.order_number) == ("accepted", "7")


async def test_a_claim_that_is_taken_over_while_its_request_is_being_noted_leaves_it_unknown(
    otto: Operator, iccid: str, db: Database
) -> None:
    action = await otto.top_up(iccid)
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        claimed = await claim(transaction, otto.acme.id, action.id, now)
    assert claimed is not None

    async def take_over() -> list[Action]:
        async with db.transaction() as transaction:
            return await take_lost_claims(transaction, otto.acme.id, now + LEASE)

    async with db.transaction() as transaction:
        assert await note_sending(transaction, claimed, 1, "POST", now + LEASE)
        taking = asyncio.create_task(take_over())
        await asyncio.sleep(0.3)  # it has read by now, or waits
        assert not taking.done()
    (lost,) = await taking
    assert lost.state == "unknown"


async def test_a_worker_that_was_taken_over_can_write_no_request(otto: Operator, iccid: str, db: Database) -> None:
    action = await otto.top_up(iccid)
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        zombie = await claim(transaction, otto.acme.id, action.id, now)
        assert zombie is not None
        (back,) = await take_lost_claims(transaction, otto.acme.id, now + LEASE)
        second = await claim(transaction, otto.acme.id, action.id, now + LEASE)
        assert second is not None
        assert not await note_sending(transaction, zombie, 1, "POST", now + LEASE)
        assert await note_sending(transaction, second, 1, "POST", now + LEASE)
        assert not await note_sending(transaction, zombie, 1, "POST", now + LEASE)
        assert await record_sent(transaction, zombie, Sent(result=SendResult.TAKEN), now + LEASE) is None
    assert back.state == "queued"


async def test_what_is_too_late_is_not_sent(otto: Operator, iccid: str) -> None:
    action = await otto.top_up(iccid)
    await otto.age(action, timedelta(hours=2))
    assert (await otto.act(action)).state == "expired"
    assert await otto.done(iccid) == 0


async def test_what_is_held_waits_and_what_is_cancelled_is_never_sent(otto: Operator, iccid: str, db: Database) -> None:
    asked = requests.top_up(iccid, PaymentMethod.CREDIT_CARD)
    held = await otto.ask(asked, undo=timedelta(seconds=30))
    assert (await otto.act(held)).state == "held"
    async with db.transaction() as transaction:
        await ending.cancel(transaction, otto.caller, held.id, datetime.now(UTC))
    await otto.age(held, timedelta(minutes=1))
    assert states(await otto.act(held)) == ["held", "cancelled"]
    assert await otto.done(iccid) == 0


async def test_a_top_up_that_waits_is_not_sent_once_spending_is_stopped(otto: Operator, iccid: str) -> None:
    waits = await otto.top_up(iccid)
    await turn(otto.db, otto.acme.id, Flag.SPENDING, on=False)
    ended = await otto.act(waits)
    assert (ended.state, await otto.done(iccid)) == ("refused", 0)
    assert "Top-ups are stopped since" in ended.explanation
    with pytest.raises(Conflict, match=r"Top-ups are stopped since .* by ada: An audit"):
        await otto.top_up(iccid)
    await turn(otto.db, otto.acme.id, Flag.SPENDING, on=True)
    assert (await otto.act(waits)).state == "refused", "what has ended stays so"
    assert (
        await otto.act(await otto.ask(requests.top_up(iccid, PaymentMethod.CREDIT_CARD, repeat=True)))
    ).state == "accepted"
    assert await otto.done(iccid) == 1
