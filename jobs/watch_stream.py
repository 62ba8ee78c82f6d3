"""Looks whether the Data Streamer still brings what polling finds, and counts the SIMs whose books do not agree."""

from console import metrics
from console.quotas.differences import count
from console.streamer.rules import StreamState
from console.streamer.writes import settle
from jobs.run import Run, by_organization


@by_organization(needs_once=False)
async def watch_stream(run: Run) -> None:
    """A stream that has gone quiet is told once; that it is back, the next post tells."""
    async with run.db.transaction() as transaction:
        heard = await settle(transaction, run.organization_id, run.now())
    async with run.db.reading() as connection:
        differing = await count(connection, run.organization_id)
    organization = str(run.organization_id)
    for one in heard:
        metrics.stream_missed.labels(organization, one.kind).set(one.state == StreamState.MISSED)
    metrics.quota_differences.labels(organization).set(differing)
    run.counted(seen=len(heard))
