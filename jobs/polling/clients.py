"""The clients of 1NCE in this worker: one for each organization, replaced when its credentials change."""

import asyncio
from functools import partial

from console import metrics
from console.log import logger
from console.once.client import SLOW_REQUESTS_PER_SECOND, OnceClient
from console.organizations.reads import Credentials, credentials
from console.settings import Settings
from console.store.database import Database
from jobs.polling.reporting import CarrierReporter


class OnceClients:
    """Keeps one client for each organization. `slow_requests_per_second`: of orders, products and tickets each."""

    def __init__(
        self, settings: Settings, db: Database, *, slow_requests_per_second: float = SLOW_REQUESTS_PER_SECOND
    ) -> None:
        self._settings = settings
        self._db = db
        self._slow_requests_per_second = slow_requests_per_second
        self._reporter = CarrierReporter(db)
        self._clients: dict[int, tuple[Credentials, OnceClient]] = {}

    async def client(self, organization_id: int) -> OnceClient | None:
        """The client with this organization's credentials; None if it has none."""
        async with self._db.reading() as connection:
            found = await credentials(connection, self._settings.secret_key, organization_id=organization_id)
        if found is None or found.once_client_id is None or found.once_client_secret is None:
            return None
        known = self._clients.get(organization_id)
        if known is not None and known[0] == found:
            return known[1]
        client = OnceClient(
            found.once_base_url,
            found.once_client_id,
            found.once_client_secret,
            redis=self._db.redis,
            organization=str(organization_id),
            requests_per_second=found.once_requests_per_second,
            slow_requests_per_second=self._slow_requests_per_second,
            observe=partial(self._reporter.observe, organization_id),
            on_change=partial(self._reporter.record, organization_id),
        )
        self._clients[organization_id] = (found, client)
        return client

    async def report(self) -> None:
        """Record the circuit and capabilities of each organization that this worker has called 1NCE for."""
        await self._reporter.write_answers()
        for organization_id, (_, client) in list(self._clients.items()):
            await self._reporter.reconcile(organization_id, client)

    async def report_regularly(self, *, every: float) -> None:
        """Report every so many seconds, until cancelled; a failure is logged and counted."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.report()
            except Exception:  # the next report has what this one lacks
                metrics.loop_errors.labels("carrier").inc()
                logger("jobs").exception("the state of 1NCE could not be recorded")

    async def close(self) -> None:
        """Close every connection."""
        for _, client in self._clients.values():
            await client.__aexit__(None, None, None)
