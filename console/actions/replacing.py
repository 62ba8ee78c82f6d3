"""A SIM's place goes to another SIM: its label, tags, note and custom fields. The SIM that had the place is disabled.

Label and status are 1NCE's, and change first; what people added moves with the step to `confirmed`, in its transaction.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.actions import reads
from console.actions.rules import OPEN
from console.actions.tables import actions
from console.errors import Conflict, Invalid
from console.facts.actions import ActionKind
from console.facts.sims import SimState
from console.sims import reads as sim_reads
from console.sims.annotations_rules import (
    MOST_FIELDS,
    AnnotationRefused,
    Annotations,
    checked_note,
    checked_tags,
)
from console.sims.annotations_writes import keep, locked
from console.sims.writes import touch
from console.store.database import Transaction

c = actions.c
STAYS = "Tags, note and custom fields of both do not fit together: they stay where they were."


def joined(old: SimState, new: SimState) -> Annotations:
    """What the new SIM has afterwards: its own and the old one's, which comes first. Raises AnnotationRefused."""
    notes = [note for note in (old.note, new.note) if note]
    fields = dict(sorted({**new.custom_fields, **old.custom_fields}.items()))
    if len(fields) > MOST_FIELDS:
        raise AnnotationRefused(f"A SIM has at most {MOST_FIELDS} custom fields; both together have {len(fields)}.")
    note = checked_note("\n".join(dict.fromkeys(notes)))
    return Annotations(tags=checked_tags([*old.tags, *new.tags]), note=note, custom_fields=fields, edits=new.edits + 1)


def lost(old: SimState, new: SimState) -> list[str]:
    """What the new SIM has of its own and would not keep."""
    found = [f"the label {new.label}"] if old.label and new.label and new.label != old.label else []
    return found + lost_fields(old, new)


def lost_fields(old: SimState, new: SimState) -> list[str]:
    """The custom fields that the new SIM has of its own and would not keep."""
    fields = ((name, new.custom_fields.get(name), value) for name, value in sorted(old.custom_fields.items()))
    return [f"{name} = {own}" for name, own, value in fields if own not in (None, value)]


async def may_replace(connection: AsyncConnection, organization_id: int, iccid: str, given: dict[str, Any]) -> None:
    """Raises Invalid or Conflict where the SIM can't be replaced by `given["by"]`.

    The caller holds the organization's lock on actions: one SIM is replaced once, and takes one other's place.
    """
    by = str(given["by"])
    old = await sim_reads.one(connection, organization_id, iccid)
    new = await sim_reads.one(connection, organization_id, by)
    if by == iccid:
        raise Invalid("A SIM can't be replaced by itself", by=by)
    if old is None or new is None or not new.watched:
        raise Invalid(f"Of your watched SIMs none has the ICCID {by}", by=by)
    if new.status == "disabled":
        raise Conflict(f"The SIM {by} is disabled: enable it first", by=by)
    both = [iccid, by]
    under_way = reads.concerning(organization_id, both, c.kind == ActionKind.REPLACE, c.state.in_(OPEN))
    if (other := (await connection.execute(under_way.limit(1))).scalar_one_or_none()) is not None:
        raise Conflict("One of both is being replaced, or replaces another, already", action=other)
    if (own := lost(old, new)) and not given["overwrite"]:
        said = ", ".join(own)[:300]
        raise Conflict(f"The SIM {by} would lose {said}: say that it may", repeat_with={"overwrite": True})
    joined(old, new)


def _given(old: SimState, new: SimState, *, overwrite: bool) -> Annotations | None:
    """What the new SIM has afterwards; None where both do not fit together, by what was given to one of them since."""
    if lost_fields(old, new) and not overwrite:
        return None
    try:
        return joined(old, new)
    except AnnotationRefused:
        return None


async def move(transaction: Transaction, which: "sa.ColumnElement[bool]", now: datetime) -> str | None:
    """If this action is a replacement, give the new SIM what people had added to the old one.

    Why the new one could not take it; None if it did.
    """
    wanted = sa.select(c.organization_id, c.iccid, c.parameters, c.requested_by)
    wanted = wanted.where(which, c.kind == ActionKind.REPLACE).with_for_update()
    action = (await transaction.connection.execute(wanted)).first()
    if action is None:
        return None
    organization_id, both = action.organization_id, (action.iccid, str(action.parameters["by"]))
    found = {iccid: await locked(transaction, organization_id, iccid) for iccid in sorted(both)}  # as everywhere
    old, new = (found[iccid] for iccid in both)
    given = _given(old, new, overwrite=action.parameters["overwrite"])
    if given is None:
        await touch(transaction, organization_id, both, now)
        return STAYS
    left = Annotations(note=f"Replaced by {new.iccid} on {now:%Y-%m-%d}.", edits=old.edits + 1)
    await keep(transaction, organization_id, new.iccid, given, action.requested_by, now)
    await keep(transaction, organization_id, old.iccid, left, action.requested_by, now)
    await touch(transaction, organization_id, both, now)
    return None
