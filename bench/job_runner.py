"""A worker that is sent on run_jobs: runs the job that each line it reads names, and says what that has cost.

It has what the real worker has (settings, database, accounts, loop) but no schedule: nothing else runs beside the job.
"""

import asyncio
import os
import sys
import time

import msgspec
import uvloop
from measuring import forget_peak, peak_bytes

from console import log
from console.runs.schedule import JOBS
from console.settings import Settings, from_environment
from console.store.database import open_database
from jobs.garbage import collect_seldom
from jobs.polling.clients import OnceClients
from jobs.run import WorkerContext
from jobs.worker import load


async def run_jobs(settings: Settings) -> None:
    """Until there are no more lines."""
    collect_seldom(every=5_000)
    db = open_database(settings.database_url, settings.redis_url)
    worker = WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db))
    jobs = {job.name: load(job) for job in JOBS}
    loop = asyncio.get_running_loop()
    while name := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        forget_peak()
        began, cpu = time.perf_counter(), time.process_time()
        await jobs[name]({"worker": worker})
        cost = {
            "seconds": time.perf_counter() - began,
            "cpu_seconds": time.process_time() - cpu,
            "peak_bytes": peak_bytes(),
        }
        await db.engine.dispose()  # a connection that ends hands in its statistics
        print(msgspec.json.encode(cost).decode(), flush=True)
    await worker.once_clients.close()
    await db.close()


if __name__ == "__main__":
    log.set_up("WARNING")
    uvloop.run(run_jobs(from_environment(os.environ)))
