"""Changes of sessions."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from console.organizations.sealing import hashed
from console.sessions.rules import IDLE, LIFE, new_session_id
from console.sessions.tables import sessions
from console.store.database import Transaction


async def begin_session(transaction: Transaction, user_id: int, now: datetime) -> str:
    """A new session of this user; its id, which only the browser keeps. Sessions that are over are deleted."""
    session_id = new_session_id()
    await transaction.connection.execute(
        sa.insert(sessions).values(
            id_hash=hashed(session_id), user_id=user_id, created_at=now, seen_at=now, expires_at=now + IDLE
        )
    )
    await transaction.connection.execute(sa.delete(sessions).where(sessions.c.expires_at < now))
    return session_id


async def extend_sessions(transaction: Transaction, id_hashes: Collection[bytes], now: datetime) -> None:
    """Their users have done something: they last longer, but not beyond their longest life."""
    c = sessions.c
    expiry = sa.func.least(sa.literal(now + IDLE, sa.DateTime(True)), c.created_at + LIFE)
    await transaction.connection.execute(
        sa.update(sessions).where(c.id_hash.in_(id_hashes)).values(seen_at=now, expires_at=expiry)
    )


async def end_session(transaction: Transaction, session_id: str) -> None:
    """Sign out."""
    await transaction.connection.execute(sa.delete(sessions).where(sessions.c.id_hash == hashed(session_id)))


async def end_sessions_of(transaction: Transaction, user_id: int) -> None:
    """Sign a user out everywhere."""
    await transaction.connection.execute(sa.delete(sessions).where(sessions.c.user_id == user_id))
