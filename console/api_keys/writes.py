"""Changes of API keys."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from console.api_keys.rules import LONGEST_DAYS, new_key, read_networks
from console.api_keys.tables import api_keys
from console.errors import Invalid, NotFound
from console.organizations.rules import Permission
from console.organizations.sealing import hashed
from console.store.database import Transaction


async def put_key(
    transaction: Transaction,
    organization_id: int,
    name: str,
    scopes: Collection[Permission],
    now: datetime,
    *,
    days: int | None = None,
    networks: Collection[str] = (),
    created_by: str = "",
) -> str:
    """A new API key: the whole of it, returned this once. It ends after so many days, or never.

    Raises Invalid for no scopes, a name that can't be, a wrong network or a wrong number of days.
    """
    if not 0 < len(name.strip()) <= 100 or not name.isprintable():
        raise Invalid("A key's name has 1 to 100 visible characters", name=name[:100])
    if not scopes:
        raise Invalid("A key needs at least one scope")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise Invalid(f"A key lasts 1 to {LONGEST_DAYS} days", days=days)
    prefix, key = new_key()
    await transaction.connection.execute(
        sa.insert(api_keys).values(
            organization_id=organization_id,
            name=name.strip(),
            scopes=sorted(scope.value for scope in scopes),
            networks=read_networks(networks),
            prefix=prefix,
            secret_hash=hashed(key),
            created_by=created_by,
            created_at=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
    )
    return key


async def revoke_key(
    transaction: Transaction, prefix: str, now: datetime, *, organization_id: int | None = None
) -> None:
    """End an API key, named by the part that may be shown; with `organization_id` only one of theirs.

    Raises NotFound if there is none, or it has been revoked.
    """
    c = api_keys.c
    statement = sa.update(api_keys).where(c.prefix == prefix, c.revoked_at.is_(None)).values(revoked_at=now)
    if organization_id is not None:
        statement = statement.where(c.organization_id == organization_id)
    if not (await transaction.connection.execute(statement)).rowcount:
        raise NotFound(f"There is no API key {prefix!r} in use", prefix=prefix)


async def note_key_use(transaction: Transaction, key_id: int, now: datetime) -> None:
    """When a key was last used."""
    await transaction.connection.execute(sa.update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now))
