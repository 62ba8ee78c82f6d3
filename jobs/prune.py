"""Deletes what is older than its retention."""

from datetime import timedelta

from console.acting import Actor, ActorKind, acting
from console.audit import reads as audit_reads
from console.audit.chain import proof_of_pruning
from console.audit.keys import audit_keys
from console.audit.verifying import verify
from console.audit.writes import RETENTION as AUDIT_RETENTION
from console.audit.writes import prune_lines
from console.carrier.writes import prune_outages
from console.notifications.deliveries_writes import prune_deliveries
from console.reports.writes import prune_reports
from console.runs.writes import delete_runs
from console.sms.writes import delete_messages
from console.store.database import Database
from console.store.retention import drop_before
from console.streamer.posts_writes import prune_set_aside, prune_unknown
from console.streamer.writes import prune_silences
from jobs.owning import as_owner
from jobs.run import Run, for_installation

SERIES_RETENTION = {
    "usage_records": timedelta(days=730),
    "usage_hourly": timedelta(days=730),
    "network_events": timedelta(days=365),
    "status_history": timedelta(days=183),
    "fleet_samples": timedelta(days=183),
}
RUNS_RETENTION = timedelta(days=14)
UNKNOWN_RETENTION = timedelta(days=90)
MESSAGES_RETENTION = timedelta(days=365)
DELIVERIES_RETENTION = timedelta(days=90)


@for_installation
async def prune(run: Run) -> None:
    """In small steps, so that nobody waits for it. Daily sums of usage are kept for ever."""
    async with as_owner(run.worker) as db:
        await _prune(run, db)
        await _prune_audit(run, db)


async def _prune(run: Run, db: Database) -> None:
    for series, age in SERIES_RETENTION.items():
        gone = 1
        while gone:
            async with db.transaction() as transaction:
                gone = await drop_before(transaction, series, run.now() - age)
            run.counted(seen=gone, changed=gone)
    async with db.transaction() as transaction:
        gone = await delete_runs(transaction, run.now() - RUNS_RETENTION)
        gone += await prune_unknown(transaction, run.now() - UNKNOWN_RETENTION)
        gone += await prune_set_aside(transaction, run.now() - UNKNOWN_RETENTION)
        gone += await prune_silences(transaction, run.now() - SERIES_RETENTION["usage_records"])
        gone += await prune_outages(transaction, run.now() - SERIES_RETENTION["fleet_samples"])
        gone += await delete_messages(transaction, run.now() - MESSAGES_RETENTION)
        gone += await prune_deliveries(transaction, run.now() - DELIVERIES_RETENTION)
        gone += await prune_reports(transaction, run.now())
    run.counted(seen=gone, changed=gone)


async def _prune_audit(run: Run, db: Database) -> None:
    """A line proves where the trail begins from then on. Of one that does not hold nothing is deleted."""
    keys = audit_keys(run.worker.settings)
    async with db.reading() as reading:
        organizations = await audit_reads.chains(reading)
    for organization_id in organizations:
        async with db.transaction() as transaction:
            past = run.now() - AUDIT_RETENTION
            last = await audit_reads.last_before(transaction.connection, organization_id, past)
            if last is None or (await verify(transaction.connection, organization_id, keys)).fault is not None:
                continue
            actor = Actor(kind=ActorKind.JOB, name=run.job)
            async with acting(transaction, actor, "audit.prune", organization_id=organization_id) as act:
                proof = proof_of_pruning(next(iter(keys.values())), organization_id, last)
                act.after = {"number": last.number, "hmac": last.hmac.hex(), "proof": proof.hex()}
                gone = await prune_lines(transaction, organization_id, last)
        run.counted(seen=gone, changed=gone)
