"""API keys: what each may do, from where and until when; nobody makes one that may do more than they may."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from console.api_keys.rules import accepted_from, is_whole, new_key, read_networks
from console.api_keys.tables import api_keys
from console.api_keys.writes import put_key
from console.audit.bounds import OF_ONE
from console.cli.main import console
from console.cli.secret_ages import secret_ages
from console.errors import Invalid
from console.notifications.bodies import ChannelSetting
from console.notifications.rules import ChannelKind
from console.notifications.writes import add_channel
from console.organizations.rules import Permission
from console.settings import Settings
from console.store.database import Database
from tests.cast import Cast
from tests.serving import Served, close_code

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def test_a_key_says_what_it_is_and_whether_it_is_whole() -> None:
    prefix, key = new_key()
    assert re.fullmatch(r"iot_key_[A-Za-z2-9]{8}_[A-Za-z2-9]{46}", key)
    assert key.startswith(prefix + "_")
    assert is_whole(key)
    for at in (9, 20, len(key) - 1):
        assert not is_whole(key[:at] + ("a" if key[at] != "a" else "b") + key[at + 1 :])
    for text in (key[:-1], key + "a", "", "iot_key_", "iot_key_é" + key[9:]):
        assert not is_whole(text)


def test_networks_are_addresses_or_networks_of_either_kind() -> None:
    assert read_networks(["192.0.2.7", " 2001:db8::/32"]) == ["192.0.2.7/32", "2001:db8::/32"]
    for wrong in (["192.0.2.7/24"], ["here"], [""], ["10.0.0.1"] * 21):
        with pytest.raises(Invalid):
            read_networks(wrong)
    assert accepted_from([], "")
    assert accepted_from(["192.0.2.0/24"], "192.0.2.9")
    assert accepted_from(["192.0.2.0/24"], "::ffff:192.0.2.9")
    assert not accepted_from(["192.0.2.0/24"], "192.0.3.9")
    assert not accepted_from(["192.0.2.0/24"], "2001:db8::1")
    assert not accepted_from(["192.0.2.0/24"], "")


@pytest.mark.one_edition
async def test_a_key_is_refused_from_elsewhere_and_after_its_end(web: Served, db: Database, cast: Cast) -> None:
    reading = [Permission.SIMS_READ]
    async with db.transaction() as transaction:
        elsewhere = await put_key(transaction, cast.acme, "a", reading, NOW, networks=["192.0.2.0/24"])
        here = await put_key(transaction, cast.acme, "b", reading, NOW, networks=["127.0.0.0/8"], days=1)
        over = await put_key(transaction, cast.acme, "c", reading, datetime.now(UTC) - timedelta(days=2), days=1)
        await transaction.connection.execute(
            sa.update(api_keys).where(api_keys.c.name == "b").values(expires_at=datetime.now(UTC) + timedelta(days=1))
        )
        for days, scopes in ((0, reading), (400, reading), (None, [])):
            with pytest.raises(Invalid):
                await put_key(transaction, cast.acme, "d", scopes, NOW, days=days)
    for key, status in ((elsewhere, 403), (here, 200), (over, 401)):
        async with web.program(key) as program:
            for _ in range(3):
                assert (await program.get("/sims")).status_code == status
    async with web.stream(elsewhere) as socket:
        assert await close_code(socket) == 4403
    query = sa.text("SELECT subject, actor, reason, address FROM audit_lines WHERE action = 'request.send' ORDER BY id")
    async with db.reading() as connection:
        lines = [tuple(row) for row in (await connection.execute(query)).all()]
    refused = "NOT_ALLOWED: This API key is not accepted from your network"
    assert lines[:3] == [("GET /api/v1/sims", "a", refused, "127.0.0.1")] * 3
    past = "NOT_SIGNED_IN: This API key is past its end"
    assert lines[3:6] == [("GET /api/v1/sims", "c", past, "127.0.0.1")] * 3
    assert lines[6][0].startswith("socket ")


@pytest.mark.one_edition
async def test_a_request_with_different_keys_is_nobodys(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        mine, other = [await put_key(transaction, cast.acme, name, [Permission.SIMS_READ], NOW) for name in "ab"]
    async with web.stranger() as stranger:
        for keys, status in (((mine, other), 401), ((other, "x"), 401), ((mine, mine), 200), ((other,), 200)):
            answer = await stranger.get("/api/v1/sims", headers=[("X-API-Key", key) for key in keys])
            assert answer.status_code == status, keys


@pytest.mark.one_edition
async def test_lines_of_a_key_that_is_tried_from_elsewhere_are_bounded(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "a", [Permission.SIMS_READ], NOW, networks=["192.0.2.0/24"])
    async with web.program(key) as program:
        for _ in range(OF_ONE + 5):
            assert (await program.get("/sims")).status_code == 403
    query = sa.text("SELECT count(*) FROM audit_lines WHERE action = 'request.send'")
    async with db.reading() as connection:
        assert (await connection.execute(query)).scalar_one() == OF_ONE


@pytest.mark.one_edition
async def test_a_longest_life_demands_an_end(web: Served, db: Database, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        assert (await ada.post("/api-keys/policy", data={"longest_days": "60"})).status_code == 303
        page = (await ada.get("/api-keys")).text
        assert "empty for never" not in page
        for form in ({"scopes": "sims:read"}, {"for_wall": "yes"}):
            for days, status in (("", 422), ("61", 422), ("60", 200)):
                made = await ada.post("/api-keys", data={"name": "x", "days": days, **form})
                assert made.status_code == status, (form, days)
    async with db.transaction() as transaction:
        with pytest.raises(Invalid):
            await put_key(transaction, cast.acme, "by command", [Permission.SIMS_READ], NOW)


@pytest.mark.one_edition
async def test_a_key_made_on_the_page_is_shown_once_and_answers_who_it_is(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        made = await ada.post(
            "/api-keys",
            data={
                "name": "<b>billing</b>",
                "scopes": ["sims:read", "admin"],
                "networks": "127.0.0.1, ::1",
                "days": "30",
            },
        )
        assert made.headers["cache-control"] == "no-store"
        key = re.findall(r"iot_key_\w{8}_\w{46}", made.text)[0]
        listed = (await ada.get("/api-keys")).text
        assert key not in listed
        assert key[:16] in listed
        assert "<b>billing" not in listed
        refused = await ada.post("/api-keys", data={"name": "x", "scopes": "sims:read", "networks": "here"})
        assert refused.status_code == 422
        async with web.program(key) as program:
            me = (await program.get("/whoami")).json()
            assert (me["name"], me["organization"], me["role"]) == ("<b>billing</b>", "Acme", None)
            assert me["scopes"] == ["admin", "sims:read"]
            assert me["expires_at"] == (await program.get("/api-keys")).json()["items"][-1]["expires_at"]
            assert await made_by(program, ["sims:read"]) == 201
            assert await made_by(program, ["sims:write"]) == 403, "no more than it may itself"
            assert await made_by(program, []) == 422
        assert (await ada.post(f"/api-keys/{key[:16]}/revoke")).status_code == 303
        async with web.program(key) as program:
            assert (await program.get("/whoami")).status_code == 401


async def made_by(program: httpx.AsyncClient, scopes: list[str]) -> int:
    return (await program.post("/api-keys", json={"name": "another", "scopes": scopes})).status_code


@pytest.mark.one_edition
async def test_a_wall_is_shown_by_keys_of_those_alone_who_may_read_it(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "decides alone", [Permission.ADMIN], datetime.now(UTC))
    async with web.program(key) as program:
        body = {"name": "screen", "scopes": [], "for_wall": True}
        assert (await program.post("/api-keys", json=body)).status_code == 403


@pytest.mark.one_edition
async def test_the_command_makes_a_key_of_a_wall_screen(web: Served, cast: Cast, settings: Settings) -> None:
    environment = {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "SECRET_KEY": settings.secret_key,
    }

    def command(*more: str) -> Any:
        arguments = ["key", "add", "left screen", "--org", "acme", *more]
        return CliRunner().invoke(console, arguments, env=environment)

    for wrong in ((), ("--wall", "--role", "viewer"), ("--wall", "--scope", "sims:read")):
        assert (await asyncio.to_thread(command, *wrong)).exit_code == 2, wrong
    made = await asyncio.to_thread(command, "--wall", "--days", "7")
    key = made.output.strip()
    assert (made.exit_code, is_whole(key)) == (0, True)
    async with web.stranger() as screen, web.program(key) as program:
        assert (await screen.post("/wall/key", data={"key": key})).headers["location"] == "/wall"
        assert "Acme" in (await screen.get("/wall")).text
        assert (await program.get("/sims")).status_code == 401


@pytest.mark.one_edition
async def test_an_organization_demands_an_end_and_says_who_makes_keys(web: Served, db: Database, cast: Cast) -> None:
    async with db.transaction() as transaction:
        program_key = await put_key(
            transaction, cast.acme, "maker", [Permission.ADMIN, Permission.SIMS_READ], datetime.now(UTC)
        )
    async with web.signed_in("ada") as ada, web.program(program_key) as program, web.signed_in("eve") as eve:
        demanded = {"longest_days": 60, "must_end": True, "makers": "people"}
        page = {"longest_days": "60", "must_end": "yes", "makers": "people"}
        assert (await ada.post("/api-keys/policy", data={"longest_days": "367", "makers": "people"})).status_code == 422
        assert (await ada.post("/api-keys/policy", data=page)).status_code == 303
        assert (await program.get("/api-key-policy")).json() == demanded
        assert "at most 60<" in (await ada.get("/api-keys")).text.replace("\n", "<")
        key = {"name": "x", "scopes": "sims:read"}
        for days, status in (("", 422), ("61", 422), ("60", 200)):
            assert (await ada.post("/api-keys", data={**key, "days": days})).status_code == status, days
        refused = await program.post("/api-keys", json={"name": "x", "scopes": ["sims:read"]})
        assert (refused.status_code, "by people who are signed in" in refused.text) == (403, True)
        assert (await eve.post("/api-keys", data={**key, "days": ""})).status_code == 200, "it is Acme's alone"
        for body in ({"longest_days": 0}, {"longest_days": 367}, {"makers": "nobody"}, {"more": 1}):
            assert (await program.put("/api-key-policy", json=body)).status_code in (400, 422), body
        for looser in ({"makers": "administrators"}, {"longest_days": 61}, {"must_end": False}):
            assert (await program.put("/api-key-policy", json=demanded | looser)).status_code == 403, looser
        shell = {**demanded, "makers": "shell"}
        assert (await program.put("/api-key-policy", json=shell)).status_code == 200
        assert (await ada.post("/api-keys", data={**key, "days": "1"})).status_code == 403
    async with db.reading() as reading:
        query = sa.text(
            "SELECT before, after FROM audit_lines WHERE action = 'key.change_policy' AND outcome = 'done' ORDER BY id"
        )
        lines = [tuple(row) for row in (await reading.execute(query)).all()]
    usual = {"longest_days": None, "must_end": False, "makers": "administrators"}
    assert lines == [(usual, demanded), (demanded, shell)]


@pytest.mark.one_edition
async def test_a_key_demands_a_second_factor_sooner_and_never_later(web: Served, db: Database, cast: Cast) -> None:
    path = f"/organizations/{cast.acme}"
    async with db.transaction() as transaction:
        key = await put_key(transaction, cast.acme, "admin", [Permission.ADMIN], datetime.now(UTC))
    async with web.program(key) as program:
        for since, status in (
            ("2127-01-01T00:00:00Z", 200),
            ("2126-12-01T00:00:00Z", 200),
            ("2126-12-02T00:00:00Z", 403),
            (None, 403),
        ):
            answer = await program.patch(path, json={"second_factor_from": since})
            assert answer.status_code == status, (since, answer.text)
        (found,) = (await program.get("/organizations")).json()["items"]
        assert found["second_factor_from"] == "2126-12-01T00:00:00Z"
        async with web.signed_in("ada") as ada:
            assert (await ada.post("/organizations/second-factor", data={"since": ""})).status_code == 303
        (found,) = (await program.get("/organizations")).json()["items"]
        assert found["second_factor_from"] is None


@pytest.mark.one_edition
async def test_what_is_due_is_on_pages_and_in_doctor(web: Served, db: Database, cast: Cast, settings: Settings) -> None:
    now = datetime.now(UTC)
    async with db.transaction() as transaction:
        setting = ChannelSetting(name="On-call")
        channel_id, _ = await add_channel(
            transaction, settings, cast.acme, ChannelKind.WEBHOOK, "https://hooks.example.com", setting, "ada", now
        )
        ending = await put_key(transaction, cast.acme, "ends soon", [Permission.SIMS_READ], now, days=5)
    found = {one.what: one for one in await secret_ages(db)}
    assert ending[:16] in found["secrets, acme"].found
    assert "client secret" not in found["secrets, acme"].found
    async with web.signed_in("ada") as ada:
        assert 'class="due"' not in (await ada.get("/organizations")).text
        older = f"{now - timedelta(days=100):%Y-%m-%d}"
        async with db.engine.begin() as connection:
            await connection.execute(sa.text(f"UPDATE organizations SET once_secret_set_at = '{older}'"))
            await connection.execute(sa.text(f"UPDATE notification_channels SET secret_set_at = '{older}'"))
        said = {one.what: one for one in await secret_ages(db)}["secrets, acme"]
        since = f"overdue since {now - timedelta(days=10):%Y-%m-%d}"
        assert f"1NCE's client secret is {since}" in said.found
        assert f"the secret of 'On-call' is {since}" in said.found
        assert (said.healthy, "Organization" in said.advice) == (True, True)
        assert (await ada.get("/organizations")).text.count('class="due"') == 1
        assert "Due to be rotated" in (await ada.get(f"/notification-channels/{channel_id}")).text
        await ada.post("/organizations", data={"once_client_secret": "another secret"})
        await ada.post(f"/notification-channels/{channel_id}/rotate-secret")
        assert 'class="due"' not in (await ada.get("/organizations")).text
    assert "overdue" not in {one.what: one for one in await secret_ages(db)}["secrets, acme"].found
