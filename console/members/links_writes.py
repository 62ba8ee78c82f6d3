"""Changes of one-time links, by which members come and set new passwords."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from console.api_keys.reads import Maker
from console.errors import Conflict, Invalid, NotFound
from console.members.one_time_links import INVITED_FOR, RESET_FOR, OpenedLink, opened
from console.members.reads import member
from console.members.tables import one_time_links
from console.organizations.rules import Role
from console.organizations.sealing import hashed
from console.store.database import Transaction
from console.unicode_text import is_visible
from console.users.reads import has_identity


async def invite(
    transaction: Transaction, organization_id: int, role: Role, note: str, maker: Maker, now: datetime
) -> str:
    """An invitation with this role; its token, returned this once. Raises Invalid for a note that can't be."""
    if len(note) > 200 or not is_visible(note):
        raise Invalid("A note has at most 200 visible characters")
    values = {"role": role, "note": note.strip(), **_made_by(maker)}
    return await make_link(transaction, organization_id, values, now, INVITED_FOR)


async def make_reset_link(
    transaction: Transaction, organization_id: int, user_id: int, maker: Maker, now: datetime
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
    return await make_link(transaction, organization_id, {"user_id": user_id, **_made_by(maker)}, now, RESET_FOR)


def _made_by(maker: Maker) -> dict[str, Any]:
    return {"created_by": maker.name, "created_by_user_id": maker.user_id, "created_by_key_id": maker.key_id}


async def make_link(
    transaction: Transaction, organization_id: int, values: Mapping[str, object], now: datetime, lasts: timedelta
) -> str:
    """A link with these columns, which works once for so long; its token, returned this once."""
    token = secrets.token_urlsafe(32)
    times = {"created_at": now, "expires_at": now + lasts}
    statement = sa.insert(one_time_links).values(
        token_hash=hashed(token), organization_id=organization_id, **times, **values
    )
    await transaction.connection.execute(statement)
    return token


async def withdraw_link(transaction: Transaction, organization_id: int, link_id: int) -> dict[str, Any]:
    """Let a link of this organization open nothing any more; what it was. Raises NotFound if there is none."""
    c = one_time_links.c
    statement = sa.delete(one_time_links).where(
        c.organization_id == organization_id, c.id == link_id, c.used_at.is_(None)
    )
    removed = statement.returning(c.role, c.user_id, c.created_by)
    row = (await transaction.connection.execute(removed)).first()
    if row is None:
        raise NotFound("There is no such link", id=link_id)
    return dict(row._mapping)


async def withdraw_links_of(transaction: Transaction, user_id: int) -> None:
    """Let this user's links for a new password, whoever made them, set none any more."""
    c = one_time_links.c
    await transaction.connection.execute(sa.delete(one_time_links).where(c.user_id == user_id, c.used_at.is_(None)))


async def use_link(transaction: Transaction, token: str, now: datetime) -> OpenedLink:
    """Use a link up. Raises NotFound if it opens nothing, also if another request has just used it."""
    found = await opened(transaction.connection, token, now)
    c = one_time_links.c
    if found is not None:
        statement = sa.update(one_time_links).where(c.id == found.id, c.used_at.is_(None)).values(used_at=now)
        if (await transaction.connection.execute(statement)).rowcount:
            return found
    raise NotFound("This link has been used, withdrawn, or is too old: ask for another")
