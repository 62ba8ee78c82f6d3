"""The settings of a SIM are changed by one action after the other.

1NCE is sent all of them at once, as they were read just before: of two changes at the same time one would undo the
other, and enable again a SIM that was just disabled.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from console.actions import reads
from console.actions.tables import actions
from console.actions.writes import ask_for_sending
from console.facts.actions import ActionKind, ActionState
from console.store.database import Transaction
from console.store.locks import AdvisoryLock, transaction_lock

c = actions.c
SETTINGS = frozenset({ActionKind.STATUS, ActionKind.IMEI_LOCK, ActionKind.LABEL, ActionKind.REPLACE})
TRIED_AGAIN_AFTER = timedelta(seconds=1)


def others_at_work(organization_id: int, action_id: int, sims: Sequence[str]) -> "sa.CompoundSelect[Any]":
    """The id of another action that changes settings of one of these SIMs now."""
    sending = sa.and_(c.state == ActionState.SENDING.value, c.kind.in_([*SETTINGS]), c.id != action_id)
    return reads.concerning(organization_id, sims, sending).limit(1)


async def waits_for_its_turn(transaction: Transaction, organization_id: int, action_id: int, now: datetime) -> bool:
    """Whether another action changes settings of the same SIM now: then this one is due again in a moment.

    No other begins to change them before the transaction ends.
    """
    connection, mine = transaction.connection, sa.and_(c.organization_id == organization_id, c.id == action_id)
    query = sa.select(c.iccid, c.parameters["by"].astext.label("by")).where(mine, c.kind.in_([*SETTINGS]))
    row = (await connection.execute(query)).first()
    if row is None:
        return False
    sims = sorted({row.iccid, row.by or row.iccid})
    for iccid in sims:
        await connection.execute(transaction_lock(AdvisoryLock.SETTINGS, f"{organization_id}:{iccid}"))
    if (await connection.execute(others_at_work(organization_id, action_id, sims))).first() is None:
        return False
    due_at, unsent = now + TRIED_AGAIN_AFTER, c.state.in_([ActionState.HELD.value, ActionState.QUEUED.value])
    again = sa.update(actions).where(mine, unsent, c.due_at <= now).values(due_at=due_at)
    if (await connection.execute(again)).rowcount:
        ask_for_sending(transaction, organization_id, action_id, due_at)
    return True
