"""Sessions and keys: begun, kept, ended; a changed password or a disabled user ends them at once."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from console.acting import Actor, ActorKind
from console.api_keys.tables import api_keys
from console.api_keys.writes import revoke_key
from console.errors import Invalid, NotAllowed, NotFound
from console.members.credentials import callers_of_sessions
from console.members.entering import enter
from console.members.writes import disable_member, put_user
from console.organizations.rules import Role
from console.organizations.sealing import hashed
from console.sessions.rules import IDLE, LIFE
from console.sessions.tables import sessions
from console.sessions.writes import extend_sessions
from console.store.database import Database
from console.users import writes
from console.users.tables import users
from tests.cast import PASSWORD, Cast
from tests.serving import Served

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)

pytestmark = pytest.mark.one_edition


async def user_id(db: Database, name: str) -> int:
    async with db.reading() as reading:
        return int((await reading.execute(sa.select(users.c.id).where(users.c.name == name))).scalar_one())


async def begin(db: Database, name: str, now: datetime) -> str:
    number = await user_id(db, name)
    async with db.transaction() as transaction:
        return await enter(transaction, number, 1, now)


async def holder(db: Database, session_id: str, now: datetime) -> str | None:
    async with db.reading() as reading:
        found = await callers_of_sessions(reading, [hashed(session_id)], now)
    return next((caller.name for caller, _ in found.values()), None)


async def test_a_session_belongs_to_whom_it_was_begun_for(db: Database, cast: Cast) -> None:
    session_id = await begin(db, "ada", NOW)
    assert await holder(db, session_id, NOW) == "ada"
    assert await holder(db, session_id + "x", NOW) is None
    async with db.reading() as reading:
        stored = (await reading.execute(sa.select(sessions.c.id_hash))).scalars().all()
    assert session_id.encode() not in stored, "the database knows a hash alone"


async def test_an_idle_session_ends_and_one_in_use_lives_on(db: Database, cast: Cast) -> None:
    idle, used = await begin(db, "ada", NOW), await begin(db, "ada", NOW)
    later = NOW + IDLE - timedelta(minutes=1)
    async with db.transaction() as transaction:
        await extend_sessions(transaction, [hashed(used)], later)
    after = NOW + IDLE + timedelta(minutes=1)
    assert await holder(db, idle, after) is None
    assert await holder(db, used, after) == "ada"


async def test_a_session_in_use_ends_at_its_longest_life(db: Database, cast: Cast) -> None:
    session_id = await begin(db, "ada", NOW)
    now = NOW
    while now < NOW + LIFE:
        async with db.transaction() as transaction:
            await extend_sessions(transaction, [hashed(session_id)], now)
        now += IDLE / 2
    assert await holder(db, session_id, NOW + LIFE - timedelta(minutes=1)) == "ada"
    assert await holder(db, session_id, NOW + LIFE + timedelta(minutes=1)) is None


@pytest.mark.parametrize("change", ["password", "disabled"])
async def test_a_changed_password_and_a_disabled_user_end_all_sessions(db: Database, cast: Cast, change: str) -> None:
    session_ids = [await begin(db, "ada", NOW), await begin(db, "ada", NOW)]
    others = await begin(db, "otto", NOW)
    async with db.transaction() as transaction:
        if change == "password":
            await writes.change_password(transaction, "ada", "another horse battery")
        else:
            await writes.disable_user(transaction, "ada", NOW)
    assert [await holder(db, session_id, NOW) for session_id in session_ids] == [None, None]
    assert await holder(db, others, NOW) == "otto"


@pytest.mark.parametrize("where", ["here", "everywhere"])
async def test_who_is_disabled_while_they_sign_in_begins_no_session(db: Database, cast: Cast, where: str) -> None:
    """It would open nothing as long as they are disabled, and everything from the moment that they are enabled."""
    number, began = await user_id(db, "vera"), asyncio.Event()

    async def sign_in() -> None:
        async with db.transaction() as transaction:
            await began.wait()
            await enter(transaction, number, cast.acme, NOW)

    signing_in = asyncio.create_task(sign_in())
    async with db.transaction() as transaction:
        if where == "here":
            shell = Actor(kind=ActorKind.CLI, name="root")
            await disable_member(transaction, shell, cast.acme, number, NOW)
        else:
            await writes.disable_user(transaction, "vera", NOW)
        began.set()
        await asyncio.sleep(0.2)  # it waits for this transaction
        assert not signing_in.done()
    with pytest.raises(NotAllowed):
        await signing_in
    async with db.reading() as reading:
        query = sa.select(sa.func.count()).select_from(sessions).where(sessions.c.user_id == number)
        assert (await reading.execute(query)).scalar_one() == 0


async def test_what_is_changed_must_be_there_and_be_good(db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        with pytest.raises(NotFound):
            await writes.change_password(transaction, "nobody", "another horse battery")
        with pytest.raises(Invalid):
            await writes.change_password(transaction, "ada", "short")
        with pytest.raises(Invalid):
            await put_user(transaction, cast.acme, "Ada", Role.VIEWER, "another horse battery", NOW)
        with pytest.raises(Invalid):
            await put_user(transaction, cast.acme, "a\0b", Role.VIEWER, "another horse battery", NOW)


async def test_signing_in_begins_a_new_session_each_time_and_signing_out_ends_it(web: Served, cast: Cast) -> None:
    async with web.stranger() as browser:
        found = []
        for _ in range(2):
            answer = await browser.post("/sign-in", data={"name": "Vera", "password": PASSWORD})
            assert answer.status_code == 303
            found.append(browser.cookies["session"])
            assert "HttpOnly" in answer.headers["set-cookie"]
            assert "SameSite=lax" in answer.headers["set-cookie"]
        assert found[0] != found[1]
        assert (await browser.get("/sims")).status_code == 200
        assert (await browser.post("/sign-out")).status_code == 303
    async with web.stranger() as thief:
        thief.cookies.set("session", found[1])
        assert (await thief.get("/sims")).status_code == 303, "the session is over, whoever has the cookie"


@pytest.mark.parametrize(
    ("name", "password"), [("vera", "wrong password"), ("nobody", PASSWORD), ("", ""), ("vera\0", PASSWORD)]
)
async def test_wrong_names_and_wrong_passwords_get_the_same_words(
    web: Served, cast: Cast, name: str, password: str
) -> None:
    async with web.stranger() as browser:
        answer = await browser.post("/sign-in", data={"name": name, "password": password})
    assert answer.status_code == 401
    assert "Wrong name or password" in answer.text
    assert "session" not in answer.cookies


async def test_a_disabled_user_can_not_sign_in(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        await writes.disable_user(transaction, "vera", NOW)
    async with web.stranger() as browser:
        answer = await browser.post("/sign-in", data={"name": "vera", "password": PASSWORD})
    assert answer.status_code == 401


async def test_guesses_at_one_name_from_one_address_are_slowed_down(web: Served, cast: Cast) -> None:
    async with web.stranger() as browser:
        statuses = [
            (await browser.post("/sign-in", data={"name": "ada", "password": f"guess number {n}"})).status_code
            for n in range(9)
        ]
        answer = await browser.post("/sign-in", data={"name": "ada", "password": PASSWORD})
        other = await browser.post("/sign-in", data={"name": "vera", "password": PASSWORD})
    assert statuses[:8] == [401] * 8
    assert statuses[8] == answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert other.status_code == 303


async def test_a_right_password_forgives_the_wrong_ones_before_it(web: Served, cast: Cast) -> None:
    async with web.stranger() as browser:
        for password in [*["wrong password"] * 7, PASSWORD, *["wrong password"] * 7]:
            answer = await browser.post("/sign-in", data={"name": "ada", "password": password})
            assert answer.status_code == (303 if password == PASSWORD else 401)


@pytest.mark.parametrize(
    "address", ["//evil.example", "https://evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
async def test_signing_in_leads_to_no_other_site(web: Served, cast: Cast, address: str) -> None:
    async with web.stranger() as browser:
        answer = await browser.post("/sign-in", data={"name": "vera", "password": PASSWORD, "next": address})
    assert (answer.status_code, answer.headers["location"]) == (303, "/start")


async def test_another_sites_form_is_refused(web: Served, cast: Cast) -> None:
    async with httpx.AsyncClient(base_url=web.address, trust_env=False) as browser:
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            data = {"name": "vera", "password": PASSWORD}
            assert (await browser.post("/sign-in", data=data, headers=headers)).status_code == 403


async def test_the_use_of_a_key_is_noted_and_a_revoked_key_opens_nothing(web: Served, db: Database, cast: Cast) -> None:
    async with web.program(cast.acme_key) as program:
        assert (await program.get("/sims")).status_code == 200
        query = sa.select(api_keys.c.prefix, api_keys.c.last_used_at).where(api_keys.c.organization_id == cast.acme)
        used_at = None
        async with asyncio.timeout(5), db.reading() as reading:
            while used_at is None:  # it is noted beside the request
                prefix, used_at = (await reading.execute(query)).one()
                await asyncio.sleep(0.01)
        assert cast.acme_key.startswith(prefix)
        async with db.transaction() as transaction:
            await revoke_key(transaction, prefix, NOW)
        assert (await program.get("/sims")).status_code == 401
        async with db.transaction() as transaction:
            with pytest.raises(NotFound):
                await revoke_key(transaction, prefix, NOW)
