"""Changes of organizations."""

import re
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Invalid
from console.organizations.sealing import seal
from console.organizations.tables import organizations
from console.settings import Settings
from console.store.database import Transaction

SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


async def put(
    transaction: Transaction,
    settings: Settings,
    slug: str,
    name: str,
    now: datetime,
    *,
    client_id: str | None,
    client_secret: str | None,
    streamer_username: str | None = None,
    streamer_password: str | None = None,
) -> int:
    """Make the organization with this slug, or give it this name and account; its id."""
    if not SLUG.fullmatch(slug):
        raise Invalid("The short name must be lower-case letters, digits and hyphens, at most 40", slug=slug)
    values = {
        "name": name,
        "once_base_url": settings.once_base_url,
        "once_client_id": client_id,
        "once_client_secret_sealed": seal(settings.secret_key, client_secret),
        "once_requests_per_second": settings.once_requests_per_second,
        "streamer_username": streamer_username,
        "streamer_password_sealed": seal(settings.secret_key, streamer_password),
    }
    statement = insert(organizations).values(slug=slug, created_at=now, **values)
    statement = statement.on_conflict_do_update(index_elements=["slug"], set_=values)
    return int((await transaction.connection.execute(statement.returning(organizations.c.id))).scalar_one())


async def change_forwarder(transaction: Transaction, organization_id: int) -> None:
    """Give the organization another address for the SMS Forwarder; the one before opens nothing any more."""
    c = organizations.c
    statement = (
        sa.update(organizations).where(c.id == organization_id).values(forwarder_generation=c.forwarder_generation + 1)
    )
    await transaction.connection.execute(statement)


async def settle_first(transaction: Transaction, settings: Settings, now: datetime) -> int | None:
    """Make the first organization from the settings' 1NCE account, if there is none yet and the settings name one."""
    if settings.once_client_id is None:
        return None
    if (await transaction.connection.execute(sa.select(organizations.c.id).limit(1))).first() is not None:
        return None
    return await put(
        transaction,
        settings,
        "main",
        "Main",
        now,
        client_id=settings.once_client_id,
        client_secret=settings.once_client_secret,
        streamer_username=settings.streamer_username,
        streamer_password=settings.streamer_password,
    )
