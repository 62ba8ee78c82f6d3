"""Second factors at sign-in: asked for, demanded by organizations, and taken away by a command."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from console.audit.bounds import OF_ONE, Refused, is_written
from console.audit.tables import lines
from console.cli.main import console
from console.live import heartbeats
from console.settings import Settings
from console.store.database import Database
from console.users.tables import users
from tests.cast import PASSWORD, Cast
from tests.serving import Served, close_code
from tests.users.authenticator import CODE, code_of, key_in, set_up, sign_in

pytestmark = pytest.mark.one_edition
ADA = {"username": "ada", "password": PASSWORD}


async def test_who_has_one_is_nobody_before_it_and_has_another_cookie_after(
    web: Served, db: Database, cast: Cast
) -> None:
    async with web.signed_in("ada") as ada, web.signed_in("ada") as other, web.stranger() as later:
        wrong = await ada.post("/settings/second-factor", data={"present": "wrong"})
        assert wrong.status_code == 422
        before = ada.cookies["session"]
        secret, codes, confirming = await set_up(ada)
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
            assert await close_code(socket) == 4401
        refused = await later.post("/sign-in/second", data={"code": "000000"})
        assert (refused.status_code, later.cookies["session"]) == (401, half)
        used = await later.post("/sign-in/second", data={"code": confirming})
        assert used.status_code == 401, "the code that confirmed it"
        elsewhere = {"code": code_of(secret, 1), "next": "https://evil.example"}
        proved = await later.post("/sign-in/second", data=elsewhere)
        assert (proved.status_code, proved.headers["location"]) == (303, "/start")
        assert later.cookies["session"] != half
        assert (await later.get("/sims")).status_code == 200
        async with web.stranger() as thief:
            thief.cookies.set("session", half)
            assert (await thief.get("/sims")).status_code == 303
            late = await thief.post("/sign-in/second", data={"code": codes[5]})
            assert late.headers["location"] == "/sign-in", "a first step becomes one session"
        renewed = await later.post(
            "/settings/second-factor/recovery-codes", data={"present": PASSWORD, "code": codes[0]}
        )
        new = CODE.findall(renewed.text)
        assert len(new) == 10
        assert not set(new) & set(codes)
        gone = await later.post("/settings/second-factor/remove", data={"present": PASSWORD, "code": codes[1]})
        assert gone.status_code == 422, "those before open nothing"
        removed = await later.post("/settings/second-factor/remove", data={"present": PASSWORD, "code": new[0]})
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
    async with web.signed_in_by_password("ada") as ada, web.stranger() as program, web.stranger() as guesser:
        without = await program.post("/api/v1/auth/login", json={**ADA, "otp": "123456"})
        assert without.status_code == 200, "who has none needs none"
        secret, codes, _ = await set_up(ada)
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
        known = await ada.post(
            "/settings/second-factor/recovery-codes", data={"present": PASSWORD, "code": code_of(secret, 1)}
        )
        assert known.status_code == 200, "on a device that she has signed in on"


async def test_who_knows_a_password_alone_does_not_fill_the_trail(web: Served, db: Database, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.stranger() as program:
        await set_up(ada)
        async with db.reading() as reading:
            of_ada = (await reading.execute(sa.select(users.c.id).where(users.c.name == "ada"))).scalar_one()
        for _ in range(OF_ONE - 1):
            await is_written(db.redis, Refused.SIGN_IN, f"user:{of_ada}", datetime.now(UTC).timestamp())
        for _ in range(3):
            assert (await program.post("/api/v1/auth/login", json=ADA)).status_code == 401
    refused = sa.select(sa.func.count()).where(lines.c.action == "session.begin", lines.c.outcome == "refused")
    async with db.reading() as reading:
        assert (await reading.execute(refused)).scalar_one() == 1


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
            assert await close_code(socket) == 4401
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
        kept = await vera.post(
            "/settings/second-factor/remove", data={"present": PASSWORD, "code": CODE.findall(done.text)[0]}
        )
        assert "Acme demands a second factor" in kept.text
        assert (await ada.post("/organizations/second-factor", data={"since": ""})).status_code == 303
        async with web.program(cast.acme_key) as by_key:
            assert (await by_key.get("/sims")).status_code == 200


async def test_who_has_one_sets_no_other_up_by_a_password_alone(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada, web.stranger() as thief:
        await set_up(ada)
        assert (await sign_in(thief, "ada")).headers["location"] == "/sign-in/second?next=/jobs"
        for answer in (
            await thief.get("/sign-in/set-up"),
            await thief.post("/sign-in/set-up", data={"code": "000000", "next": "/jobs"}),
        ):
            assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in/second")
        assert (await thief.get("/sims")).status_code == 303


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
