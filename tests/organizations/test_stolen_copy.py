"""Whoever gets a copy of the database can't sign in with it, act by it, or post by it."""

import re
from collections.abc import Iterable

import pyotp
import pytest
import sqlalchemy as sa

from console.organizations.sealing import hashed
from console.settings import Settings
from console.store.database import Database
from console.streamer.forwarder_address import forwarder_token
from tests.cast import PASSWORD, STREAMER, Cast
from tests.serving import Served, client
from tests.users.passkey import Authenticator, by_name, question

pytestmark = pytest.mark.one_edition


async def copy_of(db: Database) -> str:
    """Every row of every table as text; bytes are hexadecimal digits in it."""
    async with db.reading() as reading:
        tables = (
            await reading.execute(sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        ).scalars()
        found: list[str] = []
        for table in tables.all():
            found += (await reading.execute(sa.text(f'SELECT t::text FROM "{table}" t'))).scalars().all()
    return "\n".join(found)


def in_it(copy: str, secrets: Iterable[str]) -> list[str]:
    """The secrets that it holds, as they are or as bytes."""
    return [secret for secret in secrets if secret in copy or secret.encode().hex() in copy]


async def test_a_copy_of_the_database_holds_no_secret(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    async with web.signed_in("ada") as ada, web.program(cast.acme_key) as program, web.stranger() as stranger:
        assert (await program.get("/sims")).status_code == 200
        assert (await stranger.post("/sign-in", data={"name": "ada", "password": "not-her-password"})).is_error
        made = [await ada.post("/users/invitations", data={"role": "viewer"})]
        made.append(await ada.post("/users/invitations", data={"role": "viewer", "note": "another"}))
        made.append(await ada.post("/api-keys", data={"name": "x", "scopes": "sims:read", "days": "30"}))
        await stranger.get(made[0].text[made[0].text.index("/join/") :][:49])
        logged_in = await stranger.post("/api/v1/auth/login", json={"username": "ada", "password": PASSWORD})
        tokens = [logged_in.json()[name] for name in ("access_token", "refresh_token")]
        begun = await ada.post("/settings/second-factor", data={"present": PASSWORD})
        assert begun.status_code == 303
        keys = re.findall(r'<code class="secret">(\w{32})</code>', (await ada.get("/settings/second-factor")).text)
        code = pyotp.TOTP(keys[0]).now()
        confirmed = await ada.post("/settings/second-factor/confirm", data={"code": code})
        recovery_codes = re.findall(r'<code class="secret">([\w-]{19})</code>', confirmed.text)
        assert len(recovery_codes) == 10
        named = by_name(web.address)
        passkey = Authenticator(named)
        async with client(named, {"Origin": named}) as there:
            there.cookies.set("session", ada.cookies["session"])
            asked = await question(there, "/settings/passkeys/question")
            data = {"name": "Laptop", "passkey": passkey.make(asked)}
            assert (await there.post("/settings/passkeys", data=data)).status_code == 200
            cookies_there = [str(one.value) for one in there.cookies.jar]
        cookies = list(ada.cookies.values())
    assert cookies
    shown = {one for page in made for one in re.findall(r"/join/([\w-]{43})|(iot_key_\w{20,})", page.text)}
    links_and_key = [link or key for link, key in shown]
    assert len(links_and_key) == 3
    secrets = [
        *cookies,
        *links_and_key,
        *(one.rpartition("_")[2] for one in links_and_key if one.startswith("iot_key_")),
        *tokens,
        *keys,
        *recovery_codes,
        cast.acme_key,
        PASSWORD,
        "not-her-password",
        *cookies_there,
        asked["challenge"],
        "demo-secret",
        STREAMER[1],
        forwarder_token(settings.secret_key, "acme", 1),
        settings.secret_key,
    ]
    copy = await copy_of(db)
    assert hashed(cast.acme_key).hex() in copy, "the copy is whole"
    assert in_it(copy, secrets) == []
    assert passkey.secret.hex() not in copy
    assert passkey.credential_id.hex() in copy


async def test_a_secret_in_the_copy_would_be_found(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        put = sa.text("UPDATE organizations SET name = :name, once_client_secret_sealed = :secret")
        await transaction.connection.execute(put, {"name": f"Acme {PASSWORD}", "secret": b"demo-secret"})
    assert in_it(await copy_of(db), [PASSWORD, "demo-secret"]) == [PASSWORD, "demo-secret"]
