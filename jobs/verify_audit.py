"""Looks every night whether the audit trail is as it was sealed."""

from console.audit.heads import kept_head
from console.audit.keys import audit_keys
from console.audit.reads import chains
from console.audit.verifying import verify
from console.audit.writes import keep_verification
from console.log import logger
from jobs.run import Run, for_installation


@for_installation
async def verify_audit(run: Run) -> None:
    """All lines of all organizations. What is found stands on the page of the audit trail, and in the log."""
    async with run.db.reading() as reading:
        organizations = await chains(reading)
    for organization_id in organizations:
        known = await kept_head(run.db.redis, organization_id)
        async with run.db.reading() as reading:
            found = await verify(reading, organization_id, audit_keys(run.worker.settings), [known] if known else [])
        if found.fault:
            logger("audit").error("the audit trail does not hold", organization_id=organization_id, fault=found.fault)
        async with run.db.transaction() as transaction:
            await keep_verification(transaction, found, run.now())
        run.counted(seen=found.number, failed=1 if found.fault else 0)
