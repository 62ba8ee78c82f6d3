"""Posts a heartbeat to an address outside while alerts are judged: whoever watches there finds that they are not."""

from console.notifications import webhook
from console.notifications.deliveries_rules import AttemptOutcome
from console.reports.heartbeats import heartbeat_due, heartbeat_url
from console.reports.writes import note_heartbeat
from console.unicode_text import visible
from jobs.run import Run, by_organization

HEADERS = {"User-Agent": "sim-console", "Accept-Encoding": "identity"}


async def work_waits(run: Run) -> bool:
    """Whether one is set, and alerts were judged lately."""
    async with run.db.reading() as connection:
        return await heartbeat_due(connection, run.organization_id, run.now())


@by_organization(needs_once=False, work_waits=work_waits)
async def send_heartbeat(run: Run) -> None:
    """One, to a public address, without redirects; the next is a minute later, however this one ended."""
    settings = run.worker.settings
    async with run.db.reading() as connection:
        if not await heartbeat_due(connection, run.organization_id, run.now()):
            return
        url = await heartbeat_url(connection, settings.secret_key, run.organization_id)
    if url is None:
        return
    client = await webhook.new_client()
    try:
        ended = await webhook.post_bytes(client, url, HEADERS, b"", settings, run.now())
    finally:
        await client.aclose()
    taken = ended.outcome is AttemptOutcome.DELIVERED
    said = visible(ended.answer[:300], " ")
    async with run.db.transaction() as transaction:
        await note_heartbeat(transaction, run.organization_id, None if taken else said, run.now())
    run.counted(seen=1, changed=int(taken), failed=int(not taken))
