"""Questions about saved views."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from console.sims.saved_views_rules import SavedView
from console.sims.saved_views_tables import default_views, saved_views

v, d = saved_views.c, default_views.c


def _query(
    organization_id: "int | sa.BindParameter[int]", user_id: "int | sa.BindParameter[int] | None"
) -> "sa.Select[Any]":
    """The views that this user has, their own and the shared ones; None: the shared ones."""
    user = 0 if user_id is None else user_id
    mine = sa.and_(d.organization_id == organization_id, d.user_id == user, d.saved_view_id == v.id)
    default = sa.exists().where(mine).label("default")
    columns = (v.id, v.name, v.query, v.user_id.is_(None).label("shared"), default, v.changed_by, v.changed_at)
    own = v.user_id.is_(None) if user_id is None else sa.or_(v.user_id.is_(None), v.user_id == user_id)
    return sa.select(*columns).where(v.organization_id == organization_id, own)


async def views(connection: AsyncConnection, organization_id: int, user_id: int | None) -> list[SavedView]:
    """A user's own views and the shared ones, by name."""
    return [SavedView(**row._mapping) for row in await connection.execute(views_query(organization_id, user_id))]


def views_query(
    organization_id: "int | sa.BindParameter[int]", user_id: "int | sa.BindParameter[int] | None"
) -> "sa.Select[Any]":
    """The SELECT of `views`. A parameter that is NULL asks for the shared ones."""
    return _query(organization_id, user_id).order_by(v.name, v.id)


async def views_of_users(
    connection: AsyncConnection, organization_id: int, users: Collection[int]
) -> dict[int, list[SavedView]]:
    """What `views` answers for each of these users, by one statement; `default` is not looked up."""
    own = sa.or_(v.user_id.is_(None), v.user_id.in_(users))
    columns = (v.id, v.name, v.query, v.user_id, v.changed_by, v.changed_at)
    query = sa.select(*columns).where(v.organization_id == organization_id, own).order_by(v.name, v.id)
    found: dict[int, list[SavedView]] = {user: [] for user in users}
    for row in await connection.execute(query):
        known = {name: value for name, value in row._mapping.items() if name != "user_id"}
        one = SavedView(**known, shared=row.user_id is None, default=False)
        for user in users if row.user_id is None else (row.user_id,):
            found[user].append(one)
    return found


async def view(connection: AsyncConnection, organization_id: int, user_id: int | None, number: int) -> SavedView | None:
    """One of these; None if the user has none with this number."""
    row = (await connection.execute(_query(organization_id, user_id).where(v.id == number))).first()
    return SavedView(**row._mapping) if row else None
