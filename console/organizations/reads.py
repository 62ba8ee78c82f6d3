"""Questions about organizations."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
from msgspec import Meta, Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.flags import FlagState
from console.organizations.flags import FLAGS, Flag
from console.organizations.rules import SECRET_LASTS
from console.organizations.sealing import unseal
from console.organizations.tables import credential_checks, flags, organizations
from console.store.locks import AdvisoryLock, shared_lock


class Organization(Struct, frozen=True, kw_only=True):
    """An organization as everybody in it may see it."""

    id: int
    slug: str
    name: str


class Credentials(Struct, frozen=True, kw_only=True):
    """An organization's credentials at 1NCE, secrets opened. For the workers and the streamer's endpoint alone."""

    organization_id: int
    slug: str
    once_base_url: str
    once_client_id: str | None
    once_client_secret: str | None
    once_requests_per_second: float
    streamer_username: str | None
    streamer_password: str | None
    forwarder_generation: int


class OrganizationSettings(Struct, frozen=True, kw_only=True):
    """An organization as its administrators see it: whether its secrets are set, never what they are."""

    id: Annotated[int, Meta(description="Its number.", examples=[1])]
    slug: Annotated[str, Meta(description="Its short name, which stands in addresses.", examples=["acme"])]
    name: Annotated[str, Meta(description="Its name, as people read it.", examples=["Acme"])]
    once_client_id: Annotated[str | None, Meta(description="Of 1NCE's Management API.", examples=["acme-api"])]
    has_client_secret: Annotated[bool, Meta(description="Whether the secret of it is set.", examples=[True])]
    streamer_username: Annotated[
        str | None, Meta(description="What 1NCE's Data Streamer signs in with.", examples=["streamer"])
    ]
    has_streamer_password: Annotated[bool, Meta(description="Whether its password is set.", examples=[True])]
    client_secret_due_at: Annotated[
        datetime | None,
        Meta(description="When the secret is 90 days old: change it by then.", examples=["2027-02-18T10:00:00Z"]),
    ]
    streamer_password_due_at: Annotated[
        datetime | None,
        Meta(description="When that password is 90 days old.", examples=["2027-02-18T10:00:00Z"]),
    ]
    second_factor_from: Annotated[
        datetime | None,
        Meta(
            description="Since when its members need a second factor to sign in; null: they may have one.",
            examples=["2026-12-01T00:00:00Z"],
        ),
    ]
    checked_at: Annotated[
        datetime | None,
        Meta(description="When the credentials were last tried at 1NCE.", examples=["2026-11-20T10:00:00Z"]),
    ]
    check_requested_at: Annotated[
        datetime | None, Meta(description="When a trial was last asked for.", examples=["2026-11-20T10:00:00Z"])
    ]
    accepted: Annotated[bool | None, Meta(description="Whether 1NCE accepted them then.", examples=[True])]
    found: Annotated[str | None, Meta(description="What 1NCE answered.", examples=["signed in; 2,000 SIMs"])]


async def settings_of(connection: AsyncConnection, organization_id: int) -> OrganizationSettings:
    """The settings of this organization, with the last trial of its credentials."""
    c, k = organizations.c, credential_checks.c
    query = (
        sa.select(
            c.id,
            c.slug,
            c.name,
            c.once_client_id,
            c.once_client_secret_sealed.is_not(None).label("has_client_secret"),
            c.streamer_username,
            c.streamer_password_sealed.is_not(None).label("has_streamer_password"),
            (c.once_secret_set_at + SECRET_LASTS).label("client_secret_due_at"),
            (c.streamer_password_set_at + SECRET_LASTS).label("streamer_password_due_at"),
            c.second_factor_from,
            k.checked_at,
            k.requested_at.label("check_requested_at"),
            k.accepted,
            k.found,
        )
        .outerjoin(credential_checks, k.organization_id == c.id)
        .where(c.id == organization_id)
    )
    return OrganizationSettings(**(await connection.execute(query)).one()._mapping)


async def every(connection: AsyncConnection) -> list[Organization]:
    """All of them, by id."""
    c = organizations.c
    rows = await connection.execute(sa.select(c.id, c.slug, c.name).order_by(c.id))
    return [Organization(**row._mapping) for row in rows]


async def by_id(connection: AsyncConnection, organization_id: int) -> Organization | None:
    """This one, or None."""
    return next((found for found in await every(connection) if found.id == organization_id), None)


async def created_at(connection: AsyncConnection, organization_id: int) -> datetime:
    """When the organization was made."""
    found: datetime = (
        await connection.execute(sa.select(organizations.c.created_at).where(organizations.c.id == organization_id))
    ).scalar_one()
    return found


async def credentials(
    connection: AsyncConnection, secret_key: str, *, organization_id: int | None = None, slug: str | None = None
) -> Credentials | None:
    """The credentials of the organization with this id or slug, or None."""
    c = organizations.c
    mine = c.slug == slug if organization_id is None else c.id == organization_id
    row = (await connection.execute(sa.select(organizations).where(mine))).first()
    if row is None:
        return None
    return Credentials(
        organization_id=row.id,
        slug=row.slug,
        once_base_url=row.once_base_url,
        once_client_id=row.once_client_id,
        once_client_secret=unseal(secret_key, row.once_client_secret_sealed),
        once_requests_per_second=row.once_requests_per_second,
        streamer_username=row.streamer_username,
        streamer_password=unseal(secret_key, row.streamer_password_sealed),
        forwarder_generation=row.forwarder_generation,
    )


async def forwarder_generation(connection: AsyncConnection, organization_id: int) -> int:
    """Which address of the SMS Forwarder is this organization's now."""
    query = sa.select(organizations.c.forwarder_generation).where(organizations.c.id == organization_id)
    return int((await connection.execute(query)).scalar_one())


async def shown(connection: AsyncConnection, slug: str) -> dict[str, object]:
    """What may be shown of the organization's settings, by column; empty if there is none with this slug."""
    c = organizations.c
    columns = (c.name, c.once_base_url, c.once_client_id, c.once_requests_per_second, c.streamer_username)
    row = (await connection.execute(sa.select(*columns).where(c.slug == slug))).first()
    return dict(row._mapping) if row else {}


async def flags_of(connection: AsyncConnection, organization_id: int) -> list[FlagState]:
    """Every flag as it is now, in the order of the table of flags."""
    c = flags.c
    columns = (c.name, c.on, c.owner, c.reason, c.changed_by, c.changed_at)
    rows = (await connection.execute(sa.select(*columns).where(c.organization_id == organization_id))).all()
    changed = {row.name: dict(row._mapping) for row in rows}
    return [
        FlagState(
            **{"name": one.name.value, "on": one.on_by_default, **changed.get(one.name, {})},
            on_by_default=one.on_by_default,
            means=one.means,
        )
        for one in FLAGS
    ]


async def stopped(connection: AsyncConnection, organization_id: int, flag: Flag) -> FlagState | None:
    """The flag if it is off, as the database has it now; None if it is on.

    Until the transaction ends nobody can change it: what is committed with it was done while the flag was on.
    """
    await connection.execute(shared_lock(AdvisoryLock.FLAG, organization_id))
    found = next(one for one in await flags_of(connection, organization_id) if one.name == flag)
    return None if found.on else found
