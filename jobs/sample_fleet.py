"""Puts down how many SIMs are where, once a minute."""

from console.connectivity import writes
from console.quotas.writes import fold_quota_counts
from jobs.run import Run, by_organization


@by_organization(needs_once=False)
async def sample_fleet(run: Run) -> None:
    """The sample bears the full minute, so that a second worker's counts once."""
    minute = run.now().replace(second=0, microsecond=0)
    async with run.db.transaction() as transaction:
        await writes.sample_fleet(transaction, run.organization_id, minute)
        await fold_quota_counts(transaction, run.organization_id)
    run.counted(seen=1)
