"""Money is asked about again where time passes between the request, the approval, the sending and 1NCE's answer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from console.actions.rules import LEASE, SendResult
from console.actions.sending_writes import Sent, claim, note_sending, record_sent, take_lost_claims
from console.errors import Conflict
from console.store.database import Database
from jobs.actions.gate import Gate, NotSent
from tests.actions.conftest import Operator
from tests.actions.test_bulk import Bulks, bulks
from tests.api.test_watching import operator_key
from tests.cast import ADAS_OTHER_SIM, ADAS_SIM, Cast
from tests.serving import Served

__all__ = ["bulks"]
pytestmark = pytest.mark.one_edition
CARD: dict[str, Any] = {"payment_method": "creditcard", "reason": "Ticket 7: empty"}
PRICE = {"price": "10", "currency": "EUR"}


async def ask(client: httpx.AsyncClient, iccid: str, key: str) -> dict[str, Any]:
    answer = await client.post(f"/sims/{iccid}/topup", json=CARD, headers={"Idempotency-Key": key})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def change(db: Database, statement: str, action_id: int) -> None:
    async with db.engine.begin() as connection:
        await connection.execute(sa.text(f"UPDATE actions SET {statement} WHERE id = :id"), {"id": action_id})


async def test_an_approved_top_up_counts_on_the_day_of_its_approval(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto, web.signed_in("ada") as ada:
        await ada.post("/budgets/price", data=PRICE)
        await ada.post("/approval-rules", data={"above_price": "5"})
        waits = await ask(otto, ADAS_SIM, "yesterday's")
        assert waits["state"] == "awaiting_approval"
        await change(db, "requested_at = requested_at - interval '1 day'", waits["id"])
        (approval,) = (await otto.get("/approvals?pending=true")).json()["items"]
        await ada.post("/approval-rules", data={})
        await ada.post("/budgets", data={"whose": "organization", "period": "day", "limit_top_ups": "1"})
        assert (await ask(otto, ADAS_OTHER_SIM, "today's"))["state"] == "held"
        refused = await ada.post(f"/approvals/{approval['id']}/approve", data={"reason": "Agreed"})
        assert (refused.status_code, "1 top-up a day, is used up" in refused.text) == (409, True)
        assert (await otto.get(f"/actions/{waits['id']}")).json()["state"] == "awaiting_approval", "it still waits"
        await ada.post("/budgets", data={"whose": "organization", "period": "day", "limit_top_ups": "2"})
        agreed = await ada.post(f"/approvals/{approval['id']}/approve", data={"reason": "Agreed"})
        assert agreed.status_code == 303
        uses = [use for one in (await otto.get("/budgets")).json()["items"] for use in one["uses"]]
        assert [(use["reserved_top_ups"], use["remaining_top_ups"]) for use in uses] == [(2, 0)]


async def test_another_price_than_the_approved_one_is_not_paid(web: Served, cast: Cast, db: Database) -> None:
    async with web.program(await operator_key(db, cast.acme)) as otto, web.signed_in("ada") as ada:
        await ada.post("/budgets/price", data=PRICE)
        await ada.post("/approval-rules", data={"above_price": "5"})
        waits = await ask(otto, ADAS_SIM, "one")
        (approval,) = (await otto.get("/approvals?pending=true")).json()["items"]
        for price, status in (("12", 409), ("10", 303)):
            await ada.post("/budgets/price", data=PRICE | {"price": price})
            answer = await ada.post(f"/approvals/{approval['id']}/approve", data={"reason": "Agreed"})
            assert (answer.status_code, "The price has changed" in answer.text) == (status, status == 409)
        assert (await otto.get(f"/actions/{waits['id']}")).json()["state"] == "held"


async def test_each_sim_of_a_bulk_action_costs_what_its_plan_said(bulks: Bulks, db: Database) -> None:
    iccids = await bulks.enabled(100, 4)
    bulk = await bulks.begin("topup", {"payment_method": "creditcard"}, iccids, "price")
    async with db.engine.begin() as connection:
        statement = "UPDATE organizations SET top_up_price_minor = 77700, top_up_currency = 'EUR' WHERE id = :id"
        await connection.execute(sa.text(statement), {"id": bulks.otto.acme.id})
        await connection.execute(
            sa.text("DELETE FROM products WHERE organization_id = :id"), {"id": bulks.otto.acme.id}
        )
    await bulks.step()
    async with db.reading() as reading:
        mine = {"id": bulk.id, "organization": bulks.otto.acme.id}
        query = "SELECT refusal FROM bulk_items WHERE bulk_action_id = :id AND organization_id = :organization"
        refusals = list((await reading.execute(sa.text(query), mine)).scalars())
        made = "SELECT count(*) FROM actions WHERE bulk_action_id = :id AND organization_id = :organization"
        assert (await reading.execute(sa.text(made), mine)).scalar_one() == 0
    assert any("The price has changed since it was shown" in (one or "") for one in refusals)


async def test_the_cool_down_begins_with_the_sending(otto: Operator, iccid: str) -> None:
    taken = await otto.settle(await otto.act(await otto.top_up(iccid)))
    assert taken.state == "confirmed"
    await change(otto.db, "requested_at = requested_at - interval '3 hours'", taken.id)
    with pytest.raises(Conflict, match="Topped up a minute ago by otto: once more only with"):
        await otto.top_up(iccid)


async def test_an_answer_that_comes_after_all_says_that_1nce_has_taken_it(otto: Operator, iccid: str) -> None:
    action, now = await otto.top_up(iccid), datetime.now(UTC)
    async with otto.db.transaction() as transaction:
        claimed = await claim(transaction, otto.acme.id, action.id, now)
        assert claimed is not None
        assert await note_sending(transaction, claimed, 1, "POST", now)
    async with otto.db.transaction() as transaction:
        (lost,) = await take_lost_claims(transaction, otto.acme.id, now + LEASE)
    await otto.age(lost, timedelta(minutes=11))
    assert (await otto.settle(lost)).state == "failed"
    async with otto.db.transaction() as transaction:
        late = await record_sent(transaction, claimed, Sent(result=SendResult.TAKEN, order_number="7"), now)
    assert late is not None
    assert (late.state, late.order_number) == ("accepted", "7")
    with pytest.raises(Conflict, match="is under way"):
        await otto.top_up(iccid)


async def test_a_machine_that_slept_before_the_first_byte_sends_nothing(otto: Operator, iccid: str) -> None:
    action = await otto.top_up(iccid)
    async with otto.db.transaction() as transaction:
        claimed = await claim(transaction, otto.acme.id, action.id, datetime.now(UTC))
    assert claimed is not None
    times = iter([timedelta(0), timedelta(minutes=15)])
    run: Any = Slept(otto, times)
    with pytest.raises(NotSent, match="stood still"):
        await Gate(run, claimed, "POST")()


class Slept:
    """A run on a machine whose clock says that it slept between two looks at it."""

    def __init__(self, otto: Operator, times: Iterator[timedelta]) -> None:
        self.db, self.organization_id, self._times = otto.db, otto.acme.id, times

    def now(self) -> datetime:
        return datetime.now(UTC) + next(self._times)
