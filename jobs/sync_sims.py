"""Walks 1NCE's inventory page by page, several pages at a time, and keeps what it says of each SIM."""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

from console.once.models import SimPage
from console.polling.rules import Kind
from console.sims import writes
from jobs.polling.budget import PollBudget
from jobs.polling.met import MetSims
from jobs.polling.rows import inventory_row
from jobs.run import Run, by_organization

AT_ONCE = 8
OF_NEW_SIMS = ("sync_status", "sync_quotas", "sync_connectivity")  # what else there is to know of them, at once


@by_organization(needs_once=True)
async def sync_sims(run: Run) -> None:
    """A walk that was cut off goes on at its page; only a whole one can say that SIMs are missing."""
    start = int(run.resumed.get("page", 1))
    met = MetSims()
    async for page in pages(run, start):
        run.counted(failed=len(page.unreadable))
        rows = {sim.iccid: inventory_row(sim) for sim in page.items}
        met.add(rows)
        async with run.db.transaction() as transaction:
            changed = await writes.record_inventory(transaction, run.organization_id, list(rows.values()), run.now())
        run.counted(seen=len(rows), changed=len(changed))
        run.tally.progress = {"page": page.page + 1}
    if start == 1 and not run.tally.failed and met:
        async with run.db.transaction() as transaction:
            missing, back = await writes.record_walk(transaction, run.organization_id, met, run.now())
        run.counted(changed=len(missing) + len(back))
    if run.tally.changed:
        async with run.db.transaction() as transaction:
            for job in OF_NEW_SIMS:
                key = f"{job}:{run.organization_id}"
                transaction.later(job, key=key, organization_id=run.organization_id)


async def pages(run: Run, start: int) -> AsyncIterator[SimPage]:
    """The inventory's pages in their order, the next few already asked for."""
    budget, slot = PollBudget(run, Kind.INVENTORY), asyncio.Lock()

    async def ask(number: int) -> SimPage:
        async with slot:
            await budget.acquire()
        return await run.client.sims(number)

    first = await ask(start)
    yield first
    upcoming = iter(range(start + 1, (first.pages or 0) + 1))
    asked = [asyncio.create_task(ask(number)) for number in islice(upcoming, AT_ONCE)]
    try:
        while asked:
            page = await asked.pop(0)
            if (number := next(upcoming, None)) is not None:
                asked.append(asyncio.create_task(ask(number)))
            yield page
    finally:
        for task in asked:
            task.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
