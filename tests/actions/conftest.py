"""An organization whose SIMs are the simulation's, with what its operator asks for and what 1NCE has done."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from msgspec import Struct

from console.actions import reads, requests, writes
from console.actions.requests import Asked, PaymentMethod
from console.facts.actions import Action
from console.members.writes import put_user
from console.organizations.rules import PERMISSIONS, Caller, Role
from console.store.database import Database
from jobs.act import act
from jobs.actions import order_search
from jobs.settle import settle
from tests.cast import PASSWORD
from tests.jobs.conftest import Acme, acme
from tests.simulation import Simulation

__all__ = ["acme"]
KEYS = count(1)


class Operator(Struct):
    """Otto, who asks for actions; a worker that carries them out when the test says so."""

    db: Database
    acme: Acme
    simulation: Simulation
    caller: Caller

    async def ask(
        self, asked: Asked, key: str | None = None, *, now: datetime | None = None, undo: timedelta = timedelta(0)
    ) -> Action:
        async with self.db.transaction() as transaction:
            action, _ = await writes.request(
                transaction, self.caller, asked, key or f"key-{next(KEYS)}", now or datetime.now(UTC), undo=undo
            )
        return action

    async def top_up(self, iccid: str, method: PaymentMethod = PaymentMethod.CREDIT_CARD) -> Action:
        return await self.ask(requests.top_up(iccid, method))

    async def act(self, action: Action) -> Action:
        """A worker's run for this action."""
        arguments = {"action_id": action.id}
        await act({"worker": self.acme.worker}, organization_id=self.acme.id, arguments=arguments)
        return await self.read(action)

    async def settle(self, action: Action) -> Action:
        """A worker's look for effects, whenever it was due."""
        await self.age(action, due=True)
        await settle({"worker": self.acme.worker}, organization_id=self.acme.id)
        return await self.read(action)

    async def age(self, action: Action, by: timedelta = timedelta(0), *, due: bool = False) -> None:
        """Let this action have begun so much earlier."""
        moments = ("requested_at", "claimed_at", "sent_at", "expires_at", "due_at", "undo_until")
        set_ = ", ".join(f"{name} = {name} - $2::interval" for name in moments)
        if due:
            set_ = "due_at = least(due_at, now())"
        async with self.db.engine.begin() as connection:
            values = (action.id,) if due else (action.id, by)
            await connection.exec_driver_sql(f"UPDATE actions SET {set_} WHERE id = $1", values)
            await connection.exec_driver_sql("UPDATE order_readings SET began_at = began_at - $1::interval", (by,))

    async def read(self, action: Action) -> Action:
        async with self.db.reading() as reading:
            found = await reads.one(reading, self.acme.id, action.id)
        assert found is not None
        return found

    async def done(self, iccid: str, kind: str = "topup") -> int:
        """How often 1NCE has done such a thing with this SIM."""
        ledger = await self.simulation.ask("GET", "ledger")
        return sum(entry["kind"] == kind and entry["iccid"] == iccid for entry in ledger)

    async def fault(self, **fault: Any) -> None:
        await self.simulation.ask("POST", "faults", {"times": 1, "method": "POST", **fault})


@pytest_asyncio.fixture
async def otto(
    db: Database, acme: Acme, simulation: Simulation, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Operator]:
    monkeypatch.setattr(order_search, "PAGES", 1_000)  # one run reads whatever other tests have ordered there
    async with db.transaction() as transaction:
        user_id = await put_user(transaction, acme.id, "the operator", Role.OPERATOR, PASSWORD, datetime.now(UTC))
    caller = Caller(
        organization_id=acme.id,
        organization="Acme",
        name="otto",
        permissions=PERMISSIONS[Role.OPERATOR],
        role=Role.OPERATOR,
        user_id=user_id,
    )
    yield Operator(db=db, acme=acme, simulation=simulation, caller=caller)
    await simulation.ask("DELETE", "faults")


SIMS = count(1)


@pytest_asyncio.fixture
async def iccid(simulation: Simulation) -> str:
    """A SIM that no other test has asked anything of, and that its network refuses nothing."""
    found = (await simulation.iccids())[next(SIMS)]
    await simulation.set(found, status="Enabled", imei_lock=False, limit_reached=False, expired=False, topups=1)
    return found
