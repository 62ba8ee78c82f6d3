"""Changes of members and of one-time links, by which they come."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, Invalid, NotFound
from console.members.one_time_links import INVITED_FOR, RESET_FOR, OpenedLink, opened
from console.members.reads import member
from console.members.tables import members, one_time_links
from console.organizations.rules import ADMINISTRATING, Role
from console.organizations.sealing import hashed
from console.organizations.tables import organizations
from console.sessions.writes import end_sessions_of
from console.store.database import Transaction
from console.users.reads import has_identity
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


async def change_role(transaction: Transaction, organization_id: int, user_id: int, role: Role) -> None:
    """Give a member another role. Their sessions here end, so the next has a new cookie and sockets are closed.

    Raises NotFound if they are no member, Conflict for the last administrator.
    """
    await _change(transaction, organization_id, user_id, role=role)
    await end_sessions_of(transaction, user_id, organization_id=organization_id)


async def disable_member(transaction: Transaction, organization_id: int, user_id: int, now: datetime) -> None:
    """Let a member in no more, and end their sessions here. Raises as `change_role` does."""
    await _change(transaction, organization_id, user_id, disabled_at=now)
    await end_sessions_of(transaction, user_id, organization_id=organization_id)


async def enable_member(transaction: Transaction, organization_id: int, user_id: int) -> None:
    """Let a disabled member in again. Raises NotFound if they are no member."""
    await _change(transaction, organization_id, user_id, disabled_at=None)


async def remove_member(transaction: Transaction, organization_id: int, user_id: int) -> None:
    """End a membership, with its sessions and links; the user stays. Raises as `change_role` does."""
    c = members.c
    await _lock(transaction, organization_id)
    removed = await transaction.connection.execute(
        sa.delete(members).where(c.organization_id == organization_id, c.user_id == user_id)
    )
    if not removed.rowcount:
        raise NotFound("There is no such member", user_id=user_id)
    await _keep_an_administrator(transaction, organization_id)


async def _change(transaction: Transaction, organization_id: int, user_id: int, **values: object) -> None:
    c = members.c
    await _lock(transaction, organization_id)
    changed = await transaction.connection.execute(
        sa.update(members).where(c.organization_id == organization_id, c.user_id == user_id).values(**values)
    )
    if not changed.rowcount:
        raise NotFound("There is no such member", user_id=user_id)
    await _keep_an_administrator(transaction, organization_id)


async def _lock(transaction: Transaction, organization_id: int) -> None:
    """Changes of one organization's members follow each other: two could remove the last two administrators."""
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


async def note_seen(transaction: Transaction, organization_id: int, user_id: int, now: datetime) -> None:
    """When a member last did something."""
    c = members.c
    await transaction.connection.execute(
        sa.update(members).where(c.organization_id == organization_id, c.user_id == user_id).values(last_seen_at=now)
    )


async def give_by_group(
    transaction: Transaction, organization_id: int, user_id: int, role: Role | None, now: datetime
) -> None:
    """The role that a user's groups give them here, None for none: then they are no member. Sessions here end.

    What administrators gave by themselves stays. So does the row of a disabled member, or a group that comes back
    would enable them; and an organization may lose its last administrator, for a group that is gone gives nothing.
    """
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
    await end_sessions_of(transaction, user_id, organization_id=organization_id)


async def invite(
    transaction: Transaction, organization_id: int, role: Role, note: str, created_by: str, now: datetime
) -> str:
    """An invitation with this role; its token, returned this once. Raises Invalid for a note that can't be."""
    if len(note) > 200 or not note.isprintable():
        raise Invalid("A note has at most 200 visible characters")
    values: dict[str, object] = {"role": role, "note": note.strip(), "created_by": created_by}
    return await make_link(transaction, organization_id, values, now, INVITED_FOR)


async def make_reset_link(
    transaction: Transaction, organization_id: int, user_id: int, created_by: str, now: datetime
) -> str:
    """A link by which a member sets a new password; its token, returned this once.

    Raises NotFound if they are no member, Conflict if they sign in by the identity provider, or are a member elsewhere
    as well: whoever has the link could sign in there.
    """
    found = await member(transaction.connection, organization_id, user_id, now)
    if found is None:
        raise NotFound("There is no such member", user_id=user_id)
    if await has_identity(transaction.connection, user_id):
        raise Conflict("They sign in by the identity provider: their password is not this console's", user_id=user_id)
    if found.organizations > 1:
        raise Conflict(
            "They are a member of other organizations too: only whoever runs the console may reset their password,"
            " by `console user passwd`",
            user_id=user_id,
        )
    values = {"user_id": user_id, "created_by": created_by}
    return await make_link(transaction, organization_id, values, now, RESET_FOR)


async def make_link(
    transaction: Transaction, organization_id: int, values: dict[str, object], now: datetime, lasts: timedelta
) -> str:
    """A link with these columns, which works once for so long; its token, returned this once."""
    token = secrets.token_urlsafe(32)
    values = {**values, "organization_id": organization_id, "created_at": now, "expires_at": now + lasts}
    statement = sa.insert(one_time_links).values(token_hash=hashed(token), **values)
    await transaction.connection.execute(statement)
    return token


async def withdraw_link(transaction: Transaction, organization_id: int, link_id: int) -> None:
    """Let a link of this organization open nothing any more. Raises NotFound if there is none."""
    c = one_time_links.c
    removed = await transaction.connection.execute(
        sa.delete(one_time_links).where(c.organization_id == organization_id, c.id == link_id, c.used_at.is_(None))
    )
    if not removed.rowcount:
        raise NotFound("There is no such link", id=link_id)


async def use_link(transaction: Transaction, token: str, now: datetime) -> OpenedLink:
    """Use a link up. Raises NotFound if it opens nothing, also if another request has just used it."""
    found = await opened(transaction.connection, token, now)
    c = one_time_links.c
    if found is not None:
        statement = sa.update(one_time_links).where(c.id == found.id, c.used_at.is_(None)).values(used_at=now)
        if (await transaction.connection.execute(statement)).rowcount:
            return found
    raise NotFound("This link has been used, withdrawn, or is too old: ask for another")
