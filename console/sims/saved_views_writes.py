"""Changes of saved views."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, Invalid, NotFound
from console.sims.saved_views_rules import MOST_VIEWS, checked_name, checked_query
from console.sims.saved_views_tables import default_views, saved_views
from console.store.database import Transaction

v, d = saved_views.c, default_views.c


async def put_view(
    transaction: Transaction,
    organization_id: int,
    user_id: int | None,
    name: str,
    query: str,
    by: str,
    now: datetime,
    number: int | None = None,
) -> int:
    """Save a view, or change the one with this number; its number. `user_id`: whose own it is; None: shared.

    Raises Invalid for a name or query that can't be, or too many, Conflict for a name that another has, NotFound.
    """
    values: dict[str, Any] = {"user_id": user_id, "name": checked_name(name), "query": checked_query(query)}
    values |= {"changed_by": by, "changed_at": now}
    same_owner = v.user_id.is_not_distinct_from(user_id)
    beside = sa.and_(v.organization_id == organization_id, same_owner, v.id != (number or 0))
    names = (await transaction.connection.execute(sa.select(v.name).where(beside))).scalars().all()
    if values["name"] in names:
        raise Conflict("Another view has this name", name=values["name"])
    if len(names) >= MOST_VIEWS:
        raise Invalid(f"At most {MOST_VIEWS} views")
    if number is None:
        statement = insert(saved_views).values(organization_id=organization_id, **values).on_conflict_do_nothing()
        made = (await transaction.connection.execute(statement.returning(v.id))).scalar_one_or_none()
        if made is None:
            raise Conflict("Another view has this name", name=values["name"])
        return int(made)
    which = sa.and_(v.organization_id == organization_id, v.id == number)
    changed = await transaction.connection.execute(sa.update(saved_views).where(which).values(values))
    if not changed.rowcount:
        raise NotFound("There is no such view", saved_view=number)
    return number


async def remove_view(transaction: Transaction, organization_id: int, number: int) -> None:
    """Remove a view; it is nobody's default any more. Raises NotFound."""
    statement = sa.delete(saved_views).where(v.organization_id == organization_id, v.id == number)
    if not (await transaction.connection.execute(statement)).rowcount:
        raise NotFound("There is no such view", saved_view=number)


async def put_default(transaction: Transaction, organization_id: int, user_id: int, number: int | None) -> None:
    """The view that this user's list of SIMs opens with from now on; None: all SIMs."""
    mine = sa.and_(d.organization_id == organization_id, d.user_id == user_id)
    await transaction.connection.execute(sa.delete(default_views).where(mine))
    if number is not None:
        row = {"organization_id": organization_id, "user_id": user_id, "saved_view_id": number}
        await transaction.connection.execute(insert(default_views).values(row).on_conflict_do_nothing())
