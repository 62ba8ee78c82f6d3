"""The clients of 1NCE on this worker: one for each organization, made anew when its account changes."""

import asyncio
from functools import partial

from console import metrics
from console.log import logger
from console.once.client import OnceClient
from console.organizations.reads import Account, account
from console.settings import Settings
from console.store.database import Database
from jobs.polling.reporting import Noting


class Accounts:
    """Hands out the client of an organization."""

    def __init__(self, settings: Settings, db: Database) -> None:
        """No client is made before it is asked for."""
        self._settings = settings
        self._db = db
        self._noting = Noting(db)
        self._clients: dict[int, tuple[Account, OnceClient]] = {}

    async def client(self, organization_id: int) -> OnceClient | None:
        """1NCE as this organization sees it; None if it has no account there."""
        async with self._db.reading() as connection:
            found = await account(connection, self._settings.secret_key, organization_id=organization_id)
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
            observe=partial(self._noting.observe, organization_id),
            noticed=partial(self._noting.hear, organization_id),
        )
        self._clients[organization_id] = (found, client)
        return client

    async def note(self) -> None:
        """Write down how each account stands, as far as it has been asked here."""
        await self._noting.write_answers()
        for organization_id, (_, client) in list(self._clients.items()):
            await self._noting.settle(organization_id, client)

    async def keep_noting(self, *, every: float) -> None:
        """Note every so many seconds, until cancelled, whatever happens."""
        while True:
            await asyncio.sleep(every)
            try:
                await self.note()
            except Exception:  # what was not noted now is noted with the next turn
                metrics.loop_errors.labels("carrier").inc()
                logger("jobs").exception("how the accounts stand could not be noted")

    async def close(self) -> None:
        """Let go of every connection."""
        for _, client in self._clients.values():
            await client.__aexit__(None, None, None)
