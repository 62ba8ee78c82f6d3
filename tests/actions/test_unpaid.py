"""A bank transfer that is not paid is ended by a person's word, and by what 1NCE says of its order at that moment."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from msgspec import structs

from console.actions import spending
from console.actions.budgets import BudgetLimit, BudgetPeriod, BudgetScope
from console.actions.guards import said_unpaid
from console.actions.requests import PaymentMethod
from console.actions.sending_rules import NamedOrder, Pending, unpaid
from console.actions.spending import BudgetUse
from console.actions.unpaid_writes import say_unpaid
from console.actions.writes import put_budgets
from console.errors import Conflict, Invalid
from console.facts.actions import Action, ActionState
from console.once.http.retry import RetryPolicy
from console.store.database import Database
from tests.actions.conftest import Operator
from tests.api.test_watching import operator_key
from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

REASON = "The invoice was cancelled"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SENT = Pending(state=ActionState.ACCEPTED, sent_at=NOW - timedelta(days=3), payment_method="banktransfer")
NOTED = structs.replace(SENT, noted_volume_bytes=500)


@pytest.mark.parametrize(
    ("pending", "volume", "order", "state", "said"),
    [
        (NOTED, 500, {"gone": True}, "failed", "no longer has order 7"),
        (NOTED, 500, {"status": "cancelled"}, "failed", "calls order 7 cancelled"),
        (SENT, None, {"status": "rejected"}, "failed", "calls order 7 rejected"),
        (NOTED, None, {"gone": True}, "accepted", "does not show whether it was charged"),
        (SENT, 500, {"gone": True}, "accepted", "does not show whether it was charged"),
        (NOTED, 500, {"gone": True, "completed": True}, "accepted", "completed"),
        (NOTED, 500, {"status": "cancelled", "completed": True}, "accepted", "completed"),
        (SENT, None, {"status": "completed", "completed": True}, "confirmed", "completed"),
        (NOTED, 500, {"status": "open"}, "accepted", "called order 7 open"),
        (NOTED, 500, {}, "accepted", "by no status"),
    ],
)
def test_only_a_dropped_order_that_was_never_paid_has_failed(
    pending: Pending, volume: int | None, order: dict[str, object], state: str, said: str
) -> None:
    found = unpaid(pending, volume, NamedOrder(number="7", **order), NOW)  # type: ignore[arg-type]
    assert (found.state, said in found.message) == (state, True), found.message


async def accepted(otto: Operator, iccid: str) -> Action:
    """A bank transfer that waits for its money since an hour."""
    found = await otto.act(await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER))
    await otto.age(found, timedelta(hours=1))
    found = await otto.settle(found)
    assert (found.state, found.order_number is not None) == ("accepted", True)
    return found


async def say(otto: Operator, action: Action, reason: str = REASON) -> Action:
    async with otto.db.transaction() as transaction:
        return await say_unpaid(transaction, otto.caller, action.id, datetime.now(UTC), reason)


async def used(otto: Operator) -> list[BudgetUse]:
    """In the month in which it was spent: an hour ago may be the month before."""
    spent_at = datetime.now(UTC) - timedelta(hours=2)
    async with otto.db.reading() as reading:
        return [use for one in await spending.listed(reading, otto.acme.id, spent_at) for use in one.uses]


@pytest.mark.one_edition
@pytest.mark.parametrize(("dropped", "word"), [({}, "no longer has"), ({"status": "CANCELLED"}, "cancelled")])
async def test_an_order_that_1nce_has_dropped_ends_it_and_is_given_back_once(
    otto: Operator, iccid: str, dropped: dict[str, str], word: str
) -> None:
    async with otto.db.transaction() as transaction:
        budget = BudgetLimit(scope=BudgetScope.ORGANIZATION, period=BudgetPeriod.MONTH, limit_top_ups=3)
        await put_budgets(transaction, otto.acme.id, [budget], datetime.now(UTC))
    action = await accepted(otto, iccid)
    before = await used(otto)
    await otto.simulation.ask("POST", f"orders/{action.order_number}/drop", dropped)
    assert (await otto.settle(action)).state == "accepted", "nobody has said anything: 1NCE's clerks may be at it"
    asked = await say(otto, action)
    assert (asked.state, asked.revision) == ("accepted", action.revision + 1)
    assert f"1NCE is asked about order {action.order_number}" in asked.explanation
    ended = await otto.settle(action)
    assert (ended.state, ended.steps[-1].by) == ("failed", "otto"), ended.explanation
    assert REASON in ended.explanation and word in ended.explanation
    after = await used(otto)
    assert [one.spent_top_ups for one in before] == [1]
    assert [one.spent_top_ups + one.reserved_top_ups for one in after] == [0] * len(after)
    async with otto.db.reading() as reading:
        query = "SELECT unpaid_said_by, unpaid_reason, due_at FROM actions WHERE id = :id"
        assert tuple((await reading.execute(sa.text(query), {"id": action.id})).one()) == (None, None, None)
    for _ in range(2):
        assert (await otto.settle(action)).revision == ended.revision
    with pytest.raises(Conflict, match="failed"):
        await say(otto, action)
    await otto.age(action, timedelta(hours=1))
    again = await otto.act(await otto.top_up(iccid, PaymentMethod.CREDIT_CARD))
    assert again.state == "accepted", "the SIM can be topped up once more"


@pytest.mark.one_edition
async def test_one_that_1nce_still_waits_for_or_that_was_paid_does_not_end_as_failed(
    otto: Operator, iccid: str
) -> None:
    action = await accepted(otto, iccid)
    await say(otto, action)
    waits = await otto.settle(action)
    assert (waits.state, f"order {action.order_number} open" in waits.explanation) == ("accepted", True)
    assert waits.revision == action.revision + 2
    assert (await otto.settle(action)).revision == waits.revision, "it was asked about once"
    await say(otto, action)
    await otto.simulation.ask("POST", f"orders/{action.order_number}/pay")
    assert (await otto.settle(action)).state == "confirmed"
    assert await otto.done(iccid) == 1


@pytest.mark.one_edition
@pytest.mark.parametrize(
    "path", [r"/orders/\d+$", r"/orders$"]
)  # a 404 proves nothing where 1NCE's list of orders can't be read
async def test_without_an_answer_nothing_changes_and_it_is_said(otto: Operator, iccid: str, path: str) -> None:
    action = await accepted(otto, iccid)
    await otto.simulation.ask("POST", f"orders/{action.order_number}/drop")
    await say(otto, action)
    await otto.fault(path=path, kind="status", status=503, method="GET", times=RetryPolicy().attempts)
    said = await otto.settle(action)
    assert (said.state, "gave no answer" in said.explanation) == ("accepted", True), said.explanation
    await otto.simulation.ask("DELETE", "faults")
    assert (await otto.settle(action)).state == "accepted", "it is asked about when somebody asks again"
    await say(otto, action)
    assert (await otto.settle(action)).state == "failed"


@pytest.mark.one_edition
async def test_a_list_that_names_no_order_does_not_prove_that_one_is_gone(otto: Operator, iccid: str) -> None:
    action = await accepted(otto, iccid)
    await otto.simulation.ask("POST", f"orders/{action.order_number}/drop")
    await say(otto, action)
    await otto.fault(path="/orders$", kind="renamed", field="order_number", method="GET")
    said = await otto.settle(action)
    assert (said.state, "stays accepted" in said.explanation) == ("accepted", True), said.explanation
    await say(otto, action)
    assert (await otto.settle(action)).state == "failed"


@pytest.mark.one_edition
async def test_only_an_accepted_bank_transfer_can_be_ended_so_with_a_reason_and_not_at_once(
    otto: Operator, iccid: str
) -> None:
    fresh = await otto.act(await otto.top_up(iccid, PaymentMethod.BANK_TRANSFER))
    with pytest.raises(Conflict, match="may not show its order yet"):
        await say(otto, fresh)
    await otto.age(fresh, timedelta(hours=1))
    boleto = structs.replace(fresh, parameters={**fresh.parameters, "payment_method": PaymentMethod.BOLETO})
    assert said_unpaid(boleto, datetime.now(UTC) + timedelta(hours=1), REASON) == REASON
    for nothing in ("", " . ", "a b"):
        with pytest.raises(Invalid, match="reason"):
            await say(otto, fresh, nothing)
    card = await otto.act(await otto.top_up((await otto.simulation.iccids())[-2]))
    await otto.age(card, timedelta(hours=1))
    with pytest.raises(Conflict, match="Only a bank transfer"):
        await say(otto, card)
    await otto.fault(path="topup", kind="status", status=500)
    lost = await otto.act(await otto.top_up((await otto.simulation.iccids())[-4], PaymentMethod.BANK_TRANSFER))
    assert lost.state == "unknown"
    await otto.age(lost, timedelta(hours=1))
    with pytest.raises(Conflict, match="unknown"):
        await say(otto, lost)


@pytest.mark.one_edition
async def test_it_is_asked_by_programs_and_on_the_page_and_stands_in_the_trail(
    web: Served, cast: Cast, db: Database
) -> None:
    body = {"payment_method": "banktransfer"}
    async with web.program(await operator_key(db, cast.acme)) as program, web.signed_in("otto") as otto:
        made = await program.post(f"/sims/{ADAS_SIM}/topup", json=body, headers={"Idempotency-Key": "one"})
        number = made.json()["id"]
        assert f"/actions/{number}/unpaid" not in (await otto.get(f"/actions/{number}")).text
        assert (await program.post(f"/actions/{number}/unpaid", json={"reason": REASON})).status_code == 409
        async with db.engine.begin() as connection:
            taken = """UPDATE actions SET state = 'accepted', order_number = '2000000041', due_at = NULL,
                sent_at = now() - interval '3 days' WHERE id = $1"""
            await connection.exec_driver_sql(taken, (number,))
        page = (await otto.get(f"/actions/{number}")).text
        assert f'hx-post="/actions/{number}/unpaid"' in page and "asked about order 2000000041" in page
        assert (await program.post(f"/actions/{number}/unpaid", json={"reason": "."})).status_code == 422
        asked = await program.post(f"/actions/{number}/unpaid", json={"reason": REASON})
        assert (asked.status_code, asked.json()["state"]) == (202, "accepted")
        form = await otto.post(f"/actions/{number}/unpaid", data={"reason": REASON})
        assert (form.status_code, form.headers["location"]) == (303, f"/actions/{number}")
        assert "otto says that it was not paid" in (await otto.get(f"/actions/{number}")).text
        async with web.signed_in("vera") as vera:
            assert (await vera.post(f"/actions/{number}/unpaid", data={"reason": REASON})).status_code == 403
    async with db.reading() as reading:
        query = "SELECT outcome FROM audit_lines WHERE action = 'action.end_unpaid' ORDER BY id"
        outcomes = (await reading.execute(sa.text(query))).scalars().all()
        due = (await reading.execute(sa.text("SELECT due_at <= now() FROM actions"))).scalar_one()
    assert (outcomes, due) == (["refused", "refused", "done", "done"], True)
