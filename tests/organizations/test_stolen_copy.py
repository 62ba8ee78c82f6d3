"""Whoever gets a copy of the database can't sign in with it, act by it, or post by it."""

import base64
import itertools
import re
from collections.abc import Iterable
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from console.organizations.sealing import hashed
from console.settings import Settings
from console.store.database import Database
from tests.cast import PASSWORD, STREAMER, Cast
from tests.organizations.secrets_made import KINDS, make_secrets, with_secrets
from tests.serving import Served

pytestmark = pytest.mark.one_edition
LARGEST = 128  # bytes that are one value: what is sealed or sealed by is longer, and looked through for texts


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


@pytest_asyncio.fixture
async def settings(settings: Settings) -> Settings:
    """Settings that have a secret of each kind."""
    return with_secrets(settings)


async def test_a_copy_of_the_database_holds_no_secret(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    made = await make_secrets(web, db, cast, settings)
    assert made.keys() == KINDS
    assert all(one for secrets in made.values() for one in [secrets, *secrets]), "there is one of each kind"
    copy = await copy_of(db)
    assert hashed(cast.acme_key).hex() in copy, "the copy is whole"
    parts = [key.rpartition("_")[2] for key in made["API key"] + made["wall key"]]
    assert {kind: held for kind, secrets in made.items() if (held := in_it(copy, secrets))} == {}
    assert in_it(copy, parts) == []


def values_in(copy: str) -> set[str]:
    """Every value of the copy that could be taken for a credential, in the forms in which it could be sent.

    Left out are times, words, and ids of requests, which are no secrets anywhere.
    """
    texts = re.findall(r"(?<!\\)\b[\w.=-]{20,}", copy)
    found = {text for text in texts if not re.fullmatch(r"[\d.:T-]+|[a-z_.]+|req_[0-9a-f]{24}|[A-Z_]+", text)}
    for digits in re.findall(r"\\\\x([0-9a-f]{32,})", copy):
        held = bytes.fromhex(digits)
        found |= {digits, base64.urlsafe_b64encode(held).decode().rstrip("=")} if len(held) <= LARGEST else set()
        found |= set(re.findall(r"[\w.:=-]{20,}", held.decode("latin-1"), re.ASCII))
    return found


async def opened_by(thief: httpx.AsyncClient, value: str, address: str) -> list[str]:
    """The ways in that this value opens, tried from an address that nothing else has been tried from."""
    thief.headers["X-Forwarded-For"] = address
    thief.cookies.clear()
    basic, quoted = base64.b64encode(f"acme-{STREAMER[0]}:{value}".encode()).decode(), quote(value, safe="")
    tried = {
        "a page": await thief.get("/wall", headers={"Cookie": f"session={value}; wall={value}"}),
        "the API": await thief.get("/api/v1/whoami", headers={"X-API-Key": value}),
        "a refresh": await thief.post("/api/v1/auth/refresh", json={"refresh_token": value}),
        "a link": await thief.get(f"/join/{quoted}"),
        "the forwarder": await thief.post(f"/forwarder/{quoted}", json=[]),
        "the streamer": await thief.post("/streamer/acme", json=[], headers={"Authorization": f"Basic {basic}"}),
    }
    return [way for way, answer in tried.items() if is_opened(way, answer.status_code)]


def is_opened(way: str, status: int) -> bool:
    """The forwarder's address answers 404 to who does not know it, and to others what it thinks of their post."""
    return status not in (404, 429) if way == "the forwarder" else status == 200


async def test_nothing_that_the_copy_holds_opens_anything(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    made = await make_secrets(web, db, cast, settings)
    numbers = itertools.count(1)
    async with web.stranger() as thief, web.stranger() as vera:
        tokens = (await vera.post("/api/v1/auth/login", json={"username": "vera", "password": PASSWORD})).json()

        async def opened(value: str) -> list[str]:
            number = next(numbers)
            return await opened_by(thief, value, f"10.0.{number // 256}.{number % 256}")

        assert ["a page"] in [await opened(one) for one in made["session"]], "the ways are the right ones"
        for ways, secret in (
            (["a page"], made["wall key"][0]),
            (["the API"], made["API key"][0]),
            (["the API"], tokens["access_token"]),
            (["a link"], made["invitation"][1]),
            (["a link"], made["link for a password"][0]),
            (["a link"], made["mailed link"][0]),
            (["the forwarder"], made["forwarder address"][0]),
            (["the streamer"], made["streamer password"][0]),
            (["a refresh"], tokens["refresh_token"]),
        ):
            assert await opened(secret) == ways
        values = values_in(await copy_of(db))
        assert len(values) > 100
        found = {value: ways for value in sorted(values) if (ways := await opened(value))}
    assert found == {}


async def test_what_is_stored_of_passwords_and_codes_is_none(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    await make_secrets(web, db, cast, settings)
    async with db.reading() as reading:
        query = "SELECT password_hash FROM users WHERE name = 'ada'"
        stored = (await reading.execute(sa.text(query))).scalar_one()
        codes = (await reading.execute(sa.text("SELECT code_hash FROM recovery_codes LIMIT 2"))).scalars().all()
        (sealed,) = (await reading.execute(sa.text("SELECT secret_sealed FROM second_factors"))).scalars().all()
    assert len(codes) == 2
    async with web.stranger() as thief:
        for number, guess in enumerate([stored, stored.rpartition("$")[2]]):
            answer = await thief.post("/api/v1/auth/login", json={"username": "ada", "password": guess})
            assert (number, answer.status_code) == (number, 401)
        for code in [one.hex() for one in codes] + [sealed.decode()[:64]]:
            login = {"username": "ada", "password": PASSWORD, "otp": code}
            answer = await thief.post("/api/v1/auth/login", json=login)
            assert answer.status_code in (401, 422), answer.text


async def test_a_secret_in_the_copy_would_be_found(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        put = sa.text("UPDATE organizations SET name = :name, once_client_secret_sealed = :secret")
        await transaction.connection.execute(put, {"name": f"Acme {PASSWORD}", "secret": b"demo-secret"})
    assert in_it(await copy_of(db), [PASSWORD, "demo-secret"]) == [PASSWORD, "demo-secret"]
