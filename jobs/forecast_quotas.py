"""Measures what each SIM used in its last whole days, by which the end of its data quota is estimated."""

from console.quotas import writes
from jobs.run import Run, by_organization


@by_organization(needs_once=False)
async def forecast_quotas(run: Run) -> None:
    """Once an hour, because records of a past day may come late."""
    async with run.db.transaction() as transaction:
        changed = await writes.measure_use(transaction, run.organization_id, run.now())
    run.counted(changed=changed)
