"""A worker that sends alerts on to who is on call, for a test that kills it at work: `escalate`, then `deliver`."""

import asyncio
import os
import sys

from console.settings import from_environment
from console.store.database import open_database
from jobs.deliver import deliver
from jobs.escalate import escalate
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext


async def main(organization_id: int) -> None:
    settings = from_environment(os.environ)
    db = open_database(settings.database_url, settings.redis_url, connections=4)
    worker = WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))
    while True:
        for job in (escalate, deliver):
            await job({"worker": worker}, organization_id=organization_id)
        await asyncio.sleep(0.01)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
