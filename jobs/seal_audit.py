"""Numbers and seals the lines of the audit trail, and keeps each chain's head outside of the database too."""

from console.audit.heads import keep_head
from console.audit.keys import audit_keys
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
            await keep_head(run.db.redis, organization_id, head)
            logger("audit").info("sealed", organization_id=organization_id, number=head.number, hmac=head.hmac.hex())
        run.counted(seen=len(heads), changed=len(heads))
