"""Makes the forecasts of what SIMs use, by which the end of their data quotas is estimated."""

from console.quotas.measuring import measure
from console.quotas.writes import rank_again
from jobs.run import Run, by_organization

RANKED_AT_ONCE = 10_000


@by_organization(needs_once=False)
async def forecast_quotas(run: Run) -> None:
    """Once an hour, because records of a past day may come late."""
    ranked = RANKED_AT_ONCE
    while ranked == RANKED_AT_ONCE:
        async with run.db.transaction() as transaction:
            ranked = await rank_again(transaction, run.organization_id, RANKED_AT_ONCE)
    run.counted(changed=await measure(run.db, run.organization_id, run.now()))
