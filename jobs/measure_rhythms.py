"""Measures how often each SIM is in contact, by its network events, movements and use of the last four weeks."""

from console.alert_rules import writes
from console.sims.watching_reads import iccids_after
from jobs.run import Run, by_organization

AT_ONCE = 1_000


@by_organization(needs_once=False)
async def measure_rhythms(run: Run) -> None:
    """Some thousand SIMs in a transaction, so that nobody waits for it."""
    last = ""
    while True:
        async with run.db.reading() as connection:
            iccids = await iccids_after(connection, run.organization_id, last, limit=AT_ONCE)
        if not iccids:
            return
        async with run.db.transaction() as transaction:
            changed = await writes.measure_rhythms(transaction, run.organization_id, iccids, run.now())
        run.counted(seen=len(iccids), changed=changed)
        last = iccids[-1]
