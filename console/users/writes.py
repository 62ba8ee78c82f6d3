"""Changes of users."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Invalid, NotFound
from console.organizations.rules import Role
from console.sessions.writes import begin_session, end_sessions_of
from console.store.database import Transaction
from console.users.passwords import hash_password
from console.users.rules import password_fault
from console.users.tables import users


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


async def sign_in(transaction: Transaction, user_id: int, now: datetime) -> str:
    """A new session of a user whose password was right; its id, which only the browser keeps."""
    await transaction.connection.execute(sa.update(users).where(users.c.id == user_id).values(last_sign_in_at=now))
    return await begin_session(transaction, user_id, now)


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
    await end_sessions_of(transaction, user_id)
