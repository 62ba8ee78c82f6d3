"""How members enter an organization: signed in, or from another one of theirs."""

from datetime import datetime

import sqlalchemy as sa

from console.errors import NotAllowed, NotFound
from console.members.credentials import demanded
from console.members.tables import members
from console.members.writes import note_seen
from console.organizations.tables import organizations
from console.sessions.rules import ProviderSession
from console.sessions.tables import sessions
from console.sessions.writes import begin_session, renew_session
from console.store.database import Transaction
from console.users.writes import note_sign_in


async def enter(
    transaction: Transaction,
    user_id: int,
    organization_id: int,
    now: datetime,
    *,
    second_factor: bool = False,
    address: str = "",
    agent: str = "",
    began_at: ProviderSession | None = None,
) -> str:
    """A new session of a member who has shown who they are; its id, which only the browser keeps.

    Whether a second factor was asked for is the identity provider's matter, if the session began there.
    """
    await note_entered(transaction, user_id, organization_id, now)
    begun = await begin_session(
        transaction,
        user_id,
        organization_id,
        now,
        second_factor=second_factor or began_at is not None,
        address=address,
        agent=agent,
        began_at=began_at,
    )
    return begun.session_id


async def note_entered(transaction: Transaction, user_id: int, organization_id: int, now: datetime) -> None:
    """When a user last signed in, and was last seen in this organization.

    Raises NotAllowed if they were disabled or removed since it was asked: else their session would begin once they are
    enabled again.
    """
    enabled = await note_sign_in(transaction, user_id, now)
    if not await note_seen(transaction, organization_id, user_id, now) or not enabled:
        raise NotAllowed("You are no member of that organization any more")


async def switch(transaction: Transaction, session: bytes, user_id: int, organization_id: int, now: datetime) -> str:
    """Let a session go on in another organization of its user; its new id.

    Raises NotFound if they may not enter it, NotAllowed if it demands a second factor that this session has not proved.
    """
    c = members.c
    mine = (c.organization_id == organization_id, c.user_id == user_id, c.disabled_at.is_(None))
    if (await transaction.connection.execute(sa.select(c.user_id).where(*mine))).first() is None:
        raise NotFound("There is no such organization", organization_id=organization_id)
    proved = sa.select(sessions.c.second_factor).where(sessions.c.id_hash == session).scalar_subquery()
    demands = sa.select(demanded(now) & ~sa.func.coalesce(proved, sa.false()))
    if (await transaction.connection.execute(demands.where(organizations.c.id == organization_id))).scalar():
        raise NotAllowed("That organization demands a second factor: set one up under Your account, then sign in again")
    if not await note_seen(transaction, organization_id, user_id, now):
        raise NotFound("There is no such organization", organization_id=organization_id)
    return await renew_session(transaction, session, organization_id=organization_id)
