"""Questions about who is asking."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.auth.rules import Caller, Role, hashed
from console.auth.tables import api_keys, sessions, users
from console.organizations.tables import organizations


class User(Struct, frozen=True, kw_only=True):
    """A user as an administrator sees them."""

    id: int
    organization_id: int
    name: str
    role: str
    created_at: datetime
    disabled_at: datetime | None
    last_sign_in_at: datetime | None


class ApiKey(Struct, frozen=True, kw_only=True):
    """An API key as an administrator sees it: never the secret."""

    id: int
    organization_id: int
    name: str
    role: str
    prefix: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def password_of(connection: AsyncConnection, name: str) -> tuple[int, str] | None:
    """Id and stored password of an enabled user, or None."""
    query = sa.select(users.c.id, users.c.password_hash).where(
        users.c.name == name.lower(), users.c.disabled_at.is_(None)
    )
    row = (await connection.execute(query)).first()
    return (row.id, row.password_hash) if row else None


def _sessions(now: datetime) -> "sa.Select[Any]":
    return (
        sa.select(users, organizations.c.name.label("organization"), sessions.c.id_hash, sessions.c.seen_at)
        .join(users, users.c.id == sessions.c.user_id)
        .join(organizations, organizations.c.id == users.c.organization_id)
        .where(sessions.c.expires_at > now, users.c.disabled_at.is_(None))
    )


def _keys() -> "sa.Select[Any]":
    return (
        sa.select(api_keys, organizations.c.name.label("organization"))
        .join(organizations, organizations.c.id == api_keys.c.organization_id)
        .where(api_keys.c.revoked_at.is_(None))
    )


def _person(row: "sa.Row[Any]") -> Caller:
    return Caller(
        organization_id=row.organization_id,
        organization=row.organization,
        name=row.name,
        role=Role(row.role),
        user_id=row.id,
    )


def _program(row: "sa.Row[Any]") -> Caller:
    return Caller(
        organization_id=row.organization_id,
        organization=row.organization,
        name=row.name,
        role=Role(row.role),
        key_id=row.id,
    )


async def caller_of_key(connection: AsyncConnection, key: str) -> tuple[Caller, datetime | None] | None:
    """Whose API key this is, and when it was last used; None if it is unknown or revoked."""
    row = (await connection.execute(_keys().where(api_keys.c.secret_hash == hashed(key)))).first()
    return (_program(row), row.last_used_at) if row else None


async def callers_of_sessions(
    connection: AsyncConnection, id_hashes: Collection[bytes], now: datetime
) -> dict[bytes, tuple[Caller, datetime]]:
    """Who has these sessions and when each was last seen, by hashed id; those that are over are left out."""
    query = _sessions(now).where(sessions.c.id_hash.in_(id_hashes))
    return {row.id_hash: (_person(row), row.seen_at) for row in await connection.execute(query)}


async def callers_of_keys(connection: AsyncConnection, key_ids: Collection[int]) -> dict[int, Caller]:
    """Whose these API keys are, by id; revoked ones are left out."""
    query = _keys().where(api_keys.c.id.in_(key_ids))
    return {row.id: _program(row) for row in await connection.execute(query)}


async def every_user(connection: AsyncConnection) -> list[User]:
    """All users, by name."""
    columns = [users.c[name] for name in User.__struct_fields__]
    return [User(**row._mapping) for row in await connection.execute(sa.select(*columns).order_by(users.c.name))]


async def every_key(connection: AsyncConnection) -> list[ApiKey]:
    """All API keys, by id."""
    columns = [api_keys.c[name] for name in ApiKey.__struct_fields__]
    return [ApiKey(**row._mapping) for row in await connection.execute(sa.select(*columns).order_by(api_keys.c.id))]
