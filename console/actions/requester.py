"""Whoever asked for an action, as they are now: what waits is not done for who may not ask for it any more."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions.tables import actions
from console.api_keys.reads import callers_of_keys
from console.facts.actions import ActionKind
from console.members.reads import caller_of_member
from console.organizations.rules import Caller, Permission

# For one SIM; what is not here needs SIMS_ACT.
NEEDED: Mapping[ActionKind, Permission] = {
    ActionKind.TOP_UP: Permission.SIMS_SPEND,
    ActionKind.SMS: Permission.SMS_SEND,
    ActionKind.CANCEL_SMS: Permission.SMS_SEND,
}
c = actions.c


def needed(kind: ActionKind) -> Permission:
    """The permission to ask for such an action."""
    return NEEDED.get(kind, Permission.SIMS_ACT)


async def requester_of(connection: AsyncConnection, organization_id: int, handle: str, now: datetime) -> Caller | None:
    """Whoever asked for it, as they are now; None if the member is disabled or gone, or the key has ended."""
    kind, _, number = handle.partition(":")
    if kind == "key":
        found = (await callers_of_keys(connection, [int(number)], now)).get(int(number))
        return found if found is not None and found.organization_id == organization_id else None
    return await caller_of_member(connection, organization_id, int(number))


async def ended_rights(connection: AsyncConnection, organization_id: int, action_id: int, now: datetime) -> str | None:
    """Why an action is not sent, if whoever asked for it may not ask for it any more; None if they may."""
    query = sa.select(c.caller, c.kind, c.requested_by).where(c.organization_id == organization_id, c.id == action_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return None
    requester = await requester_of(connection, organization_id, row.caller, now)
    if requester is not None and requester.may(needed(ActionKind(row.kind))):
        return None
    return f"{row.requested_by} may not do this any more."
