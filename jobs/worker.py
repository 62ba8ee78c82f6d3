"""The worker: runs the schedule of jobs and what is asked for by name, both by the one table of jobs."""

import asyncio
import contextlib
import os
import socket
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any

from saq.job import CronJob
from saq.worker import Worker

from console.log import logger
from console.once.client import tls_context
from console.organizations.first import settle_first
from console.queue import HEARTBEAT_SECONDS, enqueue
from console.runs.rules import JobDefinition
from console.runs.schedule import JOBS
from console.settings import Settings
from console.store.database import open_database
from console.telemetry.error_reports import reporting
from console.telemetry.tracing import tracing_of
from console.watchdog import HUNG_CODE, HUNG_SECONDS, Watchdog
from jobs.garbage import collect_seldom
from jobs.metrics import exposed, keep_measuring
from jobs.owning import as_owner
from jobs.polling.clients import OnceClients
from jobs.run import Job, WorkerContext

START_DELAY = timedelta(seconds=2)  # the queue's first sweep takes a job that is just being handed out for a lost one
MEASURING_SECONDS = 15.0
NOTING_SECONDS = 10.0
ENDS_WITHIN_SECONDS = 20.0  # after its last job; whoever stops workers kills them after 30 or more


def load(job: JobDefinition) -> Job:
    """The function of a job: the one that bears its name in the file that bears its name."""
    function: Job = getattr(import_module(f"jobs.{job.name}"), job.name)
    return function


def functions() -> list[tuple[str, Job]]:
    """What a worker runs by which name; a job that is new by name also by that of the version before."""
    return [(name, load(job)) for job in JOBS for name in (job.name, job.formerly) if name]


async def work(settings: Settings) -> None:
    """Work until asked to stop (SIGTERM or Ctrl-C)."""
    tls_context()  # before anything waits for the loop
    collect_seldom(every=5_000)
    db = open_database(settings.database_url, settings.redis_url)
    context = WorkerContext(settings=settings, db=db, once_clients=OnceClients(settings, db), continuous=True)
    context.tracing = tracing_of(settings, "worker")
    name = f"{socket.gethostname()}-{os.getpid()}"
    worker: Worker[Any] = Worker(
        db.queue,
        functions(),
        id=name,
        concurrency=16,
        cron_jobs=[
            CronJob(load(job), cron=job.cron, timeout=0, heartbeat=HEARTBEAT_SECONDS, retries=1)
            for job in JOBS
            if job.cron is not None
        ],
        startup=partial(_start, context),
        timers={"schedule": 1, "worker_info": 10, "sweep": 15, "abort": 1},
        dequeue_timeout=5,
        shutdown_grace_period_s=1,
        cancellation_hard_deadline_s=1.0,
    )
    beside = [
        asyncio.create_task(_measure(context)),
        asyncio.create_task(context.once_clients.report_regularly(every=NOTING_SECONDS)),
    ]
    try:
        with Watchdog(hung_seconds=HUNG_SECONDS).watching(), reporting(settings, "worker"):
            async with exposed(settings.metrics_port, settings.metrics_token):
                await worker.start()
    finally:
        end_within(ENDS_WITHIN_SECONDS)
        for task in beside:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await context.once_clients.close()
        await db.close()
        if context.tracing is not None:
            await asyncio.to_thread(context.tracing.flush)


def end_within(seconds: float) -> None:
    """End this process if it is still there so many seconds from now; called in its loop, when it has stopped working.

    A task may swallow its cancellation, and a thread may wait for an answer: nothing else would end them.
    """
    loop = asyncio.get_running_loop()

    def end() -> None:
        left = sorted({getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks(loop)})
        threads = sorted(thread.name for thread in threading.enumerate())
        logger("jobs").critical("the worker does not end: it is ended", tasks=left, threads=threads)
        os._exit(HUNG_CODE)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()


async def _measure(worker: WorkerContext) -> None:
    """As the owner, who comes to PostgreSQL itself: a lock of a session is held, which no pool by transactions has."""
    async with as_owner(worker) as db:
        await keep_measuring(db, every=MEASURING_SECONDS)


async def _start(worker: WorkerContext, context: dict[str, Any]) -> None:
    context["worker"] = worker
    log = logger("jobs")
    now = datetime.now(UTC)
    async with worker.db.transaction() as transaction:
        made = await settle_first(transaction, worker.settings, now)
    if made:
        log.info("the first organization was made from the settings", organization_id=made)
    for job in JOBS:
        if job.at_start:  # not to be kept: the schedule asks for it soon
            await enqueue(worker.db.queue, job.name, key=f"start:{job.name}", due_at=now + START_DELAY)
    log.info("worker ready", jobs=[job.name for job in JOBS])
