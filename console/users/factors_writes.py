"""Changes of second factors."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, Invalid, NotFound
from console.organizations.sealing import AFTER_ID, key_id, keys_in, seal, unseal
from console.store.database import Transaction
from console.unicode_text import is_visible
from console.users.codes import SET_UP_LASTS, new_recovery_codes, new_secret, plain, recovery_hash
from console.users.factors_reads import KnownPasskey, accepted_step, proves
from console.users.passkeys import LONGEST_NAME, MOST_PASSKEYS, Made
from console.users.tables import passkeys, recovery_codes, second_factors


async def begin_second_factor(transaction: Transaction, secret_key: str, user_id: int, now: datetime) -> None:
    """A new secret for the user's application, in the place of one that was begun; it counts once it is confirmed.

    Raises Conflict if the user has a second factor.
    """
    values = {"secret_sealed": seal(secret_key, new_secret()), "created_at": now}
    statement = insert(second_factors).values(user_id=user_id, **values)
    unconfirmed = second_factors.c.confirmed_at.is_(None)
    statement = statement.on_conflict_do_update(index_elements=["user_id"], set_=values, where=unconfirmed)
    if not (await transaction.connection.execute(statement)).rowcount:
        raise Conflict("You have a second factor already: remove it first")


async def confirm_second_factor(
    transaction: Transaction, secret_key: str, user_id: int, code: str, now: datetime
) -> list[str]:
    """It counts from now on; new recovery codes, shown this once. Raises Invalid: a wrong code, SET_UP_LASTS over."""
    step, c = await accepted_step(transaction.connection, secret_key, user_id, plain(code), now), second_factors.c
    statement = sa.update(second_factors).where(c.user_id == user_id, c.confirmed_at.is_(None))
    statement = statement.where(c.created_at > now - SET_UP_LASTS).values(confirmed_at=now, last_step=step)
    if step is None or not (await transaction.connection.execute(statement)).rowcount:
        raise Invalid("That is not the code that the application shows now: try the next one")
    return await renew_recovery_codes(transaction, user_id)


async def use_second_factor(transaction: Transaction, secret_key: str, user_id: int, code: str, now: datetime) -> str:
    """Use up a code of the user's application or a recovery code; `totp` or `recovery`.

    Raises Invalid for a wrong code, and for one that has been used: no code works twice, nor one older than that.
    """
    step, c = await accepted_step(transaction.connection, secret_key, user_id, plain(code), now), second_factors.c
    if step is not None:
        statement = sa.update(second_factors).where(
            c.user_id == user_id, c.confirmed_at.is_not(None), c.last_step < step
        )
        if (await transaction.connection.execute(statement.values(last_step=step))).rowcount:
            return "totp"
    r = recovery_codes.c
    used = sa.delete(recovery_codes).where(r.user_id == user_id, r.code_hash == recovery_hash(code))
    if (await transaction.connection.execute(used)).rowcount:
        return "recovery"
    raise Invalid("This code is wrong, or has been used: wait for the next one")


async def renew_recovery_codes(transaction: Transaction, user_id: int) -> list[str]:
    """New recovery codes, which are shown this once; those before open nothing."""
    await transaction.connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    codes = new_recovery_codes()
    rows = [{"user_id": user_id, "code_hash": recovery_hash(code)} for code in codes]
    await transaction.connection.execute(sa.insert(recovery_codes), rows)
    return codes


async def remove_application(transaction: Transaction, user_id: int) -> None:
    """Remove the user's application; recovery codes stay while they have a passkey."""
    await transaction.connection.execute(sa.delete(second_factors).where(second_factors.c.user_id == user_id))
    await _drop_codes_for_nothing(transaction, user_id)


async def remove_factors(transaction: Transaction, user_id: int) -> bool:
    """Remove the user's application, passkeys and recovery codes; whether there was one."""
    connection = transaction.connection
    await connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    application = await connection.execute(sa.delete(second_factors).where(second_factors.c.user_id == user_id))
    keys = await connection.execute(sa.delete(passkeys).where(passkeys.c.user_id == user_id))
    return bool(application.rowcount or keys.rowcount)


