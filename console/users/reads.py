"""Questions about users."""

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.users.tables import identities, users


class KnownUser(Struct, frozen=True, kw_only=True):
    """An enabled user, for whoever checks the password."""

    id: int
    name: str
    password_hash: str | None  # None: they sign in by the identity provider alone


async def by_name(connection: AsyncConnection, name: str) -> KnownUser | None:
    """The enabled user with this name, or None."""
    query = sa.select(users.c.id, users.c.name, users.c.password_hash).where(
        users.c.name == name.lower(), users.c.disabled_at.is_(None)
    )
    row = (await connection.execute(query)).first()
    return KnownUser(**row._mapping) if row else None


async def id_of(connection: AsyncConnection, name: str) -> int | None:
    """The user with this name, disabled or not; None if there is none."""
    found: int | None = (
        await connection.execute(sa.select(users.c.id).where(users.c.name == name.strip().lower()))
    ).scalar()
    return found


class IdentifiedUser(Struct, frozen=True, kw_only=True):
    """A user whom the identity provider knows."""

    id: int
    name: str
    disabled: bool


async def by_identity(connection: AsyncConnection, issuer: str, subject: str) -> IdentifiedUser | None:
    """The user with this identity, disabled or not; None if there is none yet."""
    i, u = identities.c, users.c
    query = (
        sa.select(u.id, u.name, u.disabled_at.is_not(None).label("disabled"))
        .join(identities, i.user_id == u.id)
        .where(i.issuer == issuer, i.subject == subject)
    )
    row = (await connection.execute(query)).first()
    return IdentifiedUser(**row._mapping) if row else None


async def has_password(connection: AsyncConnection, user_id: int) -> bool:
    """Whether this user has a password here; who signs in by the identity provider alone has none."""
    query = sa.select(users.c.password_hash.is_not(None)).where(users.c.id == user_id)
    return bool((await connection.execute(query)).scalar())


async def mail_address_of(connection: AsyncConnection, user_id: int) -> str | None:
    """Where a link for a new password is mailed to this user; None if they have not said."""
    query = sa.select(users.c.mail_address).where(users.c.id == user_id)
    found: str | None = (await connection.execute(query)).scalar()
    return found


async def linked_issuer(connection: AsyncConnection, user_id: int) -> str | None:
    """The identity provider that signs this user in; None without one."""
    query = sa.select(identities.c.issuer).where(identities.c.user_id == user_id).order_by(identities.c.issuer).limit(1)
    found: str | None = (await connection.execute(query)).scalar()
    return found


async def has_identity(connection: AsyncConnection, user_id: int) -> bool:
    """Whether an identity provider knows this user."""
    query = sa.select(identities.c.user_id).where(identities.c.user_id == user_id).limit(1)
    return (await connection.execute(query)).first() is not None
