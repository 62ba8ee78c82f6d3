"""Signing in at an identity provider: who is let in, as whom, and that nothing it answers can do harm."""

import asyncio
import base64
import hmac
import json
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import msgspec
import pytest
import pytest_asyncio
import sqlalchemy as sa
from joserfc.jwk import ECKey

from console.live import heartbeats
from console.sessions import bounded_fetch
from console.settings import Settings
from console.store.database import Database
from tests.cast import Cast
from tests.serving import Served, serving
from tests.sessions.identity_provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    LOGOUT_EVENT,
    Answer,
    Provider,
    as_json,
    providing,
)

pytestmark = pytest.mark.one_edition


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    async with providing() as found:
        yield found


@pytest_asyncio.fixture
async def web(settings: Settings, db: Database, cast: Cast, provider: Provider) -> AsyncIterator[Served]:
    """The console, where this provider is set."""
    known = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    async with serving(msgspec.structs.replace(settings, **known)) as served:
        yield served


async def callback_of(client: httpx.AsyncClient, next_address: str = "/") -> str:
    """Where the provider sends a browser back to."""
    begun = await client.get("/auth/oidc/start", params={"next": next_address})
    assert begun.status_code == 303, begun.text
    return str((await client.get(begun.headers["location"])).headers["location"])


async def sign_in(client: httpx.AsyncClient, next_address: str = "/") -> httpx.Response:
    return await client.get(await callback_of(client, next_address))


async def map_groups(web: Served, *names: str, role: str = "operator") -> None:
    async with web.signed_in("ada") as ada:
        for name in names:
            assert (await ada.post("/groups", data={"name": name, "role": role})).status_code == 303


async def audit(db: Database, action: str) -> list[Any]:
    async with db.reading() as reading:
        query = sa.text(
            "SELECT actor_kind, actor, outcome, reason, after FROM audit_lines WHERE action = :action ORDER BY id"
        )
        return list((await reading.execute(query, {"action": action})).all())


async def test_who_signs_in_is_a_member_as_their_groups_say(web: Served, db: Database, provider: Provider) -> None:
    async with web.stranger() as omar, web.signed_in("ada") as ada:
        assert f"Sign in with {provider.issuer[7:]}" in (await omar.get("/sign-in")).text
        empty = (await ada.get("/groups")).text
        assert "No group has a role here" in empty
        assert f"{web.address}/auth/oidc/callback" in empty
        refused = await sign_in(omar)
        assert refused.status_code == 403
        assert "none of your groups has a role here" in refused.text
        await map_groups(web, "fleet-operators")
        answer = await sign_in(omar, "/sims?q=pump")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sims?q=pump")
        page = await omar.get("/sims")
        assert page.status_code == 200
        assert "omar@example.com" in page.text
        listed = (await ada.get("/users")).text
        assert "omar@example.com" in listed
        assert "by group" in listed
        assert "Fleet-Managers" not in listed

        # Groups are read again at each sign-in: another role, several groups, none.
        await map_groups(web, "fleet-managers", role="engineer")
        await map_groups(web, "readers", role="viewer")
        provider.person["groups"] = ["readers", "fleet-managers"]
        assert (await sign_in(omar)).status_code == 303
        assert "engineer" in (await omar.get("/settings")).text
        provider.person["groups"] = ["readers"]
        async with web.stranger() as elsewhere:
            assert (await sign_in(elsewhere)).status_code == 303
        assert (await omar.get("/sims")).status_code == 303, "sessions with the old role have ended"
        provider.person["groups"] = ["\0", ["readers"], {"readers": 1}]
        assert (await sign_in(omar)).status_code == 403
        assert "omar@example.com" not in (await ada.get("/users")).text
        provider.person["groups"] = "readers"
        assert (await sign_in(omar)).status_code == 303, "one group may stand alone"

        # A removed group ends its members' sessions at once, a group of another role changes them.
        await map_groups(web, "readers", role="operator")
        assert (await omar.get("/sims")).status_code == 303
        assert (await sign_in(omar)).status_code == 303
        number = (await ada.get("/groups")).text.rsplit("/groups/", 1)[1].split("/")[0]
        assert (await ada.post(f"/groups/{number}/remove")).status_code == 303
        assert (await omar.get("/sims")).status_code == 303
        assert (await sign_in(omar)).status_code == 403
        assert (await ada.post(f"/groups/{number}/remove")).status_code == 404
        assert (await ada.post("/groups", data={"name": " ", "role": "viewer"})).status_code == 422
    kinds = [(line.actor_kind, line.actor, line.outcome) for line in await audit(db, "user.add")]
    assert set(kinds) == {("idp", provider.issuer, "done")}
    assert len(await audit(db, "user.change")) == 3
    assert len(await audit(db, "user.remove")) == 2
    assert (await audit(db, "group.map"))[0].after == {"role": "operator"}


