"""Notes what kinds of record the Data Streamer has just brought."""

from collections.abc import Collection

from console.streamer.writes import note_posts
from jobs.run import Run


async def note_stream(run: Run, kinds: Collection[str]) -> None:
    """Records of these kinds, "event" or "usage", have come just now."""
    if kinds:
        async with run.db.transaction() as transaction:
            await note_posts(transaction, run.organization_id, kinds, run.now())
