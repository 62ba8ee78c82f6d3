"""Changes of who is on call, and of what priorities mean."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from msgspec import to_builtins
from sqlalchemy.dialects.postgresql import insert

from console.errors import Changed, Invalid
from console.notifications.on_call import PrioritySetting, Rota, check_priorities, check_rota
from console.notifications.on_call_reads import settings_of
from console.notifications.reads import channels_of
from console.notifications.tables import on_call, on_call_overrides
from console.store.database import Transaction

o, v = on_call.c, on_call_overrides.c


async def put_rota(transaction: Transaction, organization_id: int, rota: Rota, *, expected: int | None = None) -> None:
    """Who is on call from now on; whoever is not in the order any more stands in for nobody.

    Raises Invalid, and Changed if `expected` is given and is not how often the order was set so far.
    """
    check_rota(rota)
    known = await channels_of(transaction.connection, organization_id)
    if unknown := {one.channel_id for one in rota.people} - {one.id for one in known}:
        raise Invalid("There is no such channel", channel_ids=sorted(unknown)[:20])
    row = sa.select(o.rota_revision).where(o.organization_id == organization_id).with_for_update()
    await _put_on_call(transaction, organization_id)
    present = (await transaction.connection.execute(row)).scalar_one()
    if expected not in (None, present):
        raise Changed(
            "Somebody has changed the order since you read it: look at it, then try again", rota_revision=present
        )
    await _put_on_call(transaction, organization_id, rota=to_builtins(rota), rota_revision=present + 1)
    gone = v.name.not_in([one.name for one in rota.people])
    await transaction.connection.execute(sa.delete(on_call_overrides).where(v.organization_id == organization_id, gone))


async def put_priorities(transaction: Transaction, organization_id: int, settings: Sequence[PrioritySetting]) -> None:
    """What each priority does from now on. Raises Invalid."""
    check_priorities(settings)
    kept = sorted(settings, key=lambda one: one.priority)
    await _put_on_call(transaction, organization_id, priorities=to_builtins(kept))


async def _put_on_call(transaction: Transaction, organization_id: int, **values: object) -> None:
    new = insert(on_call).values(organization_id=organization_id, **values)
    if values:
        kept = new.on_conflict_do_update(index_elements=["organization_id"], set_=values)
    else:
        kept = new.on_conflict_do_nothing()
    await transaction.connection.execute(kept)


async def put_override(transaction: Transaction, organization_id: int, day: date, name: str | None, by: str) -> None:
    """Who is on call on that day in place of the usual person; None: nobody. Raises Invalid."""
    mine = sa.delete(on_call_overrides).where(v.organization_id == organization_id, v.day == day)
    await transaction.connection.execute(mine)
    if name is None:
        return
    rota, _ = await settings_of(transaction.connection, organization_id)
    if name not in {one.name for one in (rota.people if rota else [])}:
        raise Invalid("Only somebody of the order can stand in", name=name[:100])
    values = {"organization_id": organization_id, "day": day, "name": name, "set_by": by}
    await transaction.connection.execute(sa.insert(on_call_overrides).values(values))