async def test_a_user_is_known_by_issuer_and_subject_and_never_by_a_name(
    web: Served, db: Database, cast: Cast, provider: Provider
) -> None:
    await map_groups(web, "fleet-operators", role="viewer")
    provider.person |= {"preferred_username": "ada", "email": "ada"}
    async with web.stranger() as other:
        assert (await sign_in(other)).status_code == 303
        page = (await other.get("/settings")).text
        assert "ada-2" in page
        assert "viewer" in page
        assert (await other.get("/users")).status_code == 403
        provider.person["preferred_username"] = "renamed"
        assert (await sign_in(other)).status_code == 303
        assert "ada-2" in (await other.get("/settings")).text, "the same subject is the same user"
        # Who has no password is refused with the same words as who does not exist, and gets none by a link.
        answers = [await other.post("/sign-in", data={"name": name, "password": ""}) for name in ("ada-2", "nobody")]
        assert [answer.status_code for answer in answers] == [401, 401]
        assert len({answer.text.replace("ada-2", "nobody") for answer in answers}) == 1
    async with db.reading() as reading:
        number = (await reading.execute(sa.text("SELECT id FROM users WHERE name = 'ada-2'"))).scalar_one()
    async with web.signed_in("ada") as ada:
        assert (await ada.post(f"/users/{number}/reset")).status_code == 409
        # Disabled here is disabled, whatever the groups say, also after the group was gone for a while.
        assert (await ada.post(f"/users/{number}/disable")).status_code == 303
    async with web.stranger() as other:
        assert "disabled" in (await sign_in(other)).text
        groups, provider.person["groups"] = provider.person["groups"], []
        assert (await sign_in(other)).status_code == 403
        provider.person["groups"] = groups
        assert "disabled" in (await sign_in(other)).text


Change = Callable[[dict[str, Any]], dict[str, Any]]


def unsigned(claims: dict[str, Any]) -> str:
    return ".".join((encoded({"alg": "none"}), encoded(claims), ""))


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed_with_the_public_key(provider: Provider) -> Callable[[dict[str, Any]], str]:
    """HS256, for which a careless library takes the published key as the shared secret."""

    def sign(claims: dict[str, Any]) -> str:
        text = f"{encoded({'alg': 'HS256', 'kid': provider.key.kid})}.{encoded(claims)}"
        mac = hmac.new(provider.key.as_pem(private=False), text.encode(), "sha256").digest()
        return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return sign


def signed_with(key: ECKey, provider: Provider) -> Callable[[dict[str, Any]], str]:
    def sign(claims: dict[str, Any]) -> str:
        own, provider.key = provider.key, key
        try:
            return provider.sign(claims)
        finally:
            provider.key = own

    return sign


