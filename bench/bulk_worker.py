"""A worker without a schedule, that says for each line that it reads how much memory it took since the line before."""

import asyncio
import os
import sys
from typing import Any

import msgspec
import uvloop
from measuring import forget_peak, peak_bytes
from saq.worker import Worker

from console import log
from console.runs.schedule import BY_NAME
from console.settings import Settings, from_environment
from console.store.database import open_database
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from jobs.worker import load


async def work(settings: Settings) -> None:
    """Until there are no more lines."""
    db = open_database(settings.database_url, settings.redis_url)
    context = WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db), continuous=True)

    async def start(worker: dict[str, Any]) -> None:
        worker["worker"] = context

    functions = [(name, load(job)) for name, job in BY_NAME.items()]  # of those that are asked for: it has no schedule
    worker: Worker[Any] = Worker(db.queue, functions, concurrency=16, startup=start, dequeue_timeout=5)
    working = asyncio.create_task(worker.start())
    loop = asyncio.get_running_loop()
    while (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        print(msgspec.json.encode({"peak_bytes": peak_bytes()}).decode(), flush=True)
        forget_peak()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await context.once_clients.close()
    await db.close()


if __name__ == "__main__":
    log.set_up("WARNING")
    uvloop.run(work(from_environment(os.environ)))
