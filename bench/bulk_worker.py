"""A worker that carries out bulk actions and nothing else; says how much memory it took for each line that it reads."""

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

    names = ("run_bulk_actions", "act", "settle", "sync_sims", "sync_sim")
    worker: Worker[Any] = Worker(
        db.queue, [(name, load(BY_NAME[name])) for name in names], concurrency=16, startup=start, dequeue_timeout=5
    )
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
