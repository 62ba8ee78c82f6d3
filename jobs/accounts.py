"""The clients of 1NCE on this worker: one for each organization, made anew when its account changes."""

from console import metrics
from console.database import Database
from console.once.client import OnceClient
from console.organizations.reads import Account, account
from console.settings import Settings


class Accounts:
    """Hands out the client of an organization."""

    def __init__(self, settings: Settings, db: Database) -> None:
        """No client is made before it is asked for."""
        self._settings = settings
        self._db = db
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
            observe=_observe,
        )
        self._clients[organization_id] = (found, client)
        return client

    async def close(self) -> None:
        """Let go of every connection."""
        for _, client in self._clients.values():
            await client.__aexit__(None, None, None)


def _observe(operation: str, outcome: str, seconds: float) -> None:
    metrics.polls.labels(operation, outcome).inc()
    metrics.poll_seconds.labels(operation).observe(seconds)
