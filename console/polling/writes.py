"""Claims the SIMs to poll next: no SIM is claimed twice, however many workers claim."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from console.polling.rules import Kind
from console.polling.tables import slots
from console.sims.tables import checks, is_watched, sims
from console.store.bulk import rows_of
from console.store.database import Transaction


class PollSlot(Struct, frozen=True):
    """A SIM to poll, and when it was polled before."""

    iccid: str
    before: datetime


class ClaimedSlots(Struct, frozen=True):
    """The slots that were claimed; `exhausted` if no other SIM is due."""

    slots: list[PollSlot]
    exhausted: bool


async def claim_slots(
    transaction: Transaction,
    organization_id: int,
    kind: Kind,
    now: datetime,
    *,
    floor: float,
    limit: int,
    among: Sequence[str] | None = None,
) -> ClaimedSlots:
    """Claim up to `limit` SIMs: those polled longest ago, and at least `floor` seconds ago.

    `among` restricts it to these ICCIDs. A SIM of which 1NCE has posted a record within the floor, which 1NCE no
    longer lists or which is not watched, goes to the end of the queue without being returned.
    """
    if among is not None and not among:
        return ClaimedSlots([], exhausted=True)
    column = f"{kind}_at"
    slot, answered = slots.c[column], checks.c[column]
    moment = sa.literal(now, sa.DateTime(timezone=True))
    old = sa.literal(now - timedelta(seconds=floor), sa.DateTime(timezone=True))
    due = sa.select(slots.c.iccid, slot.label("before")).where(slots.c.organization_id == organization_id, slot < old)
    if among is not None:
        due = due.where(slots.c.iccid == sa.func.any(sa.literal(list(among), sa.ARRAY(sa.Text))))
    first = due.order_by(slot).limit(limit).with_for_update(skip_locked=True).cte("first")
    gone = sa.or_(sims.c.missing_walks >= 2, ~is_watched(sims))
    chosen = (
        sa.select(first.c.iccid, first.c.before, gone.label("gone"), answered.label("answered"))
        .select_from(
            first.join(
                sims, sa.and_(sims.c.organization_id == organization_id, sims.c.iccid == first.c.iccid)
            ).outerjoin(checks, sa.and_(checks.c.organization_id == organization_id, checks.c.iccid == first.c.iccid))
        )
        .cte("chosen")
    )
    fresh = sa.func.coalesce(chosen.c.answered > old, False)
    statement = (
        sa.update(slots)
        .values({column: sa.case((fresh, chosen.c.answered), else_=moment)})
        .where(slots.c.organization_id == organization_id, slots.c.iccid == chosen.c.iccid)
        .returning(slots.c.iccid, chosen.c.before, sa.or_(fresh, chosen.c.gone))
    )
    rows = sorted((await transaction.connection.execute(statement)).all(), key=lambda row: (row[1], row[0]))
    return ClaimedSlots(
        [PollSlot(iccid, before) for iccid, before, idle in rows if not idle], exhausted=len(rows) < limit
    )


async def release_slots(transaction: Transaction, organization_id: int, kind: Kind, unused: Sequence[PollSlot]) -> None:
    """Put SIMs that were claimed and not polled back to their place in the queue."""
    column = f"{kind}_at"
    rows = [{"iccid": slot.iccid, column: slot.before} for slot in unused]
    source = rows_of(slots, ("iccid", column), rows)
    mine = sa.and_(slots.c.organization_id == organization_id, slots.c.iccid == source.c.iccid)
    # Locked in the order of their keys: another kind's slots of the same SIMs may be released at the same time.
    chosen = sa.select(slots.c.iccid, source.c[column].label("before")).where(mine).order_by(slots.c.iccid)
    locked = chosen.with_for_update(of=slots).cte("locked")
    await transaction.connection.execute(
        sa.update(slots)
        .values({column: locked.c.before})
        .where(slots.c.organization_id == organization_id, slots.c.iccid == locked.c.iccid)
    )
