"""Changes of API keys."""

from datetime import datetime

import sqlalchemy as sa

from console.api_keys.rules import new_key
from console.api_keys.tables import api_keys
from console.errors import NotFound
from console.organizations.rules import Role
from console.organizations.sealing import hashed
from console.store.database import Transaction


async def put_key(transaction: Transaction, organization_id: int, name: str, role: Role, now: datetime) -> str:
    """A new API key: the whole of it, returned this once."""
    prefix, key = new_key()
    await transaction.connection.execute(
        sa.insert(api_keys).values(
            organization_id=organization_id,
            name=name,
            role=role,
            prefix=prefix,
            secret_hash=hashed(key),
            created_at=now,
        )
    )
    return key


async def revoke_key(transaction: Transaction, prefix: str, now: datetime) -> None:
    """End an API key, named by the part that may be shown. Raises NotFound if there is none, or it has ended."""
    c = api_keys.c
    found = await transaction.connection.execute(
        sa.update(api_keys).where(c.prefix == prefix, c.revoked_at.is_(None)).values(revoked_at=now)
    )
    if not found.rowcount:
        raise NotFound(f"There is no API key {prefix!r} in use", prefix=prefix)


async def note_key_use(transaction: Transaction, key_id: int, now: datetime) -> None:
    """When a key was last used."""
    await transaction.connection.execute(sa.update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now))