async def add_passkey(
    transaction: Transaction, user_id: int, key: Made, *, handle: bytes, host: str, name: str, now: datetime
) -> None:
    """A passkey more. Raises Invalid for a name that can't be, Conflict for one that is there, or one too many."""
    connection, c = transaction.connection, passkeys.c
    plain_name = _checked_name(name)
    count = sa.select(sa.func.count()).where(c.user_id == user_id)
    if (await connection.execute(count)).scalar_one() >= MOST_PASSKEYS:
        raise Conflict(f"You have {MOST_PASSKEYS} passkeys: remove one first")
    values = {"user_id": user_id, "user_handle": handle, "host": host, "name": plain_name, "created_at": now}
    values |= {"credential_id": key.credential_id, "public_key": key.public_key, "uses": key.uses}
    statement = insert(passkeys).values(**values).on_conflict_do_nothing(index_elements=["credential_id"])
    if not (await connection.execute(statement)).rowcount:
        raise Conflict("This passkey is known already")


def _checked_name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME or not is_visible(name):
        raise Invalid(f"A passkey's name has 1 to {LONGEST_NAME} visible characters")
    return name.strip()


async def use_passkey(transaction: Transaction, known: KnownPasskey, uses: int, now: datetime) -> str:
    """Note that a passkey was used, as often as it says; `passkey`. Raises Invalid if another answer came meanwhile."""
    c = passkeys.c
    statement = sa.update(passkeys).where(c.id == known.id, c.uses == known.uses).values(uses=uses, last_used_at=now)
    if not (await transaction.connection.execute(statement)).rowcount:
        raise Invalid("This passkey was used twice at once: try again")
    return "passkey"


async def rename_passkey(transaction: Transaction, user_id: int, passkey_id: int, name: str) -> str:
    """Call a passkey of this user otherwise; its name before. Raises Invalid for a name that can't be, NotFound."""
    c = passkeys.c
    mine = sa.and_(c.user_id == user_id, c.id == passkey_id)
    before = (await transaction.connection.execute(sa.select(c.name).where(mine).with_for_update())).scalar()
    if before is None:
        raise NotFound("There is no such passkey", id=passkey_id)
    await transaction.connection.execute(sa.update(passkeys).where(mine).values(name=_checked_name(name)))
    return str(before)


async def remove_passkey(transaction: Transaction, user_id: int, passkey_id: int) -> str:
    """Remove a passkey of this user; its name. Raises NotFound if there is none."""
    c = passkeys.c
    statement = sa.delete(passkeys).where(c.user_id == user_id, c.id == passkey_id).returning(c.name)
    name = (await transaction.connection.execute(statement)).scalar()
    if name is None:
        raise NotFound("There is no such passkey", id=passkey_id)
    await _drop_codes_for_nothing(transaction, user_id)
    return str(name)


async def _drop_codes_for_nothing(transaction: Transaction, user_id: int) -> None:
    """Recovery codes stand for a second factor: without one they open nothing."""
    none = ~proves(recovery_codes.c.user_id)
    await transaction.connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id, none))


async def reseal_second_factors(transaction: Transaction, secret_key: str, *, limit: int) -> tuple[int, int]:
    """Seal some second factors' secrets with the newest key; how many, and how many are left. May raise SealBroken."""
    c, newest = second_factors.c, key_id(keys_in(secret_key)[0]).encode() + AFTER_ID
    older = sa.func.substring(c.secret_sealed, 1, len(newest)) != newest
    query = sa.select(c.user_id, c.secret_sealed).where(older).order_by(c.user_id).limit(limit).with_for_update()
    found = (await transaction.connection.execute(query)).all()
    for row in found:
        sealed = seal(secret_key, unseal(secret_key, row.secret_sealed))
        statement = sa.update(second_factors).where(c.user_id == row.user_id)
        await transaction.connection.execute(statement.values(secret_sealed=sealed))
    left = (await transaction.connection.execute(sa.select(sa.func.count()).where(older))).scalar_one()
    return len(found), int(left)