def changed(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The claims with these in place; without those that are None."""
    return lambda claims: {name: value for name, value in {**claims, **values}.items() if value is not None}


WRONG_CLAIMS: dict[str, dict[str, Any]] = {  # more of them in test_provider_answers.py
    "another nonce": {"nonce": "another"},
    "for somebody else": {"aud": "another-client"},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "expired": {"exp": int(time.time()) - 120},
    "issued in the future": {"iat": int(time.time()) + 86_400},
    "of a subject with a NUL": {"sub": "a\0b"},
}


async def test_a_token_that_is_not_as_it_must_be_lets_nobody_in(web: Served, db: Database, provider: Provider) -> None:
    await map_groups(web, "fleet-operators")
    stolen = ECKey.generate_key("P-256", {"kid": "first"})
    cases: dict[str, tuple[Change, Callable[[dict[str, Any]], Any]]] = {
        name: (changed(**values), provider.sign) for name, values in WRONG_CLAIMS.items()
    }
    same = changed()
    signatures: dict[str, Callable[[dict[str, Any]], Any]] = {
        "unsigned": unsigned,
        "signed with the public key": signed_with_the_public_key(provider),
        "signed with another key of the same name": signed_with(stolen, provider),
        "signed with an unknown key": signed_with(ECKey.generate_key("P-256", {"kid": "unknown"}), provider),
        "changed after it was signed": lambda claims: provider.sign(claims)[:-6] + "AAAAAA",
        "no token": lambda _: "a.b.c",
        "nothing": lambda _: "",
        "no text": lambda _: {"a": 1},
        "too long": lambda _: "a" * 70_000,
        "too deep": lambda _: ".".join(
            (encoded({"alg": "ES256"}), base64.urlsafe_b64encode(b"[" * 9_999).decode(), "x")
        ),
        "a logout token": lambda _: provider.logout_token(),
    }
    cases |= {name: (same, sign) for name, sign in signatures.items()}
    async with web.stranger() as browser:
        for name, (claims, sign) in cases.items():
            provider.claims, provider.signed = claims, sign
            answer = await sign_in(browser)
            assert answer.status_code == 502, f"{name}: {answer.status_code}"
            assert 'role="alert"' in answer.text, name
            assert 'href="/auth/oidc/start' in answer.text, f"{name}: there is no way back"
            assert (await browser.get("/sims")).status_code == 303, name
        provider.claims, provider.signed = same, provider.sign
        assert (await sign_in(browser)).status_code == 303, "the same browser, once the provider does right"
    lines = [line for line in await audit(db, "session.begin") if line.actor_kind == "stranger"]
    assert len(lines) == len(cases)
    assert {line.outcome for line in lines} == {"refused"}
    assert sum(path == "/keys" for path in provider.asked) <= 2, "unknown keys are asked for once in a while"


async def test_a_callback_is_good_once_and_in_the_browser_that_began(
    web: Served, db: Database, provider: Provider
) -> None:
    await map_groups(web, "fleet-operators")
    async with web.stranger() as browser, web.stranger() as another:
        address = await callback_of(browser)
        await another.get("/auth/oidc/start")
        assert (await another.get(address)).status_code == 400, "another browser's"
        assert (await browser.get(address)).status_code == 400, "what another browser tried is used up"
        address = await callback_of(browser)
        asked = len(provider.asked)
        for wrong in ("state=", "state=x", f"state={'x' * 43}", "", "state=%00"):
            answer = await browser.get(f"/auth/oidc/callback?code=x&{wrong}")
            assert answer.status_code == 400, wrong
        assert len(provider.asked) == asked, "nobody was asked"
        assert (await browser.get(address)).status_code == 303
        assert (await browser.get(address)).status_code == 400, "replayed"
        assert (await browser.get("/sims")).status_code == 200, "which ends no session"
        code = httpx.URL(address).params["code"]
        for change, status in (
            ({"code": code}, 502),  # of another attempt
            ({"code": None, "error": "access_denied", "error_description": "<script>"}, 502),
            ({"code": None, "error": "<script>alert(1)</script>"}, 502),
            ({"code": None}, 502),
            ({"code": "x" * 5_000}, 502),
            ({"iss": "https://elsewhere.example"}, 502),
        ):
            url = httpx.URL(await callback_of(browser))
            parameters = {name: value for name, value in {**url.params, **change}.items() if value is not None}
            answer = await browser.get(url.copy_with(params=parameters))
            assert answer.status_code == status, change
            assert "<script>" not in answer.text
        for outside in (
            "https://elsewhere.example",
            "//elsewhere.example",
            "/\\elsewhere.example",
            "javascript:x",
            "[" * 9,
        ):
            answer = await sign_in(browser, outside)
            assert (answer.status_code, answer.headers["location"]) == (303, "/"), outside
    async with web.signed_in("otto") as otto:
        assert (await otto.get("/sims")).status_code == 200, "a password goes on working"


async def test_a_provider_that_fails_is_said_and_costs_little(
    web: Served, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = as_json({"x": "y" * 400_000})
    await map_groups(web, "fleet-operators")
    page: Answer = (200, "text/html", b"<h1>Maintenance</h1>", {})
    away: Answer = (302, "text/plain", b"", {"Location": "http://127.0.0.1:1/"})
    bomb: Answer = (200, "application/json", b"\x1f\x8b", {"Content-Encoding": "gzip"})
    async with web.stranger() as browser:
        assert (await sign_in(browser)).status_code == 303
        for answer in (huge, page, away, bomb, as_json([1]), as_json({}), as_json({"id_token": 7}), as_json({}, 500)):
            provider.instead["/token"] = answer
            found = await sign_in(browser)
            assert found.status_code == 502, answer[:2]
            assert 'href="/auth/oidc/start' in found.text
        provider.instead.clear()
        provider.slow_seconds["/token"] = 3.0
        monkeypatch.setattr(bounded_fetch, "SECONDS", 0.2)
        slow = await sign_in(browser)
        assert (slow.status_code, "did not answer within 0.2 seconds" in slow.text) == (502, True)
        monkeypatch.undo()
        provider.slow_seconds.clear()
        assert (await sign_in(browser)).status_code == 303
        assert set(provider.asked) <= {
            "/.well-known/openid-configuration",
            "/authorize",
            "/token",
            "/keys",
        }


@pytest.fixture
def quick_heartbeats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeats, "HEARTBEAT_SECONDS", 0.1)


@pytest.mark.usefixtures("quick_heartbeats")
async def test_a_logout_at_the_provider_ends_sessions_and_sockets(
    web: Served, db: Database, provider: Provider
) -> None:
    await map_groups(web, "fleet-operators")
    now = int(time.time())
    async with web.stranger() as omar, web.stranger() as elsewhere, web.signed_in("otto") as otto:

        async def logout(**changed: Any) -> int:
            token = changed.pop("token", None) or provider.logout_token(**changed)
            return (await otto.post("/auth/oidc/backchannel-logout", data={"logout_token": token})).status_code

        assert (await sign_in(omar)).status_code == 303
        provider.person["sid"] = "another"
        assert (await sign_in(elsewhere)).status_code == 303
        for wrong in (
            {"aud": "another"},
            {"iss": "https://elsewhere.example"},
            {"events": None},
            {"events": {LOGOUT_EVENT: "x"}},
            {"events": [LOGOUT_EVENT]},
            {"nonce": "x"},
            {"jti": None},
            {"exp": now - 120},
            {"exp": None},
            {"iat": now + 600},
            {"iat": now - 3_600, "exp": now + 3_600},
            {"sub": None, "sid": None},
            {"token": "a.b.c"},
            {"token": unsigned({"iss": provider.issuer})},
        ):
            assert await logout(**wrong) == 400, wrong
        assert (await otto.post("/auth/oidc/backchannel-logout")).status_code == 400
        assert await logout(sub="somebody-else", sid=None) == 200
        assert await logout(sub="somebody-else", sid="another") == 200
        for browser in (omar, elsewhere):
            assert (await browser.get("/sims")).status_code == 200
        async with web.page_socket(omar, "?view=sims&topics=fleet") as socket:
            await socket.recv()
            token = provider.logout_token(sid="s-omar")
            assert await logout(token=token) == 200
            async with asyncio.timeout(5):
                await socket.wait_closed()
            assert socket.close_code == 4401
        assert (await omar.get("/sims")).status_code == 303
        assert (await elsewhere.get("/sims")).status_code == 200, "another session of theirs goes on"
        provider.person["sid"] = "s-omar"
        assert (await sign_in(omar)).status_code == 303
        assert await logout(token=token) == 400, "replayed"
        assert (await omar.get("/sims")).status_code == 200
        assert await logout(sid=None) == 200
        for browser in (omar, elsewhere):
            assert (await browser.get("/sims")).status_code == 303
        assert (await otto.get("/sims")).status_code == 200
    done = [line for line in await audit(db, "session.end_by_provider") if line.outcome == "done"]
    assert [line.after["sessions"] for line in done] == [0, 0, 1, 2]
    assert len(await audit(db, "session.end_by_provider")) == len(done) + 16


async def test_without_a_provider_there_is_none_and_its_sessions_do_not_hold(
    web: Served, settings: Settings, db: Database, provider: Provider
) -> None:
    await map_groups(web, "fleet-operators")
    async with web.stranger() as omar, serving(settings) as without:
        assert (await sign_in(omar)).status_code == 303
        assert (await omar.get(f"{web.address}/sims")).status_code == 200
        cookies = dict(omar.cookies)
        async with httpx.AsyncClient(base_url=without.address, cookies=cookies, trust_env=False) as there:
            assert (await there.get("/sims")).status_code == 303
            assert "/auth/oidc" not in (await there.get("/sign-in")).text
            for path in ("/auth/oidc/start", "/auth/oidc/callback"):
                assert (await there.get(path)).status_code == 404
            answer = await there.post("/auth/oidc/backchannel-logout", data={"logout_token": "x"})
            assert answer.status_code == 404
        async with without.signed_in("ada") as ada:
            assert "None is set" in (await ada.get("/groups")).text
