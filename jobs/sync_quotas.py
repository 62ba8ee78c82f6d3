"""Asks 1NCE what SIMs have left of data and SMS; what the records do not explain becomes derived usage."""

import asyncio
from collections.abc import Sequence

from console.once.models import Quota
from console.polling.rules import Kind
from console.quotas.writes import record_quotas
from console.streamer.reads import usage_streamer
from jobs.polling.poll import poll
from jobs.polling.rows import quota_row
from jobs.run import Run, by_organization

AT_ONCE = 3


@by_organization(needs_once=True)
async def sync_quotas(run: Run) -> None:
    """Data each half hour, if the calls suffice; SMS once a day, for that moves with messages alone."""
    services = _poll_quotas(run, "data", Kind.DATA_QUOTA), _poll_quotas(run, "sms", Kind.SMS_QUOTA)
    for found in await asyncio.gather(*services, return_exceptions=True):  # what one can't do is not the other's end
        if found is not None:
            raise found


async def _poll_quotas(run: Run, service: str, kind: Kind) -> None:
    ask = run.client.data_quota if service == "data" else run.client.sms_quota

    async def keep(batch: Sequence[tuple[str, Quota]]) -> int:
        rows = [row for iccid, quota in batch if (row := quota_row(iccid, service, quota)) is not None]
        now = run.now()
        async with run.db.transaction() as transaction:
            streamer = await usage_streamer(transaction.connection, run.organization_id, now)
            changed = await record_quotas(
                transaction, run.organization_id, rows, now, streamer_alive=streamer.alive, streamer_used=streamer.used
            )
        run.counted(failed=len(batch) - len(rows))
        return len(changed)

    await poll(run, kind, ask, keep, at_once=AT_ONCE)
