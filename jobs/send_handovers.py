"""Sends the shift handover to its channels when a shift ends."""

from console.organizations.reads import by_id
from console.reports.shift_ends import ended_at
from console.reports.writes import end_shift
from jobs.run import Run, by_organization


async def _is_due(run: Run) -> bool:
    async with run.db.reading() as reading:
        return await ended_at(reading, run.organization_id, run.now()) is not None


@by_organization(needs_once=False, work_waits=_is_due)
async def send_handovers(run: Run) -> None:
    """Once for each end: a worker that is lost has sent nothing, or has noted the next end with what it sent."""
    async with run.db.transaction() as transaction:
        organization = await by_id(transaction.connection, run.organization_id)
        name = organization.name if organization else ""
        sent = await end_shift(transaction, run.organization_id, name, run.now())
    run.counted(seen=sent, changed=sent)
