"""A worker whose Acme is at the simulated 1NCE, and which any test may put out of order."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest_asyncio
from msgspec import structs

from console import metrics
from console.carrier import reads
from console.facts.carrier import CircuitStatus, Operation
from console.once.client import OnceClient
from console.organizations.writes import put
from console.settings import Settings
from console.store.database import Database
from jobs.metrics import measure
from jobs.polling.clients import OnceClients
from tests.cast import Cast
from tests.simulation import Simulation

OFFERED = {"orders": True, "products": True, "support": True, "usage": False}


class Worker:
    """What a worker has of Acme: its client, what it notes, and what 1NCE has counted of its calls."""

    def __init__(
        self, once_clients: OnceClients, client: OnceClient, db: Database, id_: int, simulation: Simulation
    ) -> None:
        self.once_clients, self.client, self.db, self.id, self.simulation = once_clients, client, db, id_, simulation

    async def calls(self, route: str) -> int:
        """How often 1NCE was asked this, like "GET /management-api/v1/orders"."""
        totals = (await self.simulation.ask("GET", "requests"))["totals"]
        return sum(totals.get(route, {}).values())

    async def kept(self, what: str, name: str) -> bytes:
        """What Redis keeps for all workers of the circuit and of unavailable operations."""
        found: Any = self.db.redis.hget(f"once:{self.id}:{what}", name)
        return bytes(await found)

    async def keep(self, what: str, values: dict[str, Any]) -> None:
        """Have Redis keep something else."""
        kept: Any = self.db.redis.hset(f"once:{self.id}:{what}", mapping=values)
        await kept

    async def circuit(self) -> CircuitStatus:
        """How the circuit is recorded."""
        async with self.db.reading() as reading:
            return await reads.circuit(reading, self.id)

    async def operation(self, name: str) -> Operation:
        """How an operation is written down."""
        async with self.db.reading() as reading:
            return next(one for one in await reads.operations(reading, self.id) if one.name == name)


@pytest_asyncio.fixture
async def worker(db: Database, settings: Settings, cast: Cast, simulation: Simulation) -> AsyncIterator[Worker]:
    known = structs.replace(settings, once_base_url=simulation.base_url)
    async with db.transaction() as transaction:
        await put(transaction, known, "acme", "Acme", datetime.now(UTC), client_id="demo", client_secret="demo-secret")
    once_clients = OnceClients(known, db)
    client = await once_clients.client(cast.acme)
    assert client is not None
    yield Worker(once_clients, client, db, cast.acme, simulation)
    await once_clients.close()
    await simulation.ask("DELETE", "faults")
    await simulation.ask("POST", "capabilities", OFFERED)


async def gauge(db: Database, name: str, organization: str) -> float | None:
    """A gauge of the installation, measured now; None if it is not there."""
    async with db.reading() as reading:
        await measure(reading, datetime.now(UTC))
    return metrics.installation.get_sample_value(name, {"organization": organization})
