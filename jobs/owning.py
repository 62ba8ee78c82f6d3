"""The database as its owner, for jobs that do what the application's role may not: dropping what is too old."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from console.store.database import Database, open_database
from jobs.context import WorkerContext


@asynccontextmanager
async def as_owner(worker: WorkerContext) -> AsyncIterator[Database]:
    """The database of DATABASE_OWNER_URL; the worker's own where both are one."""
    settings = worker.settings
    if settings.owner_url == settings.database_url:
        yield worker.db
        return
    db = open_database(settings.owner_url, settings.redis_url, connections=2)
    try:
        yield db
    finally:
        await db.close()
