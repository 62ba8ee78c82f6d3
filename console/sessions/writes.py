"""Changes of sessions."""

from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa
from msgspec import Struct

from console.errors import NotFound, NotSignedIn
from console.organizations.sealing import hashed
from console.sessions.rules import (
    IDLE,
    LIFE,
    LONGEST_AGENT,
    MOST_PROGRAMS,
    PROGRAM_LIFE,
    SECOND_STEP,
    EndedSession,
    ProviderSession,
    SessionKind,
    new_session_id,
)
from console.sessions.tables import sessions
from console.store.database import Transaction


class Begun(Struct, frozen=True):
    """A session that has begun: what its cookie holds, and its number."""

    session_id: str
    number: int


async def begin_session(
    transaction: Transaction,
    user_id: int,
    organization_id: int,
    now: datetime,
    *,
    kind: SessionKind = SessionKind.BROWSER,
    second_factor: bool = False,
    address: str = "",
    agent: str = "",
    began_at: ProviderSession | None = None,
) -> Begun:
    """A new session of this member. Sessions that are over are deleted, and those of too many programs.

    `began_at`: the identity provider's own session that it belongs to. A program's holds no tokens yet; a first step
    becomes a session by `finish_first_step`, and is none before.
    """
    session_id, c = new_session_id(), sessions.c
    statement = sa.insert(sessions).values(
        id_hash=hashed(session_id),
        kind=kind,
        second_factor=second_factor,
        user_id=user_id,
        organization_id=organization_id,
        created_at=now,
        seen_at=now,
        proved_at=now,
        expires_at=now + (SECOND_STEP if kind is SessionKind.FIRST_STEP else IDLE),
        address=address,
        agent=agent[:LONGEST_AGENT],
        issuer=began_at.issuer if began_at else None,
        provider_session=began_at.session if began_at else None,
    )
    number = (await transaction.connection.execute(statement.returning(c.id))).scalar_one()
    programs = sa.select(c.id).where(c.user_id == user_id, c.kind == SessionKind.PROGRAM)
    too_many = programs.order_by(c.seen_at.desc(), c.id.desc()).offset(MOST_PROGRAMS)
    await transaction.connection.execute(sa.delete(sessions).where((c.expires_at < now) | c.id.in_(too_many)))
    return Begun(session_id, int(number))


async def finish_first_step(transaction: Transaction, first_step: bytes, now: datetime) -> str:
    """A session with another id in the place of this first step, named by its hashed id; the id.

    Raises NotSignedIn if it has been finished, or has ended.
    """
    session_id, c = new_session_id(), sessions.c
    statement = sa.update(sessions).where(c.id_hash == first_step, c.kind == SessionKind.FIRST_STEP, c.expires_at > now)
    statement = statement.values(
        id_hash=hashed(session_id),
        kind=SessionKind.BROWSER,
        second_factor=True,
        created_at=now,
        seen_at=now,
        proved_at=now,
        expires_at=now + IDLE,
    )
    if not (await transaction.connection.execute(statement)).rowcount:
        raise NotSignedIn("That took too long: sign in again")
    return session_id


async def keep_refresh_token(
    transaction: Transaction,
    number: int,
    token: str,
    now: datetime,
    lasts: timedelta,
    *,
    instead_of: str | None = None,
    address: str = "",
) -> bool:
    """Let this token refresh a program's session, alone, in the place of the one before.

    False if `instead_of` is not the session's newest token, or the session has ended: then nothing is changed.
    """
    c = sessions.c
    expiry = sa.func.least(sa.literal(now + lasts, sa.DateTime(True)), c.created_at + PROGRAM_LIFE)
    statement = sa.update(sessions).where(c.id == number, c.kind == SessionKind.PROGRAM, c.expires_at > now)
    if instead_of is not None:
        statement = statement.where(c.id_hash == hashed(instead_of))
    values = {"id_hash": hashed(token), "seen_at": now, "expires_at": expiry}
    values |= {"address": address} if address else {}
    return bool((await transaction.connection.execute(statement.values(**values))).rowcount)


async def renew_session(
    transaction: Transaction,
    session: bytes,
    *,
    organization_id: int | None = None,
    second_factor: bool | None = None,
    proved_at: datetime | None = None,
) -> str:
    """Give a session, named by its hashed id, another id and what is given; that id. Raises NotSignedIn."""
    session_id = new_session_id()
    changes = {"organization_id": organization_id, "second_factor": second_factor, "proved_at": proved_at}
    values = {name: value for name, value in changes.items() if value is not None}
    statement = sa.update(sessions).where(sessions.c.id_hash == session).values(id_hash=hashed(session_id), **values)
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


async def end_program_session(transaction: Transaction, user_id: int, number: int) -> None:
    """End a program's session, named by its number, if it has not ended."""
    c = sessions.c
    await transaction.connection.execute(sa.delete(sessions).where(c.id == number, c.user_id == user_id))


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
