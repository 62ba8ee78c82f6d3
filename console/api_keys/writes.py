"""Changes of API keys."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.api_keys.reads import end_of_key, policy_of
from console.api_keys.rules import WALL, KeyPolicy, check_days, new_key, read_networks
from console.api_keys.tables import api_keys, key_policies
from console.errors import Invalid, NotFound
from console.organizations.rules import Permission
from console.organizations.sealing import hashed
from console.store.database import Transaction
from console.unicode_text import is_visible


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
    created_by_user_id: int | None = None,
    created_by_key_id: int | None = None,
    for_wall: bool = False,
) -> str:
    """A new API key: the whole of it, returned this once. It ends after so many days, or never.

    One that a key makes, `created_by_key_id`, ends with that key at the latest.
    `for_wall`: it opens the page for a wall screen and nothing else, and has no scopes beside.
    Raises Invalid for no scopes, a name that can't be, a wrong network or a number of days that the policy has not.
    """
    if not 0 < len(name.strip()) <= 100 or not is_visible(name):
        raise Invalid("A key's name has 1 to 100 visible characters", name=name[:100])
    if for_wall and scopes:
        raise Invalid("A key for a wall screen has no scopes")
    if not for_wall and not scopes:
        raise Invalid("A key needs at least one scope")
    check_days(await policy_of(transaction.connection, organization_id), days)
    prefix, key = new_key()
    ends = None if days is None else now + timedelta(days=days)
    if created_by_key_id is not None:
        latest = await end_of_key(transaction.connection, organization_id, created_by_key_id)
        ends = min((one for one in (ends, latest) if one is not None), default=None)
    await transaction.connection.execute(
        sa.insert(api_keys).values(
            organization_id=organization_id,
            name=name.strip(),
            scopes=[WALL] if for_wall else sorted(scope.value for scope in scopes),
            networks=read_networks(networks),
            prefix=prefix,
            secret_hash=hashed(key),
            created_by=created_by,
            created_by_user_id=created_by_user_id,
            created_by_key_id=created_by_key_id,
            created_at=now,
            expires_at=ends,
        )
    )
    return key


async def put_policy(transaction: Transaction, organization_id: int, policy: KeyPolicy) -> None:
    """What the organization demands of keys that are made from now on; those that there are stay as they are."""
    values = {"longest_days": policy.longest_days, "must_end": policy.must_end, "makers": policy.makers.value}
    statement = insert(key_policies).values(organization_id=organization_id, **values)
    statement = statement.on_conflict_do_update(index_elements=["organization_id"], set_=values)
    await transaction.connection.execute(statement)


async def revoke_key(
    transaction: Transaction, prefix: str, now: datetime, *, organization_id: int | None = None
) -> dict[str, Any]:
    """End an API key, named by the part that may be shown; with `organization_id` only one of theirs.

    What it was, for the audit trail. Raises NotFound if there is none, or it has been revoked.
    What it is making refers to its row: that is waited for, or waits and finds it revoked.
    """
    c = api_keys.c
    mine = c.prefix == prefix
    if organization_id is not None:
        mine &= c.organization_id == organization_id
    await transaction.connection.execute(sa.select(c.id).where(mine).with_for_update())
    statement = sa.update(api_keys).where(mine, c.revoked_at.is_(None)).values(revoked_at=now)
    transaction.callers_changed = True
    returned = statement.returning(c.name, c.scopes, c.created_by, c.expires_at)
    row = (await transaction.connection.execute(returned)).first()
    if row is None:
        raise NotFound(f"There is no API key {prefix!r} in use", prefix=prefix)
    ends = row.expires_at.isoformat() if row.expires_at else None
    return {"name": row.name, "scopes": row.scopes, "created_by": row.created_by, "expires_at": ends}


async def note_key_uses(transaction: Transaction, key_ids: Collection[int], now: datetime) -> None:
    """When these keys were last used."""
    statement = sa.update(api_keys).where(api_keys.c.id.in_(key_ids)).values(last_used_at=now)
    await transaction.connection.execute(statement)
