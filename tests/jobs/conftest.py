"""A worker context for one test, with Acme's account at the simulated 1NCE."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio
from msgspec import structs

from console.organizations.writes import put
from console.settings import Settings
from console.store.database import Database
from jobs.polling.clients import OnceClients
from jobs.run import Job, WorkerContext
from tests.simulation import Simulation


class Acme:
    """One organization whose SIMs are the simulation's, and a worker that runs its jobs."""

    def __init__(self, worker: WorkerContext, organization_id: int) -> None:
        self.worker = worker
        self.id = organization_id

    async def run(self, job: Job) -> None:
        """Run a job here and now."""
        await job({"worker": self.worker}, organization_id=self.id)


@pytest_asyncio.fixture
async def acme(db: Database, settings: Settings, simulation: Simulation) -> AsyncIterator[Acme]:
    known = structs.replace(settings, once_base_url=simulation.base_url)
    async with db.transaction() as transaction:
        organization_id = await put(
            transaction,
            known,
            "acme",
            "Acme",
            datetime.now(UTC),
            client_id="demo",
            client_secret="demo-secret",
            streamer_username="streamer",
            streamer_password="streamer-password",
        )
    once_clients = OnceClients(known, db, slow_requests_per_second=20.0)
    yield Acme(WorkerContext(settings=known, db=db, once_clients=once_clients), organization_id)
    await once_clients.close()
