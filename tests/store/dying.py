"""A process that ends by SIGKILL at a point that its arguments name; run by the tests of job requests."""

import asyncio
import os
import signal
import sys

from console.settings import from_environment
from console.store.database import open_database
from console.store.job_requests import JobRequest, append_requests
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from jobs.take_in_posts import take_in_posts


async def main(point: str, organization_id: int) -> None:
    """`committed`: after the commit, before anything is handed over. `running`: somebody else kills it at work."""
    settings = from_environment(os.environ)
    db = open_database(settings.database_url, settings.redis_url, connections=4)
    if point == "committed":
        async with db.engine.begin() as connection:
            await append_requests(
                connection, [JobRequest(job="take_in_posts", organization_id=organization_id, key="k")]
            )
        os.kill(os.getpid(), signal.SIGKILL)
    job = await db.queue.dequeue(timeout=10)
    assert job is not None
    worker = WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))
    await take_in_posts({"worker": worker}, **(job.kwargs or {}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
