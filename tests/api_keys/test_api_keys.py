"""API keys: what each may do, from where and until when; nobody makes one that may do more than they may."""

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa

from console.api_keys.rules import accepted_from, is_whole, new_key, read_networks
from console.api_keys.tables import api_keys
from console.api_keys.writes import put_key
from console.errors import Invalid
from console.organizations.rules import Permission
from console.store.database import Database
from tests.cast import Cast
from tests.serving import Served

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
            assert (await program.get("/sims")).status_code == status


@pytest.mark.one_edition
async def test_a_key_made_on_the_page_is_shown_once_and_answers_who_it_is(web: Served, cast: Cast) -> None:
    async with web.signed_in("ada") as ada:
        made = await ada.post(
            "/api-keys",
            data={
                "name": "<b>billing</b>",
                "scopes": ["sims:read", "admin"],
                "networks": "127.0.0.1, ::1",
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
            assert await made_by(program, ["sims:read"]) == 201
            assert await made_by(program, ["sims:write"]) == 403, "no more than it may itself"
            assert await made_by(program, []) == 422
        assert (await ada.post(f"/api-keys/{key[:16]}/revoke")).status_code == 303
        async with web.program(key) as program:
            assert (await program.get("/whoami")).status_code == 401


async def made_by(program: httpx.AsyncClient, scopes: list[str]) -> int:
    return (await program.post("/api-keys", json={"name": "another", "scopes": scopes})).status_code
