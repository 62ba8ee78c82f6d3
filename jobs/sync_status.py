"""Asks 1NCE where SIMs are on the network, all through the minute: more often those on a screen and those that move."""

from collections.abc import Sequence

from console.connectivity.writes import record_statuses
from console.polling.rules import Kind
from console.store.bulk import Row
from jobs.polling.poll import poll
from jobs.polling.rows import status_row
from jobs.run import Run, by_organization

AT_ONCE = 8


@by_organization(needs_once=True)
async def sync_status(run: Run) -> None:
    """Each answer is written within half a second, and published when it is committed."""

    async def ask(iccid: str) -> Row:
        asked_at = run.now()
        return status_row(iccid, await run.client.status(iccid), asked_at)

    async def keep(batch: Sequence[tuple[str, Row]]) -> int:
        async with run.db.transaction() as transaction:
            rows = [row for _, row in batch]
            return len(await record_statuses(transaction, run.organization_id, rows, run.now(), "poll"))

    await poll(run, Kind.STATUS, ask, keep, at_once=AT_ONCE)
