"""The worker: runs the schedule of jobs and what others ask for by name."""

import asyncio
import contextlib
import os
import socket
from datetime import UTC, datetime
from functools import partial
from typing import Any

from saq.job import CronJob
from saq.worker import Worker

from console.log import logger
from console.organizations.writes import settle_first
from console.queue import later
from console.runs.schedule import BY_NAME
from console.settings import Settings
from console.store.database import open_database
from console.streamer.reads import waiting_organizations
from console.streamer.writes import JOB
from jobs.garbage import collect_seldom
from jobs.metrics import exposed, keep_measuring
from jobs.polling.clients import Accounts
from jobs.prune import prune
from jobs.refresh_token import refresh_token
from jobs.run import Job, Shop
from jobs.sample_fleet import sample_fleet
from jobs.sweep_outbox import sweep_outbox
from jobs.sync_connectivity import sync_connectivity
from jobs.sync_quotas import sync_quotas
from jobs.sync_sims import sync_sims
from jobs.sync_sms import sync_sms
from jobs.sync_status import sync_status
from jobs.take_stream import take_stream
from jobs.watch_stream import watch_stream

JOBS: tuple[Job, ...] = (
    prune,
    refresh_token,
    sample_fleet,
    sweep_outbox,
    sync_connectivity,
    sync_quotas,
    sync_sims,
    sync_sms,
    sync_status,
    take_stream,
    watch_stream,
)
AT_START = ("sync_sims", "sync_status", "sync_quotas", "sync_connectivity", "take_stream", "sample_fleet")
START_SECONDS = 2  # not at once: the queue's first sweep takes a job that is just being handed out for a lost one
HEARTBEAT = 60  # a job whose worker is silent for so long is given to another
MEASURING_SECONDS = 15.0
NOTING_SECONDS = 10.0


async def work(settings: Settings) -> None:
    """Work until told to stop (SIGTERM or Ctrl-C)."""
    collect_seldom(every=100_000)
    db = open_database(settings.database_url, settings.redis_url)
    shop = Shop(settings=settings, db=db, accounts=Accounts(settings, db), patient=True)
    name = f"{socket.gethostname()}-{os.getpid()}"
    worker: Worker[Any] = Worker(
        db.queue,
        [(job.__name__, job) for job in JOBS],
        id=name,
        concurrency=16,
        cron_jobs=[_cron(job) for job in JOBS if BY_NAME[job.__name__].cron],
        startup=partial(_start, shop),
        after_process=_look_again,
        timers={"schedule": 1, "worker_info": 10, "sweep": 15, "abort": 1},
        dequeue_timeout=5,
        shutdown_grace_period_s=1,
        cancellation_hard_deadline_s=1.0,
    )
    beside = [
        asyncio.create_task(keep_measuring(db, every=MEASURING_SECONDS)),
        asyncio.create_task(shop.accounts.keep_noting(every=NOTING_SECONDS)),
    ]
    try:
        async with exposed(settings.metrics_port, settings.metrics_token):
            await worker.start()
    finally:
        for task in beside:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await shop.accounts.close()
        await db.close()


def _cron(job: Job) -> "CronJob[Any]":
    cron = BY_NAME[job.__name__].cron
    assert cron is not None
    return CronJob(job, cron=cron, timeout=0, heartbeat=HEARTBEAT, retries=1)


async def _look_again(context: dict[str, Any]) -> None:
    """Ask for the job that takes posts once more if it has left some: they came while it was about to end."""
    if context["job"].function != take_stream.__name__:
        return
    shop: Shop = context["shop"]
    async with shop.db.reading() as connection:
        waiting = await waiting_organizations(connection)
    for organization_id in waiting:
        key, seconds = f"{JOB}:{organization_id}:again", int(organization_id in shop.taking)
        await later(
            shop.db.queue,
            JOB,
            key=key,
            seconds=seconds,
            organization_id=organization_id,
        )


async def _start(shop: Shop, context: dict[str, Any]) -> None:
    context["shop"] = shop
    log = logger("jobs")
    async with shop.db.transaction() as transaction:
        made = await settle_first(transaction, shop.settings, datetime.now(UTC))
        for name in AT_START:
            transaction.later(name, key=f"start:{name}", seconds=START_SECONDS)
    if made:
        log.info("the first organization was made from the settings", organization_id=made)
    log.info("worker ready", jobs=[job.__name__ for job in JOBS])
