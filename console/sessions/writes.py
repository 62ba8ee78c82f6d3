"""Changes of sessions."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from console.errors import NotFound, NotSignedIn
from console.organizations.sealing import hashed
from console.sessions.rules import IDLE, LIFE, LONGEST_AGENT, EndedSession, ProviderSession, new_session_id
from console.sessions.tables import sessions
from console.store.database import Transaction


async def begin_session(
    transaction: Transaction,
    user_id: int,
    organization_id: int,
    now: datetime,
    *,
    address: str = "",
    agent: str = "",
    began_at: ProviderSession | None = None,
) -> str:
    """A new session of this member; its id, which only the browser keeps. Sessions that are over are deleted.

    `began_at`: where the identity provider's own session is that it belongs to.
    """
    session_id = new_session_id()
    await transaction.connection.execute(
        sa.insert(sessions).values(
            id_hash=hashed(session_id),
            user_id=user_id,
            organization_id=organization_id,
            created_at=now,
            seen_at=now,
            expires_at=now + IDLE,
            address=address,
            agent=agent[:LONGEST_AGENT],
            issuer=began_at.issuer if began_at else None,
            provider_session=began_at.session if began_at else None,
        )
    )
    await transaction.connection.execute(sa.delete(sessions).where(sessions.c.expires_at < now))
    return session_id


async def renew_session(transaction: Transaction, session: bytes, *, organization_id: int | None = None) -> str:
    """Give a session another id, and let it be in this organization; the old id opens nothing. Its new id.

    `session` is the old id, hashed. Raises NotSignedIn if it has ended.
    """
    session_id = new_session_id()
    values: dict[str, object] = {"id_hash": hashed(session_id)}
    if organization_id is not None:
        values["organization_id"] = organization_id
    statement = sa.update(sessions).where(sessions.c.id_hash == session).values(**values)
    if not (await transaction.connection.execute(statement)).rowcount:
        raise NotSignedIn("The session has ended: sign in again")
    return session_id


async def extend_sessions(
    transaction: Transaction, id_hashes: Collection[bytes], now: datetime, address: str = ""
) -> None:
    """Their users have done something: they last longer, but not beyond their longest life."""
    c = sessions.c
    expiry = sa.func.least(sa.literal(now + IDLE, sa.DateTime(True)), c.created_at + LIFE)
    values = {"seen_at": now, "expires_at": expiry} | ({"address": address} if address else {})
    await transaction.connection.execute(sa.update(sessions).where(c.id_hash.in_(id_hashes)).values(**values))


async def end_session(transaction: Transaction, session_id: str) -> None:
    """Sign out."""
    await transaction.connection.execute(sa.delete(sessions).where(sessions.c.id_hash == hashed(session_id)))


async def end_own_session(transaction: Transaction, user_id: int, number: int) -> None:
    """End a session of this user, named by its number. Raises NotFound if it is not theirs, or has ended."""
    await _end_numbered(transaction, number, sessions.c.user_id == user_id)


async def end_members_session(transaction: Transaction, organization_id: int, number: int) -> None:
    """End a session in this organization, named by its number. Raises NotFound if there is none."""
    await _end_numbered(transaction, number, sessions.c.organization_id == organization_id)


async def _end_numbered(transaction: Transaction, number: int, whose: "sa.ColumnElement[bool]") -> None:
    ended = await transaction.connection.execute(sa.delete(sessions).where(sessions.c.id == number, whose))
    if not ended.rowcount:
        raise NotFound("There is no such session", id=number)


async def end_sessions_at(
    transaction: Transaction, began_at: ProviderSession, *, user_id: int | None = None
) -> list[EndedSession]:
    """End what began at this session of the provider, or at any of its: of this user, or of all who have it."""
    c = sessions.c
    statement = sa.delete(sessions).where(c.issuer == began_at.issuer)
    if began_at.session is not None:
        statement = statement.where(c.provider_session == began_at.session)
    if user_id is not None:
        statement = statement.where(c.user_id == user_id)
    assert began_at.session is not None or user_id is not None
    ended = await transaction.connection.execute(statement.returning(c.user_id, c.organization_id))
    return [EndedSession(row.user_id, row.organization_id) for row in ended]


async def end_sessions_of(
    transaction: Transaction, user_id: int, *, organization_id: int | None = None, but: bytes | None = None
) -> None:
    """Sign a user out everywhere, or everywhere in one organization; `but` is the hashed id of a session that stays."""
    c = sessions.c
    statement = sa.delete(sessions).where(c.user_id == user_id)
    if organization_id is not None:
        statement = statement.where(c.organization_id == organization_id)
    if but is not None:
        statement = statement.where(c.id_hash != but)
    await transaction.connection.execute(statement)
