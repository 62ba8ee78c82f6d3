"""Drops what is older than it is kept."""

from datetime import timedelta

import sqlalchemy as sa

from console.runs.writes import forget
from console.sms.writes import forget_messages
from console.streamer.writes import prune_set_aside, prune_unknown
from jobs.run import Run, for_the_house

KEPT = {
    "usage_records": timedelta(days=730),
    "usage_hourly": timedelta(days=730),
    "network_events": timedelta(days=365),
    "status_history": timedelta(days=183),
    "fleet_samples": timedelta(days=183),
}
RUNS_KEPT = timedelta(days=14)
UNKNOWN_KEPT = timedelta(days=90)
MESSAGES_KEPT = timedelta(days=365)


@for_the_house
async def prune(run: Run) -> None:
    """In small steps, so that nobody waits for it. Daily sums of usage are kept for ever."""
    for series, age in KEPT.items():
        gone = 1
        while gone:
            async with run.db.transaction() as transaction:
                statement = sa.select(sa.func.prune_time_series(series, run.now() - age))
                gone = int((await transaction.connection.execute(statement)).scalar_one())
            run.counted(seen=gone, changed=gone)
    async with run.db.transaction() as transaction:
        gone = await forget(transaction, run.now() - RUNS_KEPT)
        gone += await prune_unknown(transaction, run.now() - UNKNOWN_KEPT)
        gone += await prune_set_aside(transaction, run.now() - UNKNOWN_KEPT)
        gone += await forget_messages(transaction, run.now() - MESSAGES_KEPT)
    run.counted(seen=gone, changed=gone)
