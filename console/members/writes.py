"""Changes of members."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.acting import Actor
from console.errors import Conflict, NotFound
from console.members.links_writes import withdraw_links_of
from console.members.rights_writes import hold, keep_within_rights
from console.members.tables import members
from console.organizations.rules import ADMINISTRATING, Caller, Role
from console.organizations.tables import organizations
from console.sessions.writes import end_sessions_of
from console.store.database import Transaction
from console.users.writes import add_user


async def put_user(
    transaction: Transaction, organization_id: int, name: str, role: Role, password: str, now: datetime
) -> int:
    """Add a user as a member with this role; the user's id. Raises Invalid for a name taken or a poor password."""
    query = sa.select(organizations.c.name).where(organizations.c.id == organization_id)
    words = list((await transaction.connection.execute(query)).scalars())
    user_id = await add_user(transaction, name, password, now, words)
    await add_member(transaction, organization_id, user_id, role, now)
    return user_id


async def add_member(transaction: Transaction, organization_id: int, user_id: int, role: Role, now: datetime) -> None:
    """Make a user a member. Raises Conflict if they are one already."""
    statement = insert(members).values(organization_id=organization_id, user_id=user_id, role=role, created_at=now)
    added = await transaction.connection.execute(statement.on_conflict_do_nothing())
    if not added.rowcount:
        raise Conflict("They are a member already", user_id=user_id)
    await withdraw_links_of(transaction, user_id)  # who made one may have no say there


async def change_role(
    transaction: Transaction, who: Caller | Actor, organization_id: int, user_id: int, role: Role, now: datetime
) -> None:
    """Give a member another role. Their sessions here end, so the next has a new cookie and sockets are closed.

    So does what they made and could not make now, by `who`. Raises NotFound if they are no member, Conflict for the
    last administrator.
    """
    await _change(transaction, organization_id, user_id, role=role)
    await _end(transaction, who, organization_id, user_id, now)


async def disable_member(
    transaction: Transaction, who: Caller | Actor, organization_id: int, user_id: int, now: datetime
) -> None:
    """Let a member in no more; their sessions here and what they made end. Raises as `change_role` does."""
    await _change(transaction, organization_id, user_id, disabled_at=now)
    await _end(transaction, who, organization_id, user_id, now)


async def enable_member(transaction: Transaction, organization_id: int, user_id: int) -> None:
    """Let a disabled member in again. Raises NotFound if they are no member."""
    await _change(transaction, organization_id, user_id, disabled_at=None)


async def remove_member(
    transaction: Transaction, who: Caller | Actor, organization_id: int, user_id: int, now: datetime
) -> None:
    """End a membership, with its sessions and what they made; the user stays. Raises as `change_role` does."""
    c = members.c
    await _lock(transaction, organization_id, user_id)
    removed = await transaction.connection.execute(
        sa.delete(members).where(c.organization_id == organization_id, c.user_id == user_id)
    )
    if not removed.rowcount:
        raise NotFound("There is no such member", user_id=user_id)
    await _keep_an_administrator(transaction, organization_id)
    await keep_within_rights(transaction, who, organization_id, user_id, now)


async def _end(
    transaction: Transaction, who: Caller | Actor, organization_id: int, user_id: int, now: datetime
) -> None:
    await end_sessions_of(transaction, user_id, organization_id=organization_id)
    await keep_within_rights(transaction, who, organization_id, user_id, now)


async def _change(transaction: Transaction, organization_id: int, user_id: int, **values: object) -> None:
    c = members.c
    await _lock(transaction, organization_id, user_id)
    changed = await transaction.connection.execute(
        sa.update(members).where(c.organization_id == organization_id, c.user_id == user_id).values(**values)
    )
    if not changed.rowcount:
        raise NotFound("There is no such member", user_id=user_id)
    await _keep_an_administrator(transaction, organization_id)


async def _lock(transaction: Transaction, organization_id: int, user_id: int) -> None:
    """Changes of one organization's members follow each other: two could remove the last two administrators."""
    await hold(transaction, user_id)
    c = members.c
    query = sa.select(c.user_id).where(c.organization_id == organization_id).order_by(c.user_id).with_for_update()
    await transaction.connection.execute(query)


async def _keep_an_administrator(transaction: Transaction, organization_id: int) -> None:
    c = members.c
    left = sa.select(sa.func.count()).where(
        c.organization_id == organization_id, c.role.in_(ADMINISTRATING), c.disabled_at.is_(None)
    )
    if not (await transaction.connection.execute(left)).scalar_one():
        raise Conflict("An organization keeps at least one administrator: make somebody else one first")


async def note_seen(transaction: Transaction, organization_id: int, user_id: int, now: datetime) -> bool:
    """When a member last did something. False if they are none, or disabled: whoever disables them is waited for."""
    c = members.c
    mine = (c.organization_id == organization_id, c.user_id == user_id, c.disabled_at.is_(None))
    seen = await transaction.connection.execute(sa.update(members).where(*mine).values(last_seen_at=now))
    return bool(seen.rowcount)


async def give_by_group(
    transaction: Transaction,
    who: Caller | Actor,
    organization_id: int,
    user_id: int,
    role: Role | None,
    now: datetime,
) -> None:
    """The role that a user's groups give them here, None for none: then they are no member. Sessions here end.

    So does what they made and could not make now.

    What administrators gave by themselves stays. So does the row of a disabled member, or a group that comes back
    would enable them; and an organization may lose its last administrator, for a group that is gone gives nothing.
    """
    await hold(transaction, user_id)
    c = members.c
    mine = sa.and_(c.organization_id == organization_id, c.user_id == user_id, c.by_group)
    if role is None:
        await transaction.connection.execute(sa.delete(members).where(mine, c.disabled_at.is_(None)))
    else:
        values = {"organization_id": organization_id, "user_id": user_id, "role": role, "created_at": now}
        statement = insert(members).values(by_group=True, **values)
        statement = statement.on_conflict_do_update(
            index_elements=[c.organization_id, c.user_id], set_={"role": role}, where=mine
        )
        await transaction.connection.execute(statement)
    await _end(transaction, who, organization_id, user_id, now)
