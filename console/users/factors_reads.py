"""Questions about second factors."""

from datetime import datetime

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.organizations.sealing import unseal
from console.users.codes import SET_UP_LASTS, step_of
from console.users.tables import passkeys, recovery_codes, second_factors, users


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


async def recovery_codes_left(connection: AsyncConnection, user_id: int) -> int:
    """How many recovery codes the user has not used."""
    query = sa.select(sa.func.count()).where(recovery_codes.c.user_id == user_id)
    return int((await connection.execute(query)).scalar_one())


class Passkey(Struct, frozen=True, kw_only=True):
    """A passkey as its user sees it."""

    id: int
    name: str
    host: str
    created_at: datetime
    last_used_at: datetime | None


class KnownPasskey(Struct, frozen=True, kw_only=True):
    """A passkey, for whoever checks an answer of it: an enabled user's."""

    id: int
    user_id: int
    user: str
    name: str
    user_handle: bytes
    public_key: bytes
    uses: int


def proves(user_id: "sa.ColumnElement[int]") -> "sa.ColumnElement[bool]":
    """Whether a user has a second factor: an application that is confirmed, or a passkey."""
    f = second_factors.c
    application = sa.select(f.user_id).where(f.user_id == user_id, f.confirmed_at.is_not(None)).exists()
    return application | sa.select(passkeys.c.id).where(passkeys.c.user_id == user_id).exists()


async def has_second_factor(connection: AsyncConnection, user_id: int) -> bool:
    """Whether this user must give a second factor to sign in."""
    return bool((await connection.execute(sa.select(proves(sa.literal(user_id))))).scalar())


async def passkeys_of(connection: AsyncConnection, user_id: int) -> list[Passkey]:
    """The user's passkeys, the newest first."""
    c = passkeys.c
    query = sa.select(c.id, c.name, c.host, c.created_at, c.last_used_at).where(c.user_id == user_id)
    return [Passkey(**row._mapping) for row in await connection.execute(query.order_by(c.id.desc()))]


async def handle_of(connection: AsyncConnection, user_id: int) -> tuple[bytes | None, list[bytes]]:
    """What authenticators know this user by, None before the first passkey; and the ids of those they have."""
    query = sa.select(passkeys.c.user_handle, passkeys.c.credential_id).where(passkeys.c.user_id == user_id)
    found = (await connection.execute(query)).all()
    return (found[0].user_handle if found else None), [row.credential_id for row in found]


async def passkey_of(connection: AsyncConnection, credential_id: bytes) -> KnownPasskey | None:
    """The passkey with this id of an enabled user; None if there is none."""
    c = passkeys.c
    columns = (c.id, c.user_id, users.c.name.label("user"), c.name, c.user_handle, c.public_key, c.uses)
    query = sa.select(*columns).join(users, users.c.id == c.user_id)
    found = await connection.execute(query.where(c.credential_id == credential_id, users.c.disabled_at.is_(None)))
    return KnownPasskey(**row._mapping) if (row := found.first()) else None


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
