"""Second factors: set up, proved once by each code, demanded by organizations, and taken away by a command."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from console.audit.tables import lines
from console.cli.main import console
from console.errors import Invalid
from console.live import heartbeats
from console.organizations.sealing import unseal
from console.settings import Settings
from console.store.database import Database
from console.users import reads, writes
from console.users.second_factor import SET_UP_LASTS, STEP_SECONDS, new_secret, qr_code, step_of
from console.users.tables import second_factors, users
from tests.cast import PASSWORD, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
NEWER = "b" * 20 + "a" * 20
ADA = {"username": "ada", "password": PASSWORD}
CODE = re.compile(r"<code class=\"secret\">([a-z2-9-]{19})</code>")


def key_in(answer: httpx.Response) -> str:
    found = re.search(r'<code class="secret">([A-Z2-7]{32})</code>', answer.text)
    assert found, answer.text
    return found[1]


def code_of(secret: str, steps: int = 0) -> str:
    """What the application shows now, or so many steps later. One step may pass meanwhile: -1 would be too late."""
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


async def set_up(client: httpx.AsyncClient) -> tuple[str, list[str]]:
    """The secret and the recovery codes of a second factor that this user sets up on their own page."""
    begun = await client.post("/settings/second-factor", data={"present": PASSWORD})
    assert begun.status_code == 303
    page = await client.get("/settings/second-factor")
    assert page.headers["cache-control"] == "no-store"
    assert "<svg" in page.text
    secret = key_in(page)
    confirmed = await client.post("/settings/second-factor/confirm", data={"code": code_of(secret)})
    assert confirmed.status_code == 200, confirmed.text
    assert confirmed.headers["cache-control"] == "no-store"
    return secret, CODE.findall(confirmed.text)


async def sign_in(client: httpx.AsyncClient, name: str = "ada") -> httpx.Response:
    return await client.post("/sign-in", data={"name": name, "password": PASSWORD, "next": "/jobs"})


async def number_of(db: Database, name: str) -> int:
    async with db.reading() as reading:
        return int((await reading.execute(sa.select(users.c.id).where(users.c.name == name))).scalar_one())


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


async def test_who_has_one_is_nobody_before_it_and_has_another_cookie_after(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.signed_in("ada") as ada, web.signed_in("ada") as other, web.stranger() as later:
        wrong = await ada.post("/settings/second-factor", data={"present": "wrong"})
        assert wrong.status_code == 422
        before = ada.cookies["session"]
        secret, codes = await set_up(ada)
        assert ada.cookies["session"] != before
        assert len(codes) == 10
        again = (await ada.get("/settings/second-factor")).text
        assert not any(code in again for code in codes), "they are shown once"
        assert (await ada.get("/sims")).status_code == 200
        assert (await other.get("/sims")).status_code == 303, "all other sessions have ended"
        by_password = await sign_in(later)
        assert by_password.headers["location"] == "/sign-in/second?next=/jobs"
        half = later.cookies["session"]
        assert (await later.get("/sims")).status_code == 303
        async with web.page_socket(later, "?view=sims&topics=fleet") as socket:
            assert await asyncio.wait_for(socket.wait_closed(), 5) is None
            assert socket.close_code == 4401
        refused = await later.post("/sign-in/second", data={"code": "000000"})
        assert (refused.status_code, later.cookies["session"]) == (401, half)
        used = await later.post("/sign-in/second", data={"code": code_of(secret)})
        assert used.status_code == 401, "the code that confirmed it"
        elsewhere = {"code": code_of(secret, 1), "next": "https://evil.example"}
        proved = await later.post("/sign-in/second", data=elsewhere)
        assert (proved.status_code, proved.headers["location"]) == (303, "/")
        assert later.cookies["session"] != half
        assert (await later.get("/sims")).status_code == 200
        async with web.stranger() as thief:
            thief.cookies.set("session", half)
            assert (await thief.get("/sims")).status_code == 303
            late = await thief.post("/sign-in/second", data={"code": codes[5]})
            assert late.headers["location"] == "/sign-in", "a first step becomes one session"
        renewed = await later.post("/settings/second-factor/recovery-codes", data={"code": codes[0]})
        new = CODE.findall(renewed.text)
        assert len(new) == 10
        assert not set(new) & set(codes)
        gone = await later.post("/settings/second-factor/remove", data={"code": codes[1]})
        assert gone.status_code == 422, "those before open nothing"
        removed = await later.post("/settings/second-factor/remove", data={"code": new[0]})
        assert removed.status_code == 303
        assert (await sign_in(ada)).headers["location"] == "/jobs"
    async with db.reading() as reading:
        acts = (await reading.execute(sa.select(lines.c.action, lines.c.outcome).order_by(lines.c.id))).all()
    for act in (
        ("account.set_factor", "done"),
        ("session.first_step", "done"),
        ("session.begin", "refused"),
        ("account.renew_codes", "done"),
        ("account.remove_factor", "done"),
    ):
        assert act in [tuple(row) for row in acts]


async def test_codes_are_guessed_slowly_and_programs_send_one_too(web: Served, db: Database, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.stranger() as program, web.stranger() as guesser:
        without = await program.post("/api/v1/auth/login", json={**ADA, "otp": "123456"})
        assert without.status_code == 200, "who has none needs none"
        secret, codes = await set_up(ada)
        for body, code in ((ADA, "SECOND_FACTOR_REQUIRED"), ({**ADA, "otp": "000000"}, "NOT_SIGNED_IN")):
            answer = await program.post("/api/v1/auth/login", json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)
        wrong = await program.post("/api/v1/auth/login", json={**ADA, "password": "wrong", "otp": codes[9]})
        assert wrong.json()["error"]["message"] == "Wrong name or password"
        assert (await program.post("/api/v1/auth/login", json={**ADA, "otp": codes[9]})).status_code == 200
        statuses: list[int] = []
        assert (await sign_in(guesser)).status_code == 303
        while 429 not in statuses and len(statuses) < 30:
            statuses.append((await guesser.post("/sign-in/second", data={"code": f"{len(statuses):06}"})).status_code)
        assert statuses[-1] == 429
        assert len(statuses) <= 21
        known = await ada.post("/settings/second-factor/recovery-codes", data={"code": code_of(secret, 1)})
        assert known.status_code == 200, "on a device that she has signed in on"


async def test_an_organization_demands_it_from_a_day_on(
    web: Served, db: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.1)
    async with web.signed_in("ada") as ada, web.signed_in("vera") as vera, web.stranger() as program:
        tokens = (await program.post("/api/v1/auth/login", json=ADA)).json()
        bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
        soon = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
        assert (await ada.post("/organizations/second-factor", data={"since": soon})).status_code == 303
        assert soon in (await ada.get("/organizations")).text
        assert (await vera.get("/sims")).status_code == 200, "the day has not come"
        assert "demands a second factor" in (await vera.get("/settings/second-factor")).text
        await set_up(ada)
        async with web.page_socket(vera, "?view=sims&topics=fleet") as socket:
            await socket.recv()
            today = datetime.now(UTC).date().isoformat()
            assert (await ada.post("/organizations/second-factor", data={"since": today})).status_code == 303
            async with asyncio.timeout(20):
                await socket.wait_closed()
            assert socket.close_code == 4401
        assert (await ada.get("/sims")).status_code == 200
        assert (await vera.get("/sims")).status_code == 303
        assert (await program.get("/api/v1/whoami", headers=bearer)).status_code == 401
        refused = await program.post("/api/v1/auth/login", json={**ADA, "username": "vera"})
        assert refused.json()["error"]["code"] == "SECOND_FACTOR_REQUIRED"
        assert (await sign_in(vera, "vera")).headers["location"] == "/sign-in/set-up?next=/jobs"
        page = await vera.get("/sign-in/set-up?next=/jobs")
        assert "Acme" in page.text
        assert (await vera.get("/sims")).status_code == 303
        poor = await vera.post("/sign-in/set-up", data={"code": "000000", "next": "/jobs"})
        assert poor.status_code == 401
        done = await vera.post("/sign-in/set-up", data={"code": code_of(key_in(page)), "next": "/jobs"})
        assert len(CODE.findall(done.text)) == 10
        assert (await vera.get("/jobs")).status_code == 200
        kept = await vera.post("/settings/second-factor/remove", data={"code": CODE.findall(done.text)[0]})
        assert "Acme demands a second factor" in kept.text
        assert (await ada.post("/organizations/second-factor", data={"since": ""})).status_code == 303
        async with web.program(cast.acme_key) as by_key:
            assert (await by_key.get("/sims")).status_code == 200


async def test_the_command_takes_a_lost_one_away(web: Served, db: Database, cast: Cast, settings: Settings) -> None:
    async with web.signed_in("ada") as ada:
        await set_up(ada)

        def command() -> Any:
            environment = {
                "DATABASE_URL": settings.database_url,
                "REDIS_URL": settings.redis_url,
                "SECRET_KEY": settings.secret_key,
            }
            return CliRunner().invoke(console, ["user", "reset-2fa", "ada"], env=environment)

        done = await asyncio.to_thread(command)
        assert (done.exit_code, done.output) == (
            0,
            "ada has no second factor, and signs in with the password alone.\n",
        )
        assert (await ada.get("/sims")).status_code == 303
        assert (await sign_in(ada)).headers["location"] == "/jobs"
        again = await asyncio.to_thread(command)
        assert again.exit_code == 1
