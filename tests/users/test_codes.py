"""Codes of authenticator applications and recovery codes: which are right, when, and how often."""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
import sqlalchemy as sa

from console.errors import Invalid
from console.organizations.sealing import unseal
from console.settings import Settings
from console.store.database import Database
from console.users import factors_reads as reads
from console.users import factors_writes as writes
from console.users.codes import SET_UP_LASTS, STEP_SECONDS, new_secret, qr_code, step_of
from console.users.tables import second_factors
from tests.cast import Cast
from tests.users.authenticator import number_of

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NEWER = "b" * 20 + "a" * 20


def test_a_code_is_right_for_its_step_and_the_next_to_it() -> None:
    secret = new_secret()
    for drift in range(-3, 4):
        code = pyotp.TOTP(secret).at(NOW, counter_offset=drift)
        step = int(NOW.timestamp()) // STEP_SECONDS + drift
        assert step_of(secret, code, NOW) == (step if abs(drift) <= 1 else None)
    for wrong in ("", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\0"):
        assert step_of(secret, wrong, NOW) is None


def test_the_picture_has_no_style_and_no_script() -> None:
    drawn = qr_code("otpauth://totp/x?secret=y")
    assert drawn.startswith("<svg")
    assert set(re.findall(r"<(\w+)", drawn)) == {"svg", "g", "path"}
    assert "style" not in drawn


async def test_each_code_works_once_even_if_two_come_at_once(db: Database, cast: Cast, settings: Settings) -> None:
    ada, key = await number_of(db, "ada"), settings.secret_key

    async def use(code: str, now: datetime) -> str:
        try:
            async with db.transaction() as transaction:
                return await writes.use_second_factor(transaction, key, ada, code, now)
        except Invalid:
            return "refused"

    async with db.transaction() as transaction:
        await writes.begin_second_factor(transaction, key, ada, NOW)
        secret = await reads.unconfirmed_secret(transaction.connection, key, ada, NOW)
    assert secret is not None
    totp = pyotp.TOTP(secret)
    assert await use(totp.at(NOW), NOW) == "refused", "it does not count yet"
    with pytest.raises(Invalid):
        async with db.transaction() as transaction:
            await writes.confirm_second_factor(transaction, key, ada, "000000", NOW)
    async with db.transaction() as transaction:
        codes = await writes.confirm_second_factor(transaction, key, ada, totp.at(NOW), NOW)
    assert await use(totp.at(NOW), NOW) == "refused", "the code that confirmed it"
    later = NOW + timedelta(minutes=1)
    spaced = f"{totp.at(later)[:3]} {totp.at(later)[3:]}"
    assert sorted(await asyncio.gather(use(spaced, later), use(spaced, later))) == ["refused", "totp"]
    assert await use(totp.at(later, counter_offset=-1), later) == "refused", "it is older than the one that was used"
    assert sorted(await asyncio.gather(use(codes[0], later), use(codes[0].upper(), later))) == ["recovery", "refused"]
    assert await use(codes[1].replace("-", " "), later) == "recovery"
    async with db.transaction() as transaction:
        assert await writes.reseal_second_factors(transaction, f"{NEWER},{key}", limit=10) == (1, 0)
        stored = (await transaction.connection.execute(sa.select(second_factors.c.secret_sealed))).scalar_one()
        assert secret.encode() not in stored
        assert unseal(NEWER, stored) == secret
        found = await reads.second_factor_of(transaction.connection, ada)
    assert found is not None
    assert found.recovery_codes == 8


async def test_a_set_up_is_confirmed_within_fifteen_minutes_of_the_password(
    db: Database, cast: Cast, settings: Settings
) -> None:
    ada, key = await number_of(db, "ada"), settings.secret_key
    last, late = NOW + SET_UP_LASTS - timedelta(seconds=1), NOW + SET_UP_LASTS
    async with db.transaction() as transaction:
        await writes.begin_second_factor(transaction, key, ada, NOW)
        secret = await reads.unconfirmed_secret(transaction.connection, key, ada, last)
        assert secret is not None
        assert await reads.unconfirmed_secret(transaction.connection, key, ada, late) is None, "it is shown no more"
    for at in (late, NOW + timedelta(days=1)):
        with pytest.raises(Invalid):
            async with db.transaction() as transaction:
                await writes.confirm_second_factor(transaction, key, ada, pyotp.TOTP(secret).at(at), at)
    async with db.transaction() as transaction:
        assert await writes.confirm_second_factor(transaction, key, ada, pyotp.TOTP(secret).at(last), last)
