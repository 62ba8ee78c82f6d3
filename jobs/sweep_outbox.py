"""Publishes facts and hands over job requests that a crash, or a Redis that was away or lost its data, left behind."""

from jobs.run import Run, for_installation


@for_installation
async def sweep_outbox(run: Run) -> None:
    """Normally there is nothing: each transaction publishes its own facts and hands over its own requests."""
    published = await run.db.relay.publish_waiting()
    handed_over = await run.db.requests.sweep(run.now())
    run.counted(seen=published + handed_over, changed=published + handed_over)
