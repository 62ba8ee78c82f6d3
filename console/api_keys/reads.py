"""Questions about API keys, and whose each is."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.api_keys.rules import WALL, WALL_PERMISSIONS, KeyMakers, KeyPolicy
from console.api_keys.tables import api_keys, key_policies
from console.organizations.rules import Caller, Permission
from console.organizations.tables import organizations
from console.store.direct_reads import DirectReads, Question

KNOWN = frozenset(Permission)


class ApiKey(Struct, frozen=True, kw_only=True):
    """An API key as an administrator sees it: never the secret."""

    id: Annotated[int, Meta(description="Its number.", examples=[4])]
    organization_id: Annotated[int, Meta(description="The number of its organization.", examples=[1])]
    name: Annotated[str, Meta(description="What it is for.", examples=["billing export"])]
    prefix: Annotated[str, Meta(description="The part that may be shown.", examples=["iot_key_AbCdEfGh"])]
    scopes: Annotated[list[str], Meta(description="What it may do.", examples=[["sims:read", "stream:read"]])]
    networks: Annotated[
        list[str],
        Meta(description="It is accepted from here alone; empty: from everywhere.", examples=[["192.0.2.0/24"]]),
    ]
    created_by: Annotated[str, Meta(description="Who made it.", examples=["ada"])]
    created_at: Annotated[datetime, Meta(description="When it was made.", examples=["2026-11-20T10:00:00Z"])]
    expires_at: Annotated[
        datetime | None, Meta(description="When it ends; null: never.", examples=["2026-11-20T10:00:00Z"])
    ]
    last_used_at: Annotated[
        datetime | None, Meta(description="When it was last used, to the minute.", examples=["2026-11-20T10:00:00Z"])
    ]
    revoked_at: Annotated[datetime | None, Meta(description="When it was revoked.")]


class UsedKey(Struct, frozen=True, kw_only=True):
    """What a request with a key needs to know of it."""

    caller: Caller
    networks: Sequence[str]
    used_at: datetime | None
    ends_at: datetime | None = None


def _keys(now: "datetime | sa.BindParameter[datetime]") -> "sa.Select[Any]":
    c = api_keys.c
    return (
        sa.select(api_keys, organizations.c.name.label("organization"))
        .join(organizations, organizations.c.id == c.organization_id)
        .where(c.revoked_at.is_(None), c.expires_at.is_(None) | (c.expires_at > now))
    )


def _caller(row: Mapping[str, Any]) -> Caller:
    for_wall = WALL in row["scopes"]
    return Caller(
        organization_id=row["organization_id"],
        organization=row["organization"],
        name=row["name"],
        permissions=WALL_PERMISSIONS if for_wall else _permissions(tuple(row["scopes"])),
        key_id=row["id"],
        for_wall=for_wall,
    )


@lru_cache(maxsize=1000)
def _permissions(scopes: tuple[str, ...]) -> frozenset[Permission]:
    return frozenset(Permission(scope) for scope in scopes if scope in KNOWN)


def _by_secret() -> "sa.Select[Any]":
    now = sa.bindparam("now", type_=sa.TIMESTAMP(timezone=True))
    return _keys(now).where(api_keys.c.secret_hash == sa.bindparam("secret", type_=sa.LargeBinary))


BY_SECRET = Question(_by_secret)


async def caller_of_key(direct: DirectReads, secret: bytes, now: datetime) -> UsedKey | None:
    """Whose API key this is, by its hash; None if it is unknown, revoked or past its end."""
    row = await direct.row(BY_SECRET, secret=secret, now=now)
    if row is None:
        return None
    used, ends = row["last_used_at"], row["expires_at"]
    return UsedKey(caller=_caller(row), networks=row["networks"], used_at=used, ends_at=ends)


async def callers_of_secrets(
    connection: AsyncConnection, secrets: Collection[bytes], now: datetime
) -> dict[bytes, UsedKey]:
    """Whose these API keys are, by hashed key; those unknown, revoked or past their end are left out."""
    rows = await connection.execute(_keys(now).where(api_keys.c.secret_hash.in_(secrets)))
    return {
        row.secret_hash: UsedKey(caller=_caller(row._mapping), networks=row.networks, used_at=row.last_used_at)
        for row in rows
    }


async def callers_of_keys(connection: AsyncConnection, key_ids: Collection[int], now: datetime) -> dict[int, Caller]:
    """Whose these API keys are, by id; those revoked or past their end are left out."""
    query = _keys(now).where(api_keys.c.id.in_(key_ids))
    return {row.id: _caller(row._mapping) for row in await connection.execute(query)}


async def end_of_key(connection: AsyncConnection, organization_id: int, key_id: int) -> datetime | None:
    """When an API key of the organization ends; None for one that never does."""
    mine = sa.and_(api_keys.c.organization_id == organization_id, api_keys.c.id == key_id)
    return (await connection.execute(sa.select(api_keys.c.expires_at).where(mine))).scalar()


async def policy_of(connection: AsyncConnection, organization_id: int) -> KeyPolicy:
    """What the organization demands of its API keys."""
    c = key_policies.c
    query = sa.select(c.longest_days, c.must_end, c.makers).where(c.organization_id == organization_id)
    row = (await connection.execute(query)).first()
    if row is None:
        return KeyPolicy()
    return KeyPolicy(longest_days=row.longest_days, must_end=row.must_end, makers=KeyMakers(row.makers))


class Maker(Struct, frozen=True, kw_only=True):
    """Who makes an API key or a link: it ends with the rights of the user, if one is behind it."""

    name: str
    user_id: int | None = None
    key_id: int | None = None


async def maker_behind(connection: AsyncConnection, caller: Caller) -> Maker:
    """The user behind a caller: of an API key whoever made it, or whoever made the key that made it."""
    if caller.key_id is None:
        return Maker(name=caller.name, user_id=caller.user_id)
    c = api_keys.c
    query = sa.select(c.created_by, c.created_by_user_id)
    query = query.where(c.organization_id == caller.organization_id, c.id == caller.key_id)
    row = (await connection.execute(query)).one()
    return Maker(name=row.created_by or caller.handle, user_id=row.created_by_user_id, key_id=caller.key_id)


async def by_prefix(connection: AsyncConnection, prefix: str) -> ApiKey | None:
    """The API key with this part that may be shown, if it is not revoked; None for any other."""
    return next(iter(await _listed(connection, (api_keys.c.prefix == prefix) & api_keys.c.revoked_at.is_(None))), None)


class EndedKey(Struct, frozen=True, kw_only=True):
    """A key that is known and does not hold any more."""

    organization_id: int
    id: int
    name: str
    revoked: bool


async def ended_key(connection: AsyncConnection, secret: bytes, now: datetime) -> EndedKey | None:
    """The key with this hash, if it has been revoked or is past its end; None for one that holds or nobody knows."""
    c = api_keys.c
    query = sa.select(c.organization_id, c.id, c.name, c.revoked_at.is_not(None).label("revoked"))
    query = query.where(c.secret_hash == secret, c.revoked_at.is_not(None) | (c.expires_at <= now))
    row = (await connection.execute(query)).first()
    return EndedKey(**row._mapping) if row else None


async def every_key(connection: AsyncConnection) -> list[ApiKey]:
    """All API keys of the installation, by id."""
    return await _listed(connection, sa.true())


async def keys_of(connection: AsyncConnection, organization_id: int) -> list[ApiKey]:
    """The API keys of an organization, by id; those that have ended too."""
    return await _listed(connection, api_keys.c.organization_id == organization_id)


async def keys_made_by(connection: AsyncConnection, organization_id: int, user_id: int, now: datetime) -> list[ApiKey]:
    """The API keys of an organization that this user made, and that are in use."""
    c = api_keys.c
    in_use = c.revoked_at.is_(None) & (c.expires_at.is_(None) | (c.expires_at > now))
    return await _listed(
        connection, in_use & (c.organization_id == organization_id) & (c.created_by_user_id == user_id)
    )


async def keys_made_with(connection: AsyncConnection, organization_id: int, key_id: int) -> list[ApiKey]:
    """The API keys that this key of the organization made, and that are not revoked."""
    c = api_keys.c
    made = (c.organization_id == organization_id) & (c.created_by_key_id == key_id)
    return await _listed(connection, made & c.revoked_at.is_(None))


async def _listed(connection: AsyncConnection, which: "sa.ColumnElement[bool]") -> list[ApiKey]:
    columns = [api_keys.c[name] for name in ApiKey.__struct_fields__]
    query = sa.select(*columns).where(which).order_by(api_keys.c.id)
    return [ApiKey(**row._mapping) for row in await connection.execute(query)]
