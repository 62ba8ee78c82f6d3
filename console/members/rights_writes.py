"""What ends with the rights of whoever made it: one-time links and API keys."""

from datetime import datetime

import sqlalchemy as sa

from console.acting import Actor, acting
from console.api_keys.reads import keys_made_by
from console.api_keys.rules import exceeds
from console.api_keys.tables import api_keys
from console.api_keys.writes import revoke_key
from console.members.reads import caller_of_member
from console.members.tables import members, one_time_links
from console.organizations.rules import Caller, Permission
from console.store.database import Transaction
from console.users.tables import users
from console.users.writes import disable_user

BECAUSE = "its maker may no longer do that"


async def hold(transaction: Transaction, user_id: int) -> None:
    """Let what this user makes wait, and wait for what they are making: before rights of theirs are changed.

    What they make refers to their row, and is stored before their rights are asked for again (acting.py).
    """
    query = sa.select(users.c.id).where(users.c.id == user_id).with_for_update()
    await transaction.connection.execute(query)


async def keep_within_rights(
    transaction: Transaction, who: Caller | Actor, organization_id: int, user_id: int, now: datetime
) -> None:
    """Revoke the API keys that a user made here and that may do more than they now may, and withdraw their links.

    `who` has changed their rights, and stands in the lines of the audit trail, one for each key and link.
    """
    maker = await caller_of_member(transaction.connection, organization_id, user_id)
    permissions = maker.permissions if maker is not None else frozenset[Permission]()
    for key in await keys_made_by(transaction.connection, organization_id, user_id, now):
        if not exceeds(key.scopes, permissions):
            continue
        async with acting(transaction, who, "key.revoke", key.prefix, organization_id=organization_id) as act:
            act.after = {"because": BECAUSE}
            act.before = await revoke_key(transaction, key.prefix, now, organization_id=organization_id)
    if Permission.ADMIN not in permissions:
        await _withdraw_links(transaction, who, organization_id, user_id)


async def _withdraw_links(transaction: Transaction, who: Caller | Actor, organization_id: int, user_id: int) -> None:
    c = one_time_links.c
    statement = (
        sa.delete(one_time_links)
        .where(c.organization_id == organization_id, c.created_by_user_id == user_id, c.used_at.is_(None))
        .returning(c.id, c.role, c.created_by)
    )
    for row in (await transaction.connection.execute(statement)).all():
        async with acting(transaction, who, "link.withdraw", str(row.id), organization_id=organization_id) as act:
            act.before = {"role": row.role, "created_by": row.created_by}
            act.after = {"because": BECAUSE}


async def disable_everywhere(transaction: Transaction, who: Actor, name: str, now: datetime) -> None:
    """Let a user in no more, in no organization; their sessions, API keys and links end. Raises NotFound for nobody."""
    user_id = await disable_user(transaction, name, now)
    await hold(transaction, user_id)
    made = [
        sa.select(table.c.organization_id).where(column == user_id)
        for table, column in (
            (members, members.c.user_id),
            (api_keys, api_keys.c.created_by_user_id),
            (one_time_links, one_time_links.c.created_by_user_id),
        )
    ]
    for organization_id in (await transaction.connection.execute(sa.union(*made))).scalars().all():
        await keep_within_rights(transaction, who, organization_id, user_id, now)
