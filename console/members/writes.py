"""Changes of members."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, NotAllowed, NotFound
from console.members.credentials import demanded
from console.members.tables import members
from console.organizations.rules import ADMINISTRATING, Role
from console.organizations.tables import organizations
from console.sessions.rules import ProviderSession
from console.sessions.tables import sessions
from console.sessions.writes import begin_session, end_sessions_of, renew_session
from console.store.database import Transaction
from console.users.writes import add_user, note_sign_in


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


async def enter(
    transaction: Transaction,
    user_id: int,
    organization_id: int,
    now: datetime,
    *,
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
        second_factor=began_at is not None,
        address=address,
        agent=agent,
        began_at=began_at,
    )
    return begun.session_id


async def note_entered(transaction: Transaction, user_id: int, organization_id: int, now: datetime) -> None:
    """When a user last signed in, and was last seen in this organization."""
    await note_sign_in(transaction, user_id, now)
    await note_seen(transaction, organization_id, user_id, now)


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
    await note_seen(transaction, organization_id, user_id, now)
    return await renew_session(transaction, session, organization_id=organization_id)


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
