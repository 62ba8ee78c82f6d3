"""A SIM is replaced by another: the other gets its label, and it is disabled. Both are read before and after."""

from typing import Any

from console.actions.rules import SendResult
from console.actions.sending_writes import Claim, Sent
from console.once.client import OnceClient
from console.once.http.rate_limit import CallPriority
from console.once.models import Sim
from console.sims.writes import record_inventory
from jobs.actions.gate import Gate
from jobs.polling.rows import inventory_row
from jobs.run import Run

NOW = CallPriority.COMMAND


async def replace(run: Run, claimed: Claim, gate: Gate, taken: list[str]) -> Sent:
    """What both have already is not sent. The other SIM gets the label first: no place is ever without a SIM."""
    parameters = claimed.action.parameters
    old, new = await both(run.client, claimed.action.iccid, parameters)
    if is_replaced(old, new, parameters):
        return Sent(result=SendResult.SEEN, message="It was so already.")
    if new.status != "enabled":
        return Sent(result=SendResult.REFUSED, message=f"1NCE calls the SIM {new.iccid} {new.status or 'nothing'}.")
    await gate()
    label = str(parameters["label"])
    if label and new.label != label:
        await run.client.commands.configure(new, label=label)
    await run.client.commands.configure(old, enabled=False, label="" if label else None)
    seen = await both(run.client, claimed.action.iccid, parameters)
    async with run.db.transaction() as transaction:
        await record_inventory(transaction, run.organization_id, [inventory_row(sim) for sim in seen], run.now())
    shown = is_replaced(*seen, parameters)
    return Sent(result=SendResult.SEEN if shown else SendResult.TAKEN, answer="200, 200")


async def both(client: OnceClient, iccid: str, parameters: dict[str, Any]) -> tuple[Sim, Sim]:
    """The SIM, and the one that takes its place, as 1NCE shows them."""
    return await client.sim(iccid, priority=NOW), await client.sim(str(parameters["by"]), priority=NOW)


def is_replaced(old: Sim, new: Sim, parameters: dict[str, Any]) -> bool:
    """Whether the one is disabled, and the other has the label that it had."""
    label = str(parameters["label"])
    return old.status == "disabled" and (not label or (new.label == label and not old.label))
