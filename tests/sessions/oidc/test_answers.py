"""Nothing that the identity provider answers, or a browser brings back from it, lets somebody in who may not enter."""

import base64
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey

from console.store.database import Database
from tests.serving import Served
from tests.sessions.identity_provider import Answer, Provider, as_json
from tests.sessions.oidc.signing import Change, changed, encoded, signed_with, signed_with_the_public_key, unsigned
from tests.sessions.oidc.signing_in import audit, callback_of, map_groups, sign_in

pytestmark = pytest.mark.one_edition

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
            assert (answer.status_code, answer.headers["location"]) == (303, "/start"), outside
    async with web.signed_in("otto") as otto:
        assert (await otto.get("/sims")).status_code == 200, "a password goes on working"


async def test_a_provider_that_fails_is_said_and_costs_little(web: Served, provider: Provider) -> None:
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
        assert (await sign_in(browser)).status_code == 303
        assert set(provider.asked) <= {
            "/.well-known/openid-configuration",
            "/authorize",
            "/token",
            "/keys",
        }
