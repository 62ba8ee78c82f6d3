"""Goes on with bulk actions: starts their actions, a few at a time, and stops one of which too many have failed."""

import asyncio
import time

from console.actions.bulk import reads, writes
from console.actions.bulk.commands import ask_for_running
from console.actions.bulk.running import go_on
from console.facts.bulk_actions import BulkCounts, BulkState
from jobs.run import Run, by_organization

EVERY_SECONDS = 0.25
PUBLISHED_EVERY_SECONDS = 1.0
LONGEST_SECONDS = 600.0  # of one run; the next goes on


async def work_waits(run: Run) -> bool:
    """Whether one is at work, or has not been begun in time."""
    async with run.db.reading() as connection:
        return await reads.work_waits(connection, run.organization_id, run.now())


@by_organization(needs_once=False, work_waits=work_waits)
async def run_bulk_actions(run: Run) -> None:
    """Until none is at work. The rows are all that it knows: a run that is ended anywhere is gone on with."""
    until = time.monotonic() + LONGEST_SECONDS
    published: dict[int, tuple[BulkCounts, float]] = {}
    async with run.db.transaction() as transaction:
        await writes.expire(transaction, run.organization_id, run.now())
    while True:
        async with run.db.reading() as reading:
            at_work = await reads.at_work(reading, run.organization_id, run.now())
        for bulk_action_id in at_work:
            await _step(run, bulk_action_id, len(at_work), published)
        if not at_work or not run.worker.continuous:
            return
        if time.monotonic() > until:
            async with run.db.transaction() as transaction:
                ask_for_running(transaction, run.organization_id, run.now())
            return
        await asyncio.sleep(EVERY_SECONDS)


async def _step(run: Run, bulk_action_id: int, at_work: int, published: dict[int, tuple[BulkCounts, float]]) -> None:
    """One step, whole or not at all; counts that have changed are published at most once a second."""
    async with run.db.transaction() as transaction:
        bulk, started = await go_on(transaction, run.organization_id, bulk_action_id, run.now(), at_work=at_work)
        run.counted(seen=started)
        before, at = published.get(bulk_action_id, (None, 0.0))
        if bulk.state != BulkState.RUNNING or bulk.counts == before:
            return
        if time.monotonic() - at >= PUBLISHED_EVERY_SECONDS:
            noted = await writes.change(transaction, run.organization_id, bulk, BulkState.RUNNING, run.now())
            published[bulk_action_id] = noted.counts, time.monotonic()
