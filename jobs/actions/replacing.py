"""A SIM is replaced by another: the other gets its label, and it is disabled. Both are read before and after."""

from typing import Any

from console.actions.rules import SendResult
from console.actions.sending_writes import Claim, Sent
from console.once.client import OnceClient
from console.once.errors import OnceError
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
    if (why := changed(old, new, parameters)) is not None:
        return Sent(result=SendResult.REFUSED, message=why)
    await gate()
    label = str(parameters["label"])
    if given := bool(label) and new.label != label:
        await run.client.commands.configure(new, label=label)
    try:
        await run.client.commands.configure(old, enabled=False, label="" if label else None)
    except OnceError as error:
        error.maybe_done |= given  # the half of it is done, whatever became of this request
        raise
    try:
        seen = await both(run.client, claimed.action.iccid, parameters)
    except OnceError:  # both have been done: what 1NCE shows of them is looked for later
        return Sent(result=SendResult.TAKEN, answer="200, 200")
    async with run.db.transaction() as transaction:
        await record_inventory(transaction, run.organization_id, [inventory_row(sim) for sim in seen], run.now())
    shown = is_replaced(*seen, parameters)
    return Sent(result=SendResult.SEEN if shown else SendResult.TAKEN, answer="200, 200")


async def both(client: OnceClient, iccid: str, parameters: dict[str, Any]) -> tuple[Sim, Sim]:
    """The SIM, and the one that takes its place, as 1NCE shows them."""
    return await client.sim(iccid, priority=NOW), await client.sim(str(parameters["by"]), priority=NOW)


def changed(old: Sim, new: Sim, parameters: dict[str, Any]) -> str | None:
    """Why a label that was given since it was asked for would be lost; None if none would be."""
    label = str(parameters["label"])
    if old.label not in (None, "", label):
        return f"The SIM {old.iccid} has got another label meanwhile: {old.label}."
    if label and new.label not in (None, "", label) and not parameters["overwrite"]:
        return f"The SIM {new.iccid} has got a label meanwhile: {new.label}."
    return None


def is_replaced(old: Sim, new: Sim, parameters: dict[str, Any]) -> bool:
    """Whether the one is disabled, and the other has the label that it had."""
    label = str(parameters["label"])
    return old.status == "disabled" and (not label or (new.label == label and not old.label))
