"""Deletes what is older than its retention."""

from datetime import timedelta

from console.runs.writes import delete_runs
from console.sms.writes import forget_messages
from console.store.retention import drop_before
from console.streamer.posts.writes import prune_set_aside, prune_unknown
from console.streamer.writes import prune_silences
from jobs.run import Run, for_installation

SERIES_RETENTION = {
    "usage_records": timedelta(days=730),
    "usage_hourly": timedelta(days=730),
    "network_events": timedelta(days=365),
    "status_history": timedelta(days=183),
    "fleet_samples": timedelta(days=183),
}
RUNS_RETENTION = timedelta(days=14)
UNKNOWN_RETENTION = timedelta(days=90)
MESSAGES_RETENTION = timedelta(days=365)


@for_installation
async def prune(run: Run) -> None:
    """In small steps, so that nobody waits for it. Daily sums of usage are kept for ever."""
    for series, age in SERIES_RETENTION.items():
        gone = 1
        while gone:
            async with run.db.transaction() as transaction:
                gone = await drop_before(transaction, series, run.now() - age)
            run.counted(seen=gone, changed=gone)
    async with run.db.transaction() as transaction:
        gone = await delete_runs(transaction, run.now() - RUNS_RETENTION)
        gone += await prune_unknown(transaction, run.now() - UNKNOWN_RETENTION)
        gone += await prune_set_aside(transaction, run.now() - UNKNOWN_RETENTION)
        gone += await prune_silences(transaction, run.now() - SERIES_RETENTION["usage_records"])
        gone += await forget_messages(transaction, run.now() - MESSAGES_RETENTION)
    run.counted(seen=gone, changed=gone)
