"""Tells what a crash, or a Redis that was away, left untold."""

from jobs.run import Run, for_the_house


@for_the_house
async def sweep_outbox(run: Run) -> None:
    """Normally there is nothing: each transaction tells its own facts."""
    told = await run.db.teller.tell()
    run.counted(seen=told, changed=told)
