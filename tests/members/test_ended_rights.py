"""What somebody made ends with their rights: one-time links and API keys, in the same transaction, with a line each."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from console.acting import Actor, ActorKind
from console.api_keys.reads import Maker
from console.api_keys.rules import prefix_of
from console.api_keys.writes import put_key
from console.audit.tables import lines
from console.live import heartbeats
from console.members import links_writes, writes
from console.members.one_time_links import open_links
from console.organizations.rules import Permission, Role
from console.settings import Settings
from console.store.database import Database
from console.users.tables import users
from tests.cast import PASSWORD, Cast
from tests.serving import Served, close_code

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
SHELL = Actor(kind=ActorKind.CLI, name="root")
ALL = min(Permission)  # the first scope of the key with all
NEW_PERSON = {"name": "enid", "password": "another horse battery"}


async def made_by_a_second_administrator(web: Served, db: Database, cast: Cast) -> tuple[int, dict[str, str], str]:
    """Anna, an administrator of Acme beside Ada: her id, the keys that she made by their scope, and an invitation."""
    async with db.transaction() as transaction:
        anna = await writes.put_user(transaction, cast.acme, "anna", Role.ADMIN, PASSWORD, datetime.now(UTC))
    keys = {}
    async with web.stranger() as browser:
        credentials = {"username": "anna", "password": PASSWORD}
        tokens = (await browser.post("/api/v1/auth/login", json=credentials)).json()
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    async with httpx.AsyncClient(base_url=f"{web.address}/api/v1", headers=headers, trust_env=False) as program:
        for scopes in (["sims:read", "stream:read"], sorted(Permission)):
            made = await program.post("/api-keys", json={"name": "anna's", "scopes": scopes})
            assert made.status_code == 201, made.text
            keys[scopes[0]] = made.json()["key"]
        invited = await program.post("/users/invitations", json={"role": "admin", "note": "for +49 170 1234567"})
    return anna, keys, invited.json()["path"]


async def line(db: Database, action: str) -> list[tuple[str, dict[str, object], dict[str, object]]]:
    """The lines of this action that were done: actor, before, after."""
    query = sa.select(lines.c.actor, lines.c.before, lines.c.after).where(lines.c.action == action)
    async with db.reading() as reading:
        found = await reading.execute(query.where(lines.c.outcome == "done").order_by(lines.c.id))
    return [(one.actor, one.before, one.after) for one in found]


@pytest.fixture
def quick_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.1)


@pytest.mark.usefixtures("quick_heartbeats")
@pytest.mark.parametrize("how", ["remove", "disable", "API"])
async def test_who_is_no_member_any_more_leaves_no_link_and_no_key(
    web: Served, db: Database, cast: Cast, how: str
) -> None:
    anna, keys, link = await made_by_a_second_administrator(web, db, cast)
    async with web.signed_in("ada") as ada, web.stranger() as stranger, web.stream(keys["sims:read"]) as socket:
        page = " ".join((await ada.get("/users")).text.split())
        assert 'They made 2 <a href="/api-keys">API keys</a> in use' in page, "said before it is done"
        assert (await stranger.get(link)).status_code == 200
        if how == "API":
            async with web.program(keys[ALL]) as itself:
                gone = await itself.delete(f"/users/{anna}")
                assert gone.status_code == 204, gone.text
        else:
            assert (await ada.post(f"/users/{anna}/{how}")).status_code == 303
        assert await close_code(socket) == 4401
        assert (await stranger.get(link)).status_code == 404
        assert (await stranger.post(link, data=NEW_PERSON)).status_code == 404
        for key in keys.values():
            async with web.program(key) as program:
                assert (await program.get("/whoami")).status_code == 401
        assert link[6:] not in (await ada.get("/users")).text
        async with web.program(cast.acme_key) as other:
            assert (await other.get("/whoami")).status_code == 200, "a key that was made by command is nobody's"
    revoked = await line(db, "key.revoke")
    assert [(before["scopes"], before["created_by"]) for _, before, _ in revoked] == [
        (["sims:read", "stream:read"], "anna"),
        (sorted(Permission), "anna"),
    ]
    assert {after["because"] for _, _, after in revoked} == {"its maker may no longer do that"}
    assert [before["role"] for _, before, _ in await line(db, "link.withdraw")] == ["admin"]


async def test_with_fewer_rights_those_end_that_could_not_be_made_now(web: Served, db: Database, cast: Cast) -> None:
    anna, keys, link = await made_by_a_second_administrator(web, db, cast)
    async with web.signed_in("ada") as ada, web.stranger() as stranger:
        assert (await ada.post(f"/users/{anna}/role", data={"role": "engineer"})).status_code == 303
        assert (await stranger.get(link)).status_code == 404
        async with web.program(keys["sims:read"]) as program:
            assert (await program.get("/whoami")).status_code == 200, "an engineer may do that"
        async with web.program(keys[ALL]) as program:
            assert (await program.get("/whoami")).status_code == 401
    changed = (await line(db, "user.change"))[-1]
    assert changed == ("ada", {"name": "anna", "role": "admin", "disabled": False}, {"role": "engineer"})
    invited = (await line(db, "user.invite"))[-1]
    assert invited[2]["role"] == "admin"
    assert "1234567" not in str(invited[2])


async def test_what_a_key_of_theirs_made_is_theirs_and_a_revoked_key_leaves_no_link(
    web: Served, db: Database, cast: Cast
) -> None:
    anna, keys, _ = await made_by_a_second_administrator(web, db, cast)
    async with db.transaction() as transaction:
        nobodys = await put_key(transaction, cast.acme, "provisioning", list(Permission), NOW)
    async with web.program(keys[ALL]) as program, web.program(nobodys) as other, web.stranger() as stranger:
        second = (await program.post("/api-keys", json={"name": "second", "scopes": ["admin"]})).json()["key"]
        links = [
            (await one.post("/users/invitations", json={"role": "admin"})).json()["path"] for one in (program, other)
        ]
        for path in links:
            assert (await stranger.get(path)).status_code == 200
        assert (await other.delete(f"/api-keys/{prefix_of(nobodys)}")).status_code == 204
        assert (await stranger.post(links[1], data=NEW_PERSON)).status_code == 404
        async with web.signed_in("ada") as ada:
            await ada.post(f"/users/{anna}/remove")
        assert (await stranger.post(links[0], data=NEW_PERSON)).status_code == 404
        async with web.program(second) as left:
            assert (await left.get("/whoami")).status_code == 401


async def test_what_a_key_makes_ends_with_that_key(web: Served, db: Database, cast: Cast) -> None:
    """Keys and what those have made, each with a line; they last no longer than it, and no link is used after it."""
    now, anybody = datetime.now(UTC), {"name": "its own", "scopes": sorted(Permission)}
    async with db.transaction() as transaction:
        first = await put_key(transaction, cast.acme, "stolen", list(Permission), now, days=1)
        ended = await put_key(transaction, cast.acme, "ended", list(Permission), now, days=1)
    made = [first]
    for days in (None, 366):
        async with web.program(made[-1]) as program:
            answer = await program.post("/api-keys", json={**anybody, "days": days})
            assert answer.status_code == 201
            made.append(answer.json()["key"])
    async with web.program(ended) as program:
        link = (await program.post("/users/invitations", json={"role": "viewer"})).json()["path"]
    async with db.engine.begin() as connection:
        query = sa.text("SELECT max(expires_at) FROM api_keys WHERE name = 'its own'")
        assert (await connection.execute(query)).scalar_one() <= now + timedelta(days=1)
        await connection.execute(sa.text("UPDATE api_keys SET expires_at = now() WHERE name = 'ended'"))
    async with web.signed_in("ada") as ada, web.stranger() as stranger:
        assert (await stranger.post(link, data=NEW_PERSON)).status_code == 404
        assert (await ada.post(f"/api-keys/{prefix_of(first)}/revoke")).status_code == 303
        for key in made:
            async with web.program(key) as program:
                assert (await program.get("/whoami")).status_code == 401
    revoked = [(actor, after and after.get("because")) for actor, _, after in await line(db, "key.revoke")]
    assert sorted(revoked, key=str) == [("ada", "the key that made it was revoked")] * 2 + [("ada", None)]


async def test_a_key_that_a_key_makes_while_it_is_revoked_is_revoked_or_refused(
    web: Served, db: Database, cast: Cast
) -> None:
    for _ in range(5):
        async with db.transaction() as transaction:
            key = await put_key(transaction, cast.acme, "stolen", list(Permission), datetime.now(UTC), days=1)
        async with web.program(key) as program, web.signed_in("ada") as ada:
            body = {"name": "its own", "scopes": ["admin"]}
            *answers, revoked = await asyncio.gather(
                *[program.post("/api-keys", json=body) for _ in range(3)],
                ada.post(f"/api-keys/{prefix_of(key)}/revoke"),
            )
            assert revoked.status_code == 303
            for answer in answers:
                if answer.status_code == 201:
                    async with web.program(answer.json()["key"]) as left:
                        assert (await left.get("/whoami")).status_code == 401


async def test_the_command_that_disables_a_user_ends_what_they_made_everywhere(
    web: Served, db: Database, cast: Cast, settings: Settings
) -> None:
    _, keys, link = await made_by_a_second_administrator(web, db, cast)
    known = {"DATABASE_URL": settings.database_url, "REDIS_URL": settings.redis_url, "SECRET_KEY": settings.secret_key}
    command = (sys.executable, "-m", "console", "user", "disable", "anna")
    async with web.stranger() as stranger:
        disabling = await asyncio.create_subprocess_exec(*command, env={**os.environ, **known})
        assert await disabling.wait() == 0
        assert (await stranger.get(link)).status_code == 404
    for key in keys.values():
        async with web.program(key) as program:
            assert (await program.get("/whoami")).status_code == 401
    assert len(await line(db, "key.revoke")) == 2


async def test_a_group_that_gives_less_ends_what_its_members_made(db: Database, cast: Cast) -> None:
    soon = datetime.now(UTC)
    async with db.transaction() as transaction:
        query = sa.insert(users).values(name="gina", created_at=soon).returning(users.c.id)
        gina = (await transaction.connection.execute(query)).scalar_one()
        await writes.give_by_group(transaction, SHELL, cast.acme, gina, Role.ADMIN, soon)
        maker = Maker(name="gina", user_id=gina)
        await links_writes.invite(transaction, cast.acme, Role.ADMIN, "", maker, soon)
        await put_key(transaction, cast.acme, "x", [Permission.ADMIN], soon, created_by="gina", created_by_user_id=gina)
        assert len(await open_links(transaction.connection, cast.acme, soon + timedelta(seconds=1))) == 1
        await writes.give_by_group(transaction, SHELL, cast.acme, gina, Role.VIEWER, soon)
        assert await open_links(transaction.connection, cast.acme, soon + timedelta(seconds=1)) == []
    assert [before["name"] for _, before, _ in await line(db, "key.revoke")] == ["x"]


async def test_a_body_that_comes_slowly_gives_nothing_that_outlives_the_rights_of_its_sender(
    web: Served, db: Database, cast: Cast
) -> None:
    anna, keys, _ = await made_by_a_second_administrator(web, db, cast)
    gone = asyncio.Event()

    async def slowly(body: bytes) -> AsyncIterator[bytes]:
        yield body[:5]
        await gone.wait()
        yield body[5:]

    async with web.program(keys[ALL]) as program, web.signed_in("ada") as ada:
        asked = [
            asyncio.create_task(program.post(path, content=slowly(body), headers={"Content-Type": "application/json"}))
            for path, body in (
                ("/api-keys", b'{"name": "late", "scopes": ["admin"]}'),
                ("/users/invitations", b'{"role": "admin"}'),
                ("/group-roles", b'{"name": "late", "role": "admin"}'),
            )
        ]
        await asyncio.sleep(0.5)
        assert (await ada.post(f"/users/{anna}/remove")).status_code == 303
        gone.set()
        answers = await asyncio.gather(*asked)
    assert [answer.status_code for answer in answers] == [403, 403, 403], [answer.text for answer in answers]
    async with db.reading() as reading:
        assert await open_links(reading, cast.acme, datetime.now(UTC)) == []


async def test_a_key_that_is_made_while_its_makers_rights_are_taken_is_revoked_or_refused(
    db: Database, cast: Cast
) -> None:
    """Whichever comes first waits for the other: see `hold`."""
    async with db.transaction() as transaction:
        anna = await writes.put_user(transaction, cast.acme, "anna", Role.ADMIN, PASSWORD, datetime.now(UTC))
    stored, may_commit = asyncio.Event(), asyncio.Event()

    async def make() -> None:
        async with db.transaction() as transaction:
            await put_key(transaction, cast.acme, "x", [Permission.ADMIN], datetime.now(UTC), created_by_user_id=anna)
            stored.set()
            await may_commit.wait()

    making = asyncio.create_task(make())
    await stored.wait()

    async def remove() -> None:
        async with db.transaction() as transaction:
            await writes.remove_member(transaction, SHELL, cast.acme, anna, datetime.now(UTC))

    removing = asyncio.create_task(remove())
    await asyncio.sleep(0.5)
    assert not removing.done(), "it waits for the key"
    may_commit.set()
    await asyncio.gather(making, removing)
    assert [before["name"] for _, before, _ in await line(db, "key.revoke")] == ["x"]
