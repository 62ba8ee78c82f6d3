"""Brings usage records that came late into the sums, where the database does not do that by itself."""

from console.usage import reads, sums, writes
from jobs.owning import as_owner
from jobs.run import Run, for_installation

AT_ONCE = 5_000  # hours of single SIMs


@for_installation
async def refresh_sums(run: Run) -> None:
    """Until no hour waits. What is asked for while it runs is found by the next run."""
    while True:
        async with run.db.reading() as reading:
            late = await reads.late_hours(reading, limit=AT_ONCE)
        if not late:
            return
        hours = {one.hour for one in late}
        async with as_owner(run.worker) as db, db.reading() as owning:
            await owning.run_sync(sums.refresh_hours, hours, run.now())
        async with run.db.transaction() as transaction:
            await writes.end_late(transaction, late, run.now())
        run.counted(seen=len(late), changed=len(hours))
