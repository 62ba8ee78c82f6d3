"""Questions about second factors."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.organizations.sealing import unseal
from console.users.factors.codes import SET_UP_LASTS, step_of
from console.users.factors.tables import recovery_codes, second_factors


class SecondFactor(Struct, frozen=True, kw_only=True):
    """A user's second factor, as they see it on their own page."""

    confirmed_at: datetime | None  # null: it has been begun, and does not count yet
    recovery_codes: int  # that are left


async def second_factor_of(connection: AsyncConnection, user_id: int) -> SecondFactor | None:
    """The user's second factor, confirmed or not; None without one."""
    left = sa.select(sa.func.count()).where(recovery_codes.c.user_id == user_id).scalar_subquery()
    query = sa.select(second_factors.c.confirmed_at, left.label("recovery_codes"))
    row = (await connection.execute(query.where(second_factors.c.user_id == user_id))).first()
    return SecondFactor(**row._mapping) if row else None


async def has_second_factor(connection: AsyncConnection, user_id: int) -> bool:
    """Whether this user must give a second factor to sign in."""
    found = await second_factor_of(connection, user_id)
    return found is not None and found.confirmed_at is not None


async def unconfirmed_secret(connection: AsyncConnection, secret_key: str, user_id: int, now: datetime) -> str | None:
    """The secret of a second factor that was begun within SET_UP_LASTS and not confirmed; None without one.

    For its user alone.
    """
    c = second_factors.c
    query = sa.select(c.secret_sealed).where(c.user_id == user_id, c.confirmed_at.is_(None))
    query = query.where(c.created_at > now - SET_UP_LASTS)
    return unseal(secret_key, (await connection.execute(query)).scalar())


async def accepted_step(
    connection: AsyncConnection, secret_key: str, user_id: int, code: str, now: datetime
) -> int | None:
    """The time step of this code, if it is one of the user's application, used before or not; None for any other."""
    query = sa.select(second_factors.c.secret_sealed).where(second_factors.c.user_id == user_id)
    secret = unseal(secret_key, (await connection.execute(query)).scalar())
    return step_of(secret, code, now) if secret is not None else None
