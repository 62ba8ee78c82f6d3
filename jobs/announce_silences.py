"""Publishes that silences and maintenance windows begin and end, and hides and shows alerts by them."""

from console.alerts.writes import rehide
from console.silences.writes import announce
from jobs.run import Run, by_organization


@by_organization(needs_once=False)
async def announce_silences(run: Run) -> None:
    """Those whose time has come since the last run, and finds the next occurrence of windows that are over."""
    async with run.db.transaction() as transaction:
        changed = await announce(transaction, run.organization_id, run.now())
        changed += await rehide(transaction, run.organization_id, run.now())
    run.counted(seen=changed, changed=changed)
