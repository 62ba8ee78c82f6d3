"""Changes of one-time links."""

import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from console.errors import Conflict, Invalid, NotFound
from console.members.links.reads import OpenedLink, opened
from console.members.reads import member
from console.members.tables import one_time_links
from console.organizations.rules import Role
from console.organizations.sealing import hashed
from console.store.database import Transaction
from console.users.reads import has_identity

INVITED_FOR = timedelta(days=7)
RESET_FOR = timedelta(days=1)


async def invite(
    transaction: Transaction, organization_id: int, role: Role, note: str, created_by: str, now: datetime
) -> str:
    """An invitation with this role; its token, returned this once. Raises Invalid for a note that can't be."""
    if len(note) > 200 or not note.isprintable():
        raise Invalid("A note has at most 200 visible characters")
    values = {"organization_id": organization_id, "role": role, "note": note.strip(), "created_by": created_by}
    return await _make(transaction, values, now, INVITED_FOR)


async def reset(transaction: Transaction, organization_id: int, user_id: int, created_by: str, now: datetime) -> str:
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
    values = {"organization_id": organization_id, "user_id": user_id, "created_by": created_by}
    return await _make(transaction, values, now, RESET_FOR)


async def _make(transaction: Transaction, values: dict[str, object], now: datetime, lasts: timedelta) -> str:
    token = secrets.token_urlsafe(32)
    times = {"created_at": now, "expires_at": now + lasts}
    statement = sa.insert(one_time_links).values(token_hash=hashed(token), **times, **values)
    await transaction.connection.execute(statement)
    return token


async def withdraw(transaction: Transaction, organization_id: int, link_id: int) -> None:
    """Let a link of this organization open nothing any more. Raises NotFound if there is none."""
    c = one_time_links.c
    removed = await transaction.connection.execute(
        sa.delete(one_time_links).where(c.organization_id == organization_id, c.id == link_id, c.used_at.is_(None))
    )
    if not removed.rowcount:
        raise NotFound("There is no such link", id=link_id)


async def use(transaction: Transaction, token: str, now: datetime) -> OpenedLink:
    """Use a link up. Raises NotFound if it opens nothing, also if another request has just used it."""
    found = await opened(transaction.connection, token, now)
    c = one_time_links.c
    if found is not None:
        statement = sa.update(one_time_links).where(c.id == found.id, c.used_at.is_(None)).values(used_at=now)
        if (await transaction.connection.execute(statement)).rowcount:
            return found
    raise NotFound("This link has been used, withdrawn, or is too old: ask for another")
