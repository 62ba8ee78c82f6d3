"""Asks 1NCE about one SIM because somebody asked: whether there is such a SIM, where it is, what it has left."""

from console.connectivity.writes import record_statuses
from console.once.errors import NotFound
from console.once.http.rate_limit import CallPriority
from console.once.models import Sim
from console.quotas.writes import record_quotas
from console.sims import watching_writes as watching
from console.sims.writes import record_inventory
from console.streamer.reads import usage_streamer
from jobs.polling.rows import inventory_row, quota_row, status_row
from jobs.run import Run, by_organization

COMMAND = CallPriority.COMMAND  # a person waits for the answers


@by_organization(needs_once=True, alone=False)
async def sync_sim(run: Run, iccid: str) -> None:
    """SYNC_CALLS calls, before any poll's; one for an ICCID unknown to 1NCE, which refuses what was asked for."""
    run.counted(seen=1)
    try:
        sim = await run.client.sim(iccid, priority=COMMAND)
    except NotFound as error:
        async with run.db.transaction() as transaction:
            await watching.refuse(transaction, run.organization_id, iccid, error.message, run.now())
        run.counted(failed=1)
        return
    changed = await _in_inventory(run, sim)
    asked_at = run.now()
    status = status_row(iccid, await run.client.status(iccid, priority=COMMAND), asked_at)
    async with run.db.transaction() as transaction:
        changed |= bool(await record_statuses(transaction, run.organization_id, [status], run.now(), "poll"))
    changed |= await _quotas(run, iccid)
    run.counted(changed=changed)


async def _in_inventory(run: Run, sim: Sim) -> bool:
    async with run.db.transaction() as transaction:
        changed = await record_inventory(transaction, run.organization_id, [inventory_row(sim)], run.now())
        await watching.end_requests(transaction, run.organization_id, [sim.iccid])
    return bool(changed)


async def _quotas(run: Run, iccid: str) -> bool:
    data = await run.client.data_quota(iccid, priority=COMMAND)
    answers = ("data", data), ("sms", await run.client.sms_quota(iccid, priority=COMMAND))
    rows = [row for service, quota in answers if (row := quota_row(iccid, service, quota)) is not None]
    now = run.now()
    async with run.db.transaction() as transaction:
        streamer = await usage_streamer(transaction.connection, run.organization_id, now)
        changed = await record_quotas(
            transaction, run.organization_id, rows, now, streamer_alive=streamer.alive, streamer_used=streamer.used
        )
    return bool(changed)
