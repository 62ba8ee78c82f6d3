"""Programs that sign in as a user: what their tokens open, and what ends them."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
import websockets

from console.acting import Actor, ActorKind
from console.audit.tables import lines
from console.live import heartbeats
from console.members.writes import change_role
from console.organizations.rules import Role
from console.sessions.rules import MOST_PROGRAMS, PROGRAM_LIFE, SessionKind
from console.sessions.tables import sessions
from console.sessions.tokens import ACCESS_LASTS, REFRESH_LASTS, TokenKind, read_token, sign_token
from console.sessions.writes import begin_session, keep_refresh_token
from console.settings import Settings
from console.store.database import Database
from console.users.tables import users
from console.users.writes import disable_user
from tests.cast import PASSWORD, Cast
from tests.serving import Served, close_code

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
KEY, NEWER = "a" * 20 + "b" * 20, "b" * 20 + "a" * 20
ADA = {"username": "ada", "password": PASSWORD}


async def log_in(client: httpx.AsyncClient, **who: str) -> dict[str, Any]:
    answer = await client.post("/api/v1/auth/login", json={**ADA, **who})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found: dict[str, Any] = answer.json()
    return found


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def status_of(client: httpx.AsyncClient, tokens: dict[str, Any]) -> int:
    return (await client.get("/api/v1/whoami", headers=bearer(tokens))).status_code


def stream(web: Served, tokens: dict[str, Any]) -> Any:
    address = web.address.replace("http", "ws", 1) + "/api/v1/stream"
    return websockets.connect(address, additional_headers=bearer(tokens), proxy=None)


@pytest.fixture
def quick_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.1)


async def test_a_token_is_good_for_its_kind_for_its_time_and_while_its_key_is() -> None:
    for kind, lasts in ((TokenKind.ACCESS, ACCESS_LASTS), (TokenKind.REFRESH, REFRESH_LASTS)):
        token = sign_token(kind, KEY, 3, 12, NOW)
        claims = await read_token(kind, KEY, token, NOW)
        assert claims is not None
        assert (claims.sub, claims.sid, claims.exp) == ("3", 12, int((NOW + lasts).timestamp()))
        assert await read_token(kind, f"{NEWER},{KEY}", token, NOW) == claims, "the key is being rotated"
        assert await read_token(kind, NEWER, token, NOW) is None
        assert await read_token(kind, KEY, token, NOW + lasts - timedelta(seconds=1)) == claims
        assert await read_token(kind, KEY, token, NOW + lasts) is None
        for other in set(TokenKind) - {kind}:
            assert await read_token(other, KEY, token, NOW) is None
        assert sign_token(kind, KEY, 3, 12, NOW) != token
        head, body, signature = token.split(".")
        unsigned = f"eyJhbGciOiJub25lIn0.{body}."
        swapped = f"{head}.{body[:-4]}AAAA.{signature}"
        for forged in ("", "..", "a.b.c", "é.é.é", unsigned, swapped, token[:-4] + "AAAA", token + "A" * 1000):
            assert await read_token(kind, KEY, forged, NOW) is None, forged


@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_program_signs_in_refreshes_and_signs_out(web: Served, db: Database, cast: Cast) -> None:
    async with web.stranger() as client, web.signed_in("ada") as browser:
        first = await log_in(client)
        assert (first["token_type"], first["expires_in"], first["refresh_expires_in"]) == ("Bearer", 1800, 604_800)
        me = (await client.get("/api/v1/whoami", headers=bearer(first))).json()
        assert (me["name"], me["organization_id"], me["role"]) == ("ada", cast.acme, "admin")
        assert me["credential"] == "access_token"
        assert datetime.fromisoformat(me["expires_at"]) > datetime.now(UTC) + timedelta(minutes=29)
        for name in ("access_token", "refresh_token"):
            cookie = {"Cookie": f"session={first[name]}"}
            assert (await client.get("/sims", headers=cookie)).headers["location"].startswith("/sign-in")
        assert (await client.get("/api/v1/whoami", headers={"X-API-Key": first["refresh_token"]})).status_code == 401
        assert "a program with access tokens" in (await browser.get("/settings")).text
        body = {"refresh_token": first["refresh_token"]}
        second = (await client.post("/api/v1/auth/refresh", json=body)).json()
        assert await status_of(client, first) == 200, "an access token holds for its half hour"
        async with stream(web, second) as socket:
            await socket.recv()
            signed_out = await client.post("/api/v1/auth/logout", headers=bearer(second))
            assert signed_out.status_code == 204
            assert await close_code(socket) == 4401
        assert [await status_of(client, one) for one in (first, second)] == [401, 401]
        body = {"refresh_token": second["refresh_token"]}
        assert (await client.post("/api/v1/auth/refresh", json=body)).status_code == 401
        by_key = await client.post("/api/v1/auth/logout", headers={"X-API-Key": cast.acme_key})
        assert by_key.status_code == 409
    async with db.reading() as reading:
        c = lines.c
        found = await reading.execute(sa.select(c.action, c.actor).where(c.actor == "ada").order_by(c.id))
        acts = [action for action, _ in found]
    assert acts == ["session.begin", "session.begin", "session.refresh", "stream.subscribe", "session.end"]


@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_refresh_token_that_comes_again_ends_the_session(web: Served, db: Database, cast: Cast) -> None:
    async with web.stranger() as client:
        first, another = await log_in(client), await log_in(client)
        body = {"refresh_token": first["refresh_token"]}
        made = [client.post("/api/v1/auth/refresh", json=body) for _ in range(2)]
        answers = sorted(await asyncio.gather(*made), key=lambda answer: answer.status_code)
        assert [answer.status_code for answer in answers] == [200, 401], "one of two at once"
        assert await status_of(client, answers[0].json()) == 401
        async with stream(web, another) as socket:
            await socket.recv()
            body = {"refresh_token": another["refresh_token"]}
            newest = (await client.post("/api/v1/auth/refresh", json=body)).json()
            again = await client.post("/api/v1/auth/refresh", json=body)
            assert again.json()["error"]["code"] == "NOT_SIGNED_IN"
            assert "used before" in again.json()["error"]["message"]
            assert await close_code(socket) == 4401
        assert [await status_of(client, one) for one in (another, newest)] == [401, 401]
        body = {"refresh_token": newest["refresh_token"]}
        assert (await client.post("/api/v1/auth/refresh", json=body)).status_code == 401


@pytest.mark.usefixtures("quick_heartbeats")
async def test_what_is_decided_about_the_user_ends_their_programs_and_an_old_token_its_stream(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    async with db.reading() as reading:
        otto = (await reading.execute(sa.select(users.c.id).where(users.c.name == "otto"))).scalar_one()
    async with web.stranger() as client:
        for decide in ("role", "disable"):
            tokens = await log_in(client, username="otto")
            async with stream(web, tokens) as socket:
                await socket.recv()
                async with db.transaction() as transaction:
                    if decide == "role":
                        await change_role(
                            transaction, Actor(kind=ActorKind.CLI, name="root"), cast.acme, otto, Role.VIEWER, NOW
                        )
                    else:
                        await disable_user(transaction, "otto", NOW)
                assert await close_code(socket) == 4401
            assert await status_of(client, tokens) == 401
        tokens = await log_in(client)
        claims = await read_token(TokenKind.ACCESS, settings.secret_key, tokens["access_token"], datetime.now(UTC))
        assert claims is not None
        began = datetime.now(UTC) - ACCESS_LASTS + timedelta(seconds=2)
        ending = sign_token(TokenKind.ACCESS, settings.secret_key, int(claims.sub), claims.sid, began)
        async with stream(web, {"access_token": ending}) as socket:
            await socket.recv()
            assert await close_code(socket) == 4401
        assert await status_of(client, {"access_token": ending}) == 401
        assert await status_of(client, tokens) == 200


async def test_it_is_refused_as_a_browser_is(web: Served, cast: Cast) -> None:
    async with web.stranger() as client:
        wrong = [{**ADA, "password": "wrong"}, {**ADA, "username": "nobody"}, {**ADA, "username": "ada\u200b"}]
        for body in wrong:
            answer = await client.post("/api/v1/auth/login", json=body)
            error = answer.json()["error"]
            assert (answer.status_code, error["message"]) == (401, "Wrong name or password")
        page = await client.post("/sign-in", data={"name": "nobody", "password": PASSWORD})
        assert "Wrong name or password" in page.text
        elsewhere = await client.post("/api/v1/auth/login", json=ADA, headers={"Origin": "https://evil.example"})
        assert elsewhere.status_code == 403
        there = await client.post("/api/v1/auth/login", json={**ADA, "organization_id": cast.evil})
        assert there.status_code == 403
        tries = [await client.post("/sign-in", data={"name": "vera", "password": "wrong"}) for _ in range(8)]
        assert {answer.status_code for answer in tries} == {401}
        too_many = await client.post("/api/v1/auth/login", json={**ADA, "username": "vera"})
        assert too_many.status_code == 429, "a program's tries and a browser's are counted together"
        assert int(too_many.headers["retry-after"]) > 0


async def test_a_session_does_not_outlive_its_longest_life_nor_the_newer_ones(db: Database, cast: Cast) -> None:
    async with db.reading() as reading:
        ada = (await reading.execute(sa.select(users.c.id).where(users.c.name == "ada"))).scalar_one()
    async with db.transaction() as transaction:
        numbers = [
            (
                await begin_session(
                    transaction, ada, cast.acme, NOW + timedelta(seconds=number), kind=SessionKind.PROGRAM
                )
            ).number
            for number in range(MOST_PROGRAMS + 2)
        ]
        late, first = NOW + timedelta(hours=11), numbers[2]
        assert await keep_refresh_token(transaction, first, "one", late, REFRESH_LASTS)
        assert not await keep_refresh_token(transaction, first, "three", late, REFRESH_LASTS, instead_of="two")
        for days in range(5, 31, 5):
            assert await keep_refresh_token(
                transaction, first, "one", NOW + timedelta(days=days), REFRESH_LASTS, instead_of="one"
            )
        c = sessions.c
        left = (await transaction.connection.execute(sa.select(c.id))).scalars().all()
        ends = (await transaction.connection.execute(sa.select(c.expires_at).where(c.id == first))).scalar_one()
        assert not await keep_refresh_token(transaction, first, "one", NOW + timedelta(days=31), REFRESH_LASTS)
    assert sorted(left) == numbers[2:]
    assert ends == NOW + timedelta(seconds=2) + PROGRAM_LIFE
