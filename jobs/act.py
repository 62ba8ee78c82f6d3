"""Sends one action to 1NCE: what spends money or reaches the device at most once."""

from console.actions.sending_writes import claim
from jobs.actions.recording import record
from jobs.actions.sending import send
from jobs.run import Run, by_organization


@by_organization(needs_once=True, alone=False)
async def act(run: Run, action_id: int) -> None:
    """Claim it, send it, record the outcome. An action that is not due, has ended or is another's is left alone."""
    async with run.db.transaction() as transaction:
        claimed = await claim(transaction, run.organization_id, action_id, run.now())
    if claimed is None:
        return
    run.counted(seen=1)
    sent = await send(run, claimed)
    action = await record(run, claimed, sent)
    run.counted(changed=int(action is not None))
