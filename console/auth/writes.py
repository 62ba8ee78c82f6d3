"""Changes of users, sessions and API keys."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.auth.passwords import hash_password
from console.auth.rules import SESSION_IDLE, SESSION_LIFE, Role, hashed, new_key, new_session_id, password_fault
from console.auth.tables import api_keys, sessions, users
from console.errors import Invalid, NotFound
from console.store.database import Transaction


async def put_user(
    transaction: Transaction, organization_id: int, name: str, role: Role, password: str, now: datetime
) -> int:
    """Add a user; Invalid for a name that is taken or a poor password."""
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise Invalid("A user's name has 1 to 100 visible characters", name=name)
    statement = insert(users).values(
        organization_id=organization_id,
        name=name.strip().lower(),
        role=role,
        password_hash=await _hash(name, password),
        created_at=now,
    )
    statement = statement.on_conflict_do_nothing(index_elements=["name"])
    user_id = (await transaction.connection.execute(statement.returning(users.c.id))).scalar()
    if user_id is None:
        raise Invalid(f"There is a user {name.strip().lower()!r} already", name=name)
    return int(user_id)


async def _hash(name: str, password: str) -> str:
    if fault := password_fault(password, name.strip()):
        raise Invalid(fault)
    return await hash_password(password)


async def change_password(transaction: Transaction, name: str, password: str) -> None:
    """Give a user a new password, and end their sessions."""
    await _change_user(transaction, name, password_hash=await _hash(name, password))


async def disable_user(transaction: Transaction, name: str, now: datetime) -> None:
    """Let a user in no more, and end their sessions."""
    await _change_user(transaction, name, disabled_at=now)


async def _change_user(transaction: Transaction, name: str, **values: object) -> None:
    mine = users.c.name == name.strip().lower()
    statement = sa.update(users).where(mine).values(**values).returning(users.c.id)
    user_id = (await transaction.connection.execute(statement)).scalar()
    if user_id is None:
        raise NotFound(f"There is no user {name.strip().lower()!r}", name=name)
    await transaction.connection.execute(sa.delete(sessions).where(sessions.c.user_id == user_id))


async def begin_session(transaction: Transaction, user_id: int, now: datetime) -> str:
    """A new session of this user; its id, which only the browser keeps."""
    session_id = new_session_id()
    await transaction.connection.execute(
        sa.insert(sessions).values(
            id_hash=hashed(session_id), user_id=user_id, created_at=now, seen_at=now, expires_at=now + SESSION_IDLE
        )
    )
    await transaction.connection.execute(sa.update(users).where(users.c.id == user_id).values(last_sign_in_at=now))
    await transaction.connection.execute(sa.delete(sessions).where(sessions.c.expires_at < now))
    return session_id


async def keep_sessions(transaction: Transaction, id_hashes: Collection[bytes], now: datetime) -> None:
    """They are in use: let them live on, but not beyond their longest life."""
    c = sessions.c
    expiry = sa.func.least(sa.literal(now + SESSION_IDLE, sa.DateTime(True)), c.created_at + SESSION_LIFE)
    await transaction.connection.execute(
        sa.update(sessions).where(c.id_hash.in_(id_hashes)).values(seen_at=now, expires_at=expiry)
    )


async def end_session(transaction: Transaction, session_id: str) -> None:
    """Sign out."""
    await transaction.connection.execute(sa.delete(sessions).where(sessions.c.id_hash == hashed(session_id)))


async def put_key(transaction: Transaction, organization_id: int, name: str, role: Role, now: datetime) -> str:
    """A new API key: the whole of it, told this once."""
    prefix, key = new_key()
    await transaction.connection.execute(
        sa.insert(api_keys).values(
            organization_id=organization_id,
            name=name,
            role=role,
            prefix=prefix,
            secret_hash=hashed(key),
            created_at=now,
        )
    )
    return key


async def revoke_key(transaction: Transaction, prefix: str, now: datetime) -> None:
    """End an API key, named by the part that may be shown."""
    c = api_keys.c
    found = await transaction.connection.execute(
        sa.update(api_keys).where(c.prefix == prefix, c.revoked_at.is_(None)).values(revoked_at=now)
    )
    if not found.rowcount:
        raise NotFound(f"There is no living API key {prefix!r}", prefix=prefix)


async def note_key_use(transaction: Transaction, key_id: int, now: datetime) -> None:
    """When a key was last used."""
    await transaction.connection.execute(sa.update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=now))
