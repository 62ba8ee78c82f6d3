"""Numbers and seals the lines of the audit trail, and keeps each chain's head outside of the database too."""

from console.audit.chain import Head
from console.audit.condition import chain
from console.audit.heads import keep_head, kept_head
from console.audit.keys import audit_keys
from console.audit.verifying import holds
from console.audit.writes import seal_lines
from console.log import logger
from jobs.run import Run, for_installation


@for_installation
async def seal_audit(run: Run) -> None:
    """Until no line waits. The heads go into the log and to Redis: who can write to the database reaches neither."""
    while True:
        async with run.db.transaction() as transaction:
            heads = await seal_lines(transaction, audit_keys(run.worker.settings), run.now())
        if not heads:
            return
        for organization_id, head in heads.items():
            await _keep(run, organization_id, head)
            logger("audit").info("sealed", organization_id=organization_id, number=head.number, hmac=head.hmac.hex())
        run.counted(seen=len(heads), changed=len(heads))


async def _keep(run: Run, organization_id: int, head: Head) -> None:
    """Keep this head. If the one that was kept is missing, it stays: then every verification misses it, and one is due.

    Whoever removed the last lines has others sealed in their place, and must not be forgotten with those.
    """
    known = await kept_head(run.db.redis, organization_id)
    async with run.db.reading() as reading:
        if await holds(reading, organization_id, audit_keys(run.worker.settings), known):
            await keep_head(run.db.redis, organization_id, head)
            return
        noted = (await chain(reading, organization_id)).fault is not None
    logger("audit").error(
        "the audit trail does not hold", organization_id=organization_id, missing=known.number if known else 0
    )
    run.counted(failed=1)
    if not noted:
        async with run.db.transaction() as transaction:
            transaction.later("verify_audit", key="verify_audit")
