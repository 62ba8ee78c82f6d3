"""A link for a new password, by mail, to whoever has forgotten theirs."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from console.members.links_writes import make_link
from console.members.reads import memberships_of
from console.members.tables import one_time_links
from console.store.database import Transaction
from console.users.tables import users

MAILED_FOR = timedelta(hours=1)
MOST_MAILED = 5  # links of one user that can be used at a time: nobody fills a mailbox with them


class MailedLink(Struct, frozen=True, kw_only=True):
    """A link that is to be mailed: whose, where to, and in whose audit trail it stands."""

    name: str
    mail_address: str
    organization_id: int
    token: str


async def make_mailed_link(transaction: Transaction, user_id: int, now: datetime) -> MailedLink | None:
    """A link by which a user sets a new password within MAILED_FOR; None for whom none is made.

    That is who is disabled, a member nowhere, without a mail address or a password, or has MOST_MAILED links.
    """
    u, c = users.c, one_time_links.c
    query = sa.select(u.name, u.mail_address).where(
        u.id == user_id, u.disabled_at.is_(None), u.mail_address.is_not(None), u.password_hash.is_not(None)
    )
    user = (await transaction.connection.execute(query.with_for_update())).first()
    memberships = await memberships_of(transaction.connection, user_id) if user else []
    if user is None or not memberships:
        return None
    organization_id = memberships[0].organization_id
    usable = sa.select(sa.func.count()).where(c.user_id == user_id, c.used_at.is_(None), c.expires_at > now)
    if (await transaction.connection.execute(usable)).scalar_one() >= MOST_MAILED:
        return None
    values = {"user_id": user_id, "created_by": user.name}
    token = await make_link(transaction, organization_id, values, now, MAILED_FOR)
    return MailedLink(name=user.name, mail_address=user.mail_address, organization_id=organization_id, token=token)
