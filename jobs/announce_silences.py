"""Publishes that silences and maintenance windows begin and end, and hides and shows alerts by them."""

from console.alerts.informing import rehidden
from console.alerts.outside import Outside
from console.alerts.writes import rehide
from console.silences import reads
from console.silences.writes import announce
from jobs.run import Run, by_organization


async def work_waits(run: Run) -> bool:
    """Whether one has begun or ended, or hides or shows another alert than before."""
    async with run.db.reading() as connection:
        due = await reads.work_waits(connection, run.organization_id, run.now())
        return due or bool(await rehidden(Outside(connection, run.organization_id, run.now())))


@by_organization(needs_once=False, work_waits=work_waits)
async def announce_silences(run: Run) -> None:
    """Those whose time has come since the last run, and finds the next occurrence of windows that are over."""
    async with run.db.transaction() as transaction:
        changed = await announce(transaction, run.organization_id, run.now())
        changed += await rehide(transaction, run.organization_id, run.now())
    run.counted(seen=changed, changed=changed)
