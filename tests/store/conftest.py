"""What the tests of the store share."""

import pytest

from console.settings import Settings
from console.store.database import Database
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext


@pytest.fixture
def worker(db: Database, settings: Settings) -> WorkerContext:
    """What a worker's jobs share."""
    return WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))
