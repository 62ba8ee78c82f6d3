"""A user with an authenticator application, and how they set it up and sign in with it."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

import httpx
import pyotp
import sqlalchemy as sa

from console.store.database import Database
from console.users.tables import users
from tests.cast import PASSWORD

CODE = re.compile(r"<code class=\"secret\">([a-z2-9-]{19})</code>")


class SecondFactor(NamedTuple):
    """One that is set up; `used` is the code that confirmed it, which another time step doesn't make a new one."""

    secret: str
    recovery: list[str]
    used: str


def key_in(answer: httpx.Response) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7]{32})</code>', answer.text)
    assert found, answer.text
    return found[1]


def code_of(secret: str, steps: int = 0) -> str:
    """What the application shows now, or so many steps later. One step may pass meanwhile: -1 would be too late."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


async def set_up(client: httpx.AsyncClient) -> SecondFactor:
    """The second factor that this user sets up on their own page."""
    begun = await client.post("/settings/second-factor", data={"present": PASSWORD})
    assert begun.status_code == 303
    page = await client.get("/settings/second-factor")
    assert page.headers["cache-control"] == "no-store"
    assert "<svg" in page.text
    secret = key_in(page)
    used = code_of(secret)
    confirmed = await client.post("/settings/second-factor/confirm", data={"code": used})
    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.headers["cache-control"] == "no-store"
    return SecondFactor(secret, CODE.findall(confirmed.text), used)


async def sign_in(client: httpx.AsyncClient, name: str = "ada") -> httpx.Response:
    return await client.post("/sign-in", data={"name": name, "password": PASSWORD, "next": "/jobs"})


async def number_of(db: Database, name: str) -> int:
    async with db.reading() as reading:
        return int((await reading.execute(sa.select(users.c.id).where(users.c.name == name))).scalar_one())
