"""Changes of annotations: one after the other for each SIM, and published with the SIM's new state."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Changed, SimNotFound
from console.facts.sims import SimState
from console.sims import reads
from console.sims.annotations.rules import AnnotationChanges, Annotations, merged
from console.sims.annotations.tables import annotations
from console.sims.tables import sims
from console.sims.writes import touch
from console.store.database import Transaction


async def annotate(
    transaction: Transaction,
    organization_id: int,
    iccid: str,
    changes: AnnotationChanges,
    by: str,
    now: datetime,
    *,
    expected: int | None = None,
) -> Annotations:
    """Change a SIM's tags, note and custom fields; what they are now.

    Raises SimNotFound, AnnotationRefused, and Changed if `expected` is given and is not the number of edits so far.
    """
    sim = await locked(transaction, organization_id, iccid)
    current = Annotations(tags=sim.tags, note=sim.note, custom_fields=sim.custom_fields, edits=sim.edits)
    if expected is not None and expected != current.edits:
        raise Changed(
            "Somebody has changed this SIM's tags, note or custom fields meanwhile: look at them, then try again",
            edits=current.edits,
        )
    wanted = merged(current, changes)
    if wanted != current:
        await keep(transaction, organization_id, iccid, wanted, by, now)
        await touch(transaction, organization_id, [iccid], now)
    return wanted


async def locked(transaction: Transaction, organization_id: int, iccid: str) -> SimState:
    """The SIM as it is, and stays until the transaction ends. Raises SimNotFound."""
    known = sa.select(sims.c.iccid).where(sims.c.organization_id == organization_id, sims.c.iccid == iccid)
    if (await transaction.connection.execute(known.with_for_update())).first() is None:
        raise SimNotFound(iccid)
    (sim,) = await reads.many(transaction.connection, organization_id, [iccid])
    return sim


async def keep(
    transaction: Transaction, organization_id: int, iccid: str, wanted: Annotations, by: str, now: datetime
) -> None:
    """Store annotations, also those of a SIM that 1NCE has not confirmed yet."""
    values = {
        "tags": wanted.tags,
        "note": wanted.note,
        "custom_fields": wanted.custom_fields,
        "edits": wanted.edits,
        "edited_at": now,
        "edited_by": by,
    }
    statement = insert(annotations).values(organization_id=organization_id, iccid=iccid, **values)
    statement = statement.on_conflict_do_update(index_elements=["organization_id", "iccid"], set_=values)
    await transaction.connection.execute(statement)
