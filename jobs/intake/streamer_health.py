"""Notes what kinds of record the Data Streamer has just brought."""

from collections.abc import Mapping
from datetime import datetime

from console.streamer.writes import note_posts
from jobs.run import Run


async def note_stream(run: Run, came: Mapping[str, datetime]) -> None:
    """When records of these kinds, "event" or "usage", last came."""
    if came:
        async with run.db.transaction() as transaction:
            await note_posts(transaction, run.organization_id, came, run.now())
