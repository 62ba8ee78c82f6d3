"""Changes of users."""

import asyncio
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, Invalid, NotFound
from console.sessions.writes import end_sessions_of
from console.store.database import Transaction
from console.users.factors_writes import remove_factors
from console.users.passwords import hash_password
from console.users.preferences import preference_fault
from console.users.rules import mail_fault, password_fault
from console.users.tables import identities, users


async def add_user(
    transaction: Transaction, name: str, password: str, now: datetime, words: Collection[str] = ()
) -> int:
    """Add a user, who is no member of anything yet; the id. Raises Invalid for a name taken or a poor password.

    `words`: what the password must not be made of, such as the organization's name.
    """
    if not name.strip() or len(name) > 100 or not name.isprintable():
        raise Invalid("A user's name has 1 to 100 visible characters", name=name)
    statement = insert(users).values(
        name=name.strip().lower(), password_hash=await _hash(name, password, words), created_at=now
    )
    statement = statement.on_conflict_do_nothing(index_elements=["name"])
    user_id = (await transaction.connection.execute(statement.returning(users.c.id))).scalar()
    if user_id is None:
        raise Invalid(f"There is a user {name.strip().lower()!r} already", name=name)
    return int(user_id)


async def _hash(name: str, password: str, words: Collection[str]) -> str:
    if fault := await asyncio.to_thread(password_fault, password, name.strip(), words):
        raise Invalid(fault)
    return await hash_password(password)


async def note_sign_in(transaction: Transaction, user_id: int, now: datetime) -> bool:
    """When a user last signed in. False if they are disabled: whoever disables them is waited for."""
    enabled = (users.c.id == user_id, users.c.disabled_at.is_(None))
    noted = await transaction.connection.execute(sa.update(users).where(*enabled).values(last_sign_in_at=now))
    return bool(noted.rowcount)


async def set_password(
    transaction: Transaction, user_id: int, password: str, *, words: Collection[str] = (), but: bytes | None = None
) -> None:
    """Give a user a new password, and end their sessions; `but` is the hashed id of one that stays.

    Raises Invalid for a poor password.
    """
    name = (await transaction.connection.execute(sa.select(users.c.name).where(users.c.id == user_id))).scalar_one()
    password_hash = await _hash(name, password, words)
    statement = sa.update(users).where(users.c.id == user_id).values(password_hash=password_hash)
    await transaction.connection.execute(statement)
    await end_sessions_of(transaction, user_id, but=but)


async def set_mail_address(transaction: Transaction, user_id: int, address: str | None) -> None:
    """Where a link for a new password is mailed to this user; None for nowhere. Raises Invalid for what is none."""
    if address is not None and (fault := mail_fault(address)):
        raise Invalid(fault)
    statement = sa.update(users).where(users.c.id == user_id).values(mail_address=address)
    await transaction.connection.execute(statement)


async def set_preferences(transaction: Transaction, user_id: int, chosen: Mapping[str, str]) -> None:
    """How this user wants the console shown: these preferences, by name. Raises Invalid for what can't be chosen."""
    for name, value in chosen.items():
        if fault := preference_fault(name, value):
            raise Invalid(fault)
    await transaction.connection.execute(sa.update(users).where(users.c.id == user_id).values(**chosen))


async def keep_hash(transaction: Transaction, user_id: int, password_hash: str) -> None:
    """Store the same password, hashed with the parameters of today."""
    statement = sa.update(users).where(users.c.id == user_id).values(password_hash=password_hash)
    await transaction.connection.execute(statement)


async def change_password(transaction: Transaction, name: str, password: str) -> None:
    """Give the user with this name a new password, and end their sessions."""
    await set_password(transaction, await _id_of(transaction, name), password)


async def disable_user(transaction: Transaction, name: str, now: datetime) -> int:
    """Let a user in no more, in no organization, and end their sessions; their id. See also members/rights_writes."""
    user_id = await _id_of(transaction, name)
    await transaction.connection.execute(sa.update(users).where(users.c.id == user_id).values(disabled_at=now))
    await end_sessions_of(transaction, user_id)
    return user_id


async def _id_of(transaction: Transaction, name: str) -> int:
    query = sa.select(users.c.id).where(users.c.name == name.strip().lower())
    user_id = (await transaction.connection.execute(query)).scalar()
    if user_id is None:
        raise NotFound(f"There is no user {name.strip().lower()!r}", name=name)
    return int(user_id)


async def add_identified_user(
    transaction: Transaction, issuer: str, subject: str, names: Collection[str], now: datetime
) -> int:
    """Add a user without a password, whom this issuer knows by this subject; the id. They are no member of anything.

    `names`: what the provider calls them, the best first. A name that is taken gets a number: it is no proof of who
    somebody is.
    """
    wished = next((clean for name in names if (clean := name.strip().lower()[:90]) and clean.isprintable()), "user")
    for name in (wished, *(f"{wished}-{number}" for number in range(2, 10)), f"{wished[:80]}-{secrets.token_hex(4)}"):
        statement = insert(users).values(name=name, created_at=now).on_conflict_do_nothing(index_elements=["name"])
        user_id = (await transaction.connection.execute(statement.returning(users.c.id))).scalar()
        if user_id is not None:
            break
    values = {"issuer": issuer, "subject": subject, "user_id": user_id, "created_at": now, "signed_in_at": now}
    await transaction.connection.execute(sa.insert(identities).values(**values))
    return int(user_id or 0)


async def link_identity(
    transaction: Transaction, user_id: int, issuer: str, subject: str, groups: Collection[str], now: datetime
) -> None:
    """Let an identity sign this user in as well. Raises Conflict if it is taken, or they have one of this issuer."""
    i = identities.c
    mine = sa.select(i.subject).where(i.issuer == issuer, i.user_id == user_id)
    if (await transaction.connection.execute(mine)).first() is not None:
        raise Conflict("An identity of this provider signs you in already: unlink it first")
    values = {"issuer": issuer, "subject": subject, "user_id": user_id, "groups": sorted(groups)}
    statement = insert(identities).values(**values, created_at=now, signed_in_at=now).on_conflict_do_nothing()
    if not (await transaction.connection.execute(statement)).rowcount:
        raise Conflict("This identity signs in another user of this console")


async def unlink_identity(transaction: Transaction, user_id: int) -> list[str]:
    """Let no identity sign this user in any more; the issuers of those that did. Raises NotFound if none did."""
    statement = sa.delete(identities).where(identities.c.user_id == user_id).returning(identities.c.issuer)
    issuers = sorted((await transaction.connection.execute(statement)).scalars())
    if not issuers:
        raise NotFound("No identity of a provider signs you in")
    return issuers


async def note_groups(
    transaction: Transaction, issuer: str, subject: str, groups: Collection[str], now: datetime
) -> None:
    """Which groups somebody had when they signed in."""
    i = identities.c
    statement = sa.update(identities).where(i.issuer == issuer, i.subject == subject)
    await transaction.connection.execute(statement.values(groups=sorted(groups), signed_in_at=now))


async def reset_second_factor(transaction: Transaction, name: str) -> None:
    """Remove the second factor of the user with this name, and end their sessions. Raises NotFound if there is none."""
    user_id = await _id_of(transaction, name)
    if not await remove_factors(transaction, user_id):
        raise NotFound(f"{name.strip().lower()!r} has no second factor", name=name)
    await end_sessions_of(transaction, user_id)
