"""The worst hour, short: top-ups while everything fails, held against the simulator's ledger.

Each is asked for several times with one key. Workers run at the same time, are lost before and after the request is
marked, stand still beyond their lease and go on; 1NCE drops connections before and after doing it, does it and answers
500 or HTML or nothing, is slow, and refuses. In the end the budget has spent what the ledger says.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from console.actions import requests
from console.actions.budgets import BudgetLimit, BudgetPeriod, BudgetScope
from console.actions.requests import PaymentMethod
from console.actions.rules import LEASE, NOT_CHARGED, TERMINAL, SendResult
from console.actions.sending.writes import Sent, claim, note_sending, record_sent, take_lost_claims
from console.actions.spending import listed
from console.actions.writes import put_budgets
from console.facts.actions import Action
from console.organizations.writes import set_top_up_price
from console.store.database import Database
from jobs.act import act
from jobs.settle import settle
from tests.actions.conftest import Operator
from tests.simulation import Simulation

pytestmark = pytest.mark.one_edition
TOP_UPS = 12
BEYOND = 2  # more than the budget allows
PRICE = 1000
FAULTS = [
    None,
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "status_after", "status": 500},
    {"kind": "malformed_after", "status": 200},
    {"kind": "empty"},
    {"kind": "delay", "seconds": 0.3},
    {"kind": "status", "status": 429, "retry_after": 0},
    {"kind": "status", "status": 503, "retry_after": 0},
    {"kind": "status", "status": 409},
    {"kind": "malformed", "status": 503},
]
LOST = [None, "claimed", "marked", "stopped"]  # how a first worker of the action ends


async def lose_a_worker(otto: Operator, action: Action, how: str) -> Action | None:
    """A worker is lost, or stands still beyond its lease; what the one that stood still could record."""
    now = datetime.now(UTC)
    async with otto.db.transaction() as transaction:
        claimed = await claim(transaction, otto.acme.id, action.id, now)
        assert claimed is not None
        if how == "marked":
            assert await note_sending(transaction, claimed, 1, "POST", now)
    async with otto.db.transaction() as transaction:
        await take_lost_claims(transaction, otto.acme.id, now + LEASE)
        if how != "stopped":
            return None
        assert not await note_sending(transaction, claimed, 1, "POST", now + LEASE)
        return await record_sent(transaction, claimed, Sent(result=SendResult.LOST), now + LEASE)


async def set_budget(otto: Operator) -> None:
    """A budget for TOP_UPS of them."""
    limit = BudgetLimit(
        scope=BudgetScope.ORGANIZATION, period=BudgetPeriod.MONTH, limit_minor=TOP_UPS * PRICE, currency="EUR"
    )
    async with otto.db.transaction() as transaction:
        await put_budgets(transaction, otto.acme.id, [limit], datetime.now(UTC))
        await set_top_up_price(transaction, otto.acme.id, (PRICE, "EUR"))


async def heal(db: Database) -> None:
    """The circuit breaker has closed: 1NCE answers again."""
    keys = [key async for key in db.redis.scan_iter("once:*:circuit")]
    if keys:
        await db.redis.delete(*keys)


async def test_no_top_up_is_charged_twice_or_said_to_be_what_it_is_not(
    otto: Operator, simulation: Simulation, db: Database
) -> None:
    random = Random(11)
    await set_budget(otto)
    iccids = (await simulation.iccids())[-TOP_UPS - BEYOND :]
    for number, iccid in enumerate(iccids):
        fault = FAULTS[number % len(FAULTS)]
        if fault is not None:
            await otto.fault(path=f"{iccid}/topup", **fault)

    asked = [requests.top_up(iccid, PaymentMethod.CREDIT_CARD) for iccid in iccids for _ in range(3)]
    made = await asyncio.gather(*(otto.ask(one, key=f"hour-{one.iccid}") for one in random.sample(asked, len(asked))))
    everything = list({action.id: action for action in made}.values())
    actions = [action for action in everything if action.state == "queued"]
    assert (len(everything), len(actions)) == (TOP_UPS + BEYOND, TOP_UPS)

    for number, action in enumerate(actions):
        if (how := LOST[number % len(LOST)]) is not None:
            assert await lose_a_worker(otto, action, how) is None

    async def work(action: Action) -> None:
        arguments = {"action_id": action.id}
        await act({"worker": otto.acme.worker}, organization_id=otto.acme.id, arguments=arguments)

    for _ in range(3):  # two workers' runs of each at the same time, again and again
        await asyncio.gather(*(work(action) for action in random.sample(actions * 2, len(actions) * 2)))
        async with db.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE actions SET due_at = now() WHERE state = 'queued'")
        await heal(db)

    for age in (timedelta(0), timedelta(minutes=11)):
        for action in actions:
            await otto.age(action, age)
        async with db.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE actions SET due_at = now() WHERE due_at IS NOT NULL")
        await settle({"worker": otto.acme.worker}, organization_id=otto.acme.id)

    for action in everything:
        found, charged = await otto.read(action), await otto.done(action.iccid)
        history = [step.state for step in found.steps]
        assert found.state in TERMINAL, history
        assert charged == (1 if found.state == "confirmed" else 0), history
        assert found.state == "confirmed" or found.state in NOT_CHARGED, history

    charged_in_all = sum([await otto.done(iccid) for iccid in iccids])
    async with db.reading() as reading:
        (budget,) = await listed(reading, otto.acme.id, datetime.now(UTC))
    assert [(use.spent_minor, use.reserved_minor) for use in budget.uses] == [(charged_in_all * PRICE, 0)]
