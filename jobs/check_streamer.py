"""Looks whether the Data Streamer still brings what polling finds."""

from console.streamer.writes import settle
from jobs.run import Run, by_organization


@by_organization(needs_once=False)
async def check_streamer(run: Run) -> None:
    """Publish once that the Data Streamer has gone quiet; that it works again is published with its next post."""
    async with run.db.transaction() as transaction:
        kinds = await settle(transaction, run.organization_id, run.now())
    run.counted(seen=len(kinds))
