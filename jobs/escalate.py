"""Sends alerts that nobody has acknowledged in time to the next person of those on call."""

from console.alerts.paging import due
from console.alerts.writes import escalate as send_on
from jobs.run import Run, by_organization


async def work_waits(run: Run) -> bool:
    """Whether the time of any has come."""
    async with run.db.reading() as connection:
        return bool(await due(connection, run.organization_id, run.now()))


@by_organization(needs_once=False, work_waits=work_waits)
async def escalate(run: Run) -> None:
    """Each once, with the row that says who got it: a lost worker has sent none, or has noted it."""
    async with run.db.transaction() as transaction:
        sent = await send_on(transaction, run.organization_id, run.now())
    run.counted(seen=sent, changed=sent)
