"""Gives SIMs their turns, so that no two who ask give the same one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from console.polling.rules import Kind
from console.polling.tables import turns
from console.sims.tables import checks, sims
from console.store.bulk import rows_of
from console.store.database import Transaction


class Turn(Struct, frozen=True):
    """A SIM to ask about, and when its turn was before this one."""

    iccid: str
    before: datetime


class Taken(Struct, frozen=True):
    """The turns that were given; `exhausted` if nobody else is due."""

    turns: list[Turn]
    exhausted: bool


async def take_turns(
    transaction: Transaction,
    organization_id: int,
    kind: Kind,
    now: datetime,
    *,
    floor: float,
    limit: int,
    among: Sequence[str] | None = None,
) -> Taken:
    """Give up to `limit` SIMs their turn: those whose last one was longest ago, and at least `floor` seconds.

    `among` restricts it to these ICCIDs. A SIM that 1NCE has told of by itself within the floor has had its turn by
    that, and one that 1NCE no longer lists has it for nothing.
    """
    if among is not None and not among:
        return Taken([], exhausted=True)
    column = f"{kind}_at"
    turn, answered = turns.c[column], checks.c[column]
    moment = sa.literal(now, sa.DateTime(timezone=True))
    old = sa.literal(now - timedelta(seconds=floor), sa.DateTime(timezone=True))
    due = sa.select(turns.c.iccid, turn.label("before")).where(turns.c.organization_id == organization_id, turn < old)
    if among is not None:
        due = due.where(turns.c.iccid == sa.func.any(sa.literal(list(among), sa.ARRAY(sa.Text))))
    first = due.order_by(turn).limit(limit).with_for_update(skip_locked=True).cte("first")
    chosen = (
        sa.select(first.c.iccid, first.c.before, (sims.c.missing_walks >= 2).label("gone"), answered.label("answered"))
        .select_from(
            first.join(
                sims, sa.and_(sims.c.organization_id == organization_id, sims.c.iccid == first.c.iccid)
            ).outerjoin(checks, sa.and_(checks.c.organization_id == organization_id, checks.c.iccid == first.c.iccid))
        )
        .cte("chosen")
    )
    fresh = sa.func.coalesce(chosen.c.answered > old, False)
    statement = (
        sa.update(turns)
        .values({column: sa.case((fresh, chosen.c.answered), else_=moment)})
        .where(turns.c.organization_id == organization_id, turns.c.iccid == chosen.c.iccid)
        .returning(turns.c.iccid, chosen.c.before, sa.or_(fresh, chosen.c.gone))
    )
    rows = sorted((await transaction.connection.execute(statement)).all(), key=lambda row: (row[1], row[0]))
    return Taken([Turn(iccid, before) for iccid, before, idle in rows if not idle], exhausted=len(rows) < limit)


async def give_back(transaction: Transaction, organization_id: int, kind: Kind, unused: Sequence[Turn]) -> None:
    """These were given turns and not asked about: they stand again where they stood."""
    column = f"{kind}_at"
    rows = [{"iccid": turn.iccid, column: turn.before} for turn in unused]
    source = rows_of(turns, ("iccid", column), rows)
    mine = sa.and_(turns.c.organization_id == organization_id, turns.c.iccid == source.c.iccid)
    # Locked in the order of their keys: another kind's turns of the same SIMs may be given back at this moment.
    chosen = sa.select(turns.c.iccid, source.c[column].label("before")).where(mine).order_by(turns.c.iccid)
    locked = chosen.with_for_update(of=turns).cte("locked")
    await transaction.connection.execute(
        sa.update(turns)
        .values({column: locked.c.before})
        .where(turns.c.organization_id == organization_id, turns.c.iccid == locked.c.iccid)
    )
