"""Passwords: what one must be, and that nobody learns from the time or the words whether a user exists."""

import time

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from console.store.database import Database
from console.users.passwords import _NOBODY, hash_password, is_right
from console.users.rules import LEAST_PASSWORD, password_fault
from tests.cast import PASSWORD, Cast
from tests.serving import Served


@pytest.mark.parametrize(
    ("password", "name", "allowed"),
    [
        ("correct horse battery", "ada", True),
        ("x" * (LEAST_PASSWORD - 1), "ada", False),
        ("aaaaaaaaaaaaaaaaaaaa", "ada", False),
        ("I am ADA and nobody else", "ada", False),
        ("x1y2z" * 300, "ada", False),
        ("password123456", "ada", False),
        ("simconsole1nce", "ada", False),
        ("acme berlin 2026", "ada", False),
        ("a phrase of several words", "ada", True),
        ("пароль на кириллице", "ada", True),
    ],
)
def test_a_password_is_long_enough_hard_to_guess_and_does_not_hold_the_name(
    password: str, name: str, allowed: bool
) -> None:
    assert (password_fault(password, name, ["Acme Berlin"]) is None) is allowed


async def test_the_right_password_alone_is_right() -> None:
    stored = await hash_password("correct horse battery")
    assert stored.startswith("$argon2id$")
    assert "correct" not in stored
    assert await is_right(stored, "correct horse battery")
    assert not await is_right(stored, "correct horse batterz")
    assert not await is_right("no hash at all", "correct horse battery")


async def test_an_unknown_user_is_compared_at_the_same_cost() -> None:
    stored = await hash_password("correct horse battery")
    assert stored.split("$")[:4] == _NOBODY.split("$")[:4], "the same algorithm, memory and passes"

    async def seconds(known: str | None) -> float:
        began = time.process_time()
        assert not await is_right(known, "wrong password here")
        return time.process_time() - began

    known, unknown = [min([await seconds(one) for _ in range(3)]) for one in (stored, None)]
    assert unknown > known / 3


@pytest.mark.one_edition
async def test_a_hash_by_former_parameters_is_made_anew_at_the_next_sign_in(
    web: Served, db: Database, cast: Cast
) -> None:
    former = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)

    async def stored() -> str:
        async with db.reading() as reading:
            found = await reading.execute(sa.text("SELECT password_hash FROM users WHERE name = 'vera'"))
            return str(found.scalar_one())

    async with db.transaction() as transaction:
        keep = sa.text("UPDATE users SET password_hash = :former WHERE name = 'vera'")
        await transaction.connection.execute(keep, {"former": former})
    async with web.stranger() as stranger:
        assert (await stranger.post("/sign-in", data={"name": "vera", "password": "wrong"})).status_code == 401
        assert await stored() == former, "a wrong password changes nothing"
    async with web.signed_in("vera"):
        renewed = await stored()
    assert renewed.split("$")[:4] == _NOBODY.split("$")[:4]
    assert await is_right(renewed, PASSWORD)
