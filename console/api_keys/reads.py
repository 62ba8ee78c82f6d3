"""Questions about API keys, and whose each is."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.api_keys.tables import api_keys
from console.organizations.rules import PERMISSIONS, Caller, Role
from console.organizations.sealing import hashed
from console.organizations.tables import organizations


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


def _keys() -> "sa.Select[Any]":
    return (
        sa.select(api_keys, organizations.c.name.label("organization"))
        .join(organizations, organizations.c.id == api_keys.c.organization_id)
        .where(api_keys.c.revoked_at.is_(None))
    )


def _caller(row: "sa.Row[Any]") -> Caller:
    return Caller(
        organization_id=row.organization_id,
        organization=row.organization,
        name=row.name,
        permissions=PERMISSIONS[Role(row.role)],
        key_id=row.id,
    )


async def caller_of_key(connection: AsyncConnection, key: str) -> tuple[Caller, datetime | None] | None:
    """Whose API key this is, and when it was last used; None if it is unknown or revoked."""
    row = (await connection.execute(_keys().where(api_keys.c.secret_hash == hashed(key)))).first()
    return (_caller(row), row.last_used_at) if row else None


async def callers_of_keys(connection: AsyncConnection, key_ids: Collection[int]) -> dict[int, Caller]:
    """Whose these API keys are, by id; revoked ones are left out."""
    query = _keys().where(api_keys.c.id.in_(key_ids))
    return {row.id: _caller(row) for row in await connection.execute(query)}


async def every_key(connection: AsyncConnection) -> list[ApiKey]:
    """All API keys, by id."""
    columns = [api_keys.c[name] for name in ApiKey.__struct_fields__]
    return [ApiKey(**row._mapping) for row in await connection.execute(sa.select(*columns).order_by(api_keys.c.id))]
