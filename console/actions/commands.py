"""An action is asked for within a command: its audit line says what, and which action was made of it."""

from datetime import UTC, datetime, timedelta

from msgspec import structs

from console.acting import Act
from console.actions import requests, writes
from console.actions.approvals import rule_of
from console.actions.approving import GOOD_FOR, roles_needed, why_needed
from console.actions.bulk.writes import add_approval
from console.actions.requests import Asked
from console.actions.rules import SPENDING
from console.carrier.products import top_up_price
from console.errors import NotAllowed
from console.facts.actions import Action, ActionKind, ActionState
from console.organizations.rules import Caller, Permission
from console.settings import Settings
from console.store.database import Transaction


async def ask(
    transaction: Transaction, act: Act, caller: Caller, asked: Asked, key: str, settings: Settings
) -> tuple[Action, bool]:
    """The action, and whether the key had made it before. Raises as `requests` and `writes.request` do.

    Raises NotAllowed for a replacement by who may not change tags and notes. Where a second person's approval is
    needed, it is asked for; then a reason that says nothing is Invalid.
    """
    if asked.kind is ActionKind.REPLACE and not caller.may(Permission.SIMS_WRITE):
        raise NotAllowed(f"This needs the permission {Permission.SIMS_WRITE} too")
    now, undo = datetime.now(UTC), timedelta(seconds=settings.undo_seconds)
    checked = requests.checked_key(key)
    rule, price = await rule_of(transaction.connection, caller.organization_id), None
    if rule.by_price is not None and asked.kind in SPENDING:
        price = (await top_up_price(transaction.connection, caller.organization_id, now)).amount_minor
    why = why_needed(rule, asked.kind, 1, price)
    waits = structs.replace(asked, approval_until=now + GOOD_FOR if why else None)
    action, replayed = await writes.request(transaction, caller, waits, checked, now, undo=undo)
    if why and not replayed and action.state == ActionState.AWAITING_APPROVAL:
        roles = roles_needed(rule, asked.kind, price)
        await add_approval(transaction, caller, why, asked.reason, now, roles=roles, action=action)
    act.after = {"action": action.id, "replayed": replayed, "reason": asked.reason, **asked.parameters}
    if asked.kind is ActionKind.REPLACE:  # a line for the other SIM too, in its trail
        act.each = [(str(asked.parameters["by"]), {}, {"action": action.id, "replaces": asked.iccid})]
    return action, replayed
