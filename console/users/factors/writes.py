"""Changes of second factors."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from console.errors import Conflict, Invalid
from console.organizations.sealing import AFTER_ID, key_id, keys_in, seal, unseal
from console.store.database import Transaction
from console.users.factors.codes import SET_UP_LASTS, new_recovery_codes, new_secret, plain, recovery_hash
from console.users.factors.reads import accepted_step
from console.users.factors.tables import recovery_codes, second_factors


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


async def remove_second_factor(transaction: Transaction, user_id: int) -> bool:
    """Remove the user's second factor and its recovery codes; whether there was one."""
    await transaction.connection.execute(sa.delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    removing = sa.delete(second_factors).where(second_factors.c.user_id == user_id)
    return bool((await transaction.connection.execute(removing)).rowcount)


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
