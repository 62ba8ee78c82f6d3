"""What an identity provider publishes: where the console lets it lead, which keys it takes, and how often it asks."""

import asyncio
from typing import Any

import pytest

from console.cli.checks import identity_provider
from console.errors import ProviderFailed
from console.pages.next_address import within
from console.sessions.oidc_documents import MOST_KEYS, endpoints_in, keys_in
from console.sessions.oidc_provider import UNKNOWN_KEY_SECONDS, IdentityProvider
from console.sessions.oidc_tokens import LEEWAY_SECONDS, Identity, Recipient, groups_in, identity_in
from tests.sessions.identity_provider import CLIENT_ID, CLIENT_SECRET, Provider, as_json, providing

NOW = 1_795_000_000
ISSUER = "https://idp.example.com/realms/main"
DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://idp.example.com/authorize?tenant=1",
    "token_endpoint": "https://tokens.example.net/token",
    "jwks_uri": "https://idp.example.com:443/keys",
}
KEY = {"kty": "EC", "crv": "P-256", "kid": "a", "x": "x", "y": "y"}


def test_endpoints_are_the_issuers_or_public_ones_by_tls() -> None:
    found = endpoints_in(DOCUMENT, ISSUER)
    assert (found.token, found.secret_in_form) == ("https://tokens.example.net/token", False)
    methods = {"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]}
    assert endpoints_in({**DOCUMENT, **methods}, ISSUER).secret_in_form
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        for wrong in (
            "http://idp.example.com/x",
            "https://169.254.169.254/latest",
            "https://[::1]/x",
            "https://localhost/x",
            "https://redis:6379/x",
            "https://db.internal/x",
            "https://db.internal./x",
            "https://db.LOCAL./x",
            "https://127.1/x",
            "https://0x7f.1/x",
            "https://0177.0.0.1/x",
            "https://127.0.0.1./x",
            "https://a:b@idp.example.com/x",
            "https://idp.example.com/x#y",
            "https://idp.example.com/a b",
            "https://idp.example.com/\r\nx",
            "https://idp.example.com:port/x",
            "javascript:alert(1)",
            "ftp://idp.example.com/keys.json",
            "/token",
            "",
            None,
            7,
            ["https://idp.example.com/x"],
            "https://idp.example.com/" + "x" * 3_000,
        ):
            with pytest.raises(ProviderFailed):
                endpoints_in({**DOCUMENT, name: wrong}, ISSUER)
    for issuer in ("https://idp.example.com/realms/main/", "https://IDP.example.com/realms/main", None, 7):
        with pytest.raises(ProviderFailed):
            endpoints_in({**DOCUMENT, "issuer": issuer}, ISSUER)


def test_keys_are_public_ones_for_signatures_of_a_bounded_number() -> None:
    useless: list[Any] = [
        {"kty": "oct", "k": "shared"},
        {**KEY, "use": "enc"},
        {"kty": "RSA", "n": "x" * 10_000, "e": "AQAB"},
        {"kty": ["EC"]},
        "key",
        None,
    ]
    assert keys_in({"keys": [*useless, KEY]}) == [KEY]
    assert len(keys_in({"keys": [KEY] * 500})) == MOST_KEYS
    nothing: list[dict[str, Any]] = [{"keys": useless}, {"keys": {}}, {}]
    for wrong in nothing:
        with pytest.raises(ProviderFailed):
            keys_in(wrong)


WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "a nonce that is no text": {"nonce": ["x"]},
    "for somebody else": {"aud": "another-client"},
    "for several, given to another": {"aud": [CLIENT_ID, "x"], "azp": "x"},
    "for several, given to nobody": {"aud": [CLIENT_ID, "x"]},
    "for a thing": {"aud": {"x": 1}},
    "of another issuer": {"iss": "https://elsewhere.example"},
    "of no issuer": {"iss": None},
    "expired": {"exp": NOW - 120},
    "that never ends": {"exp": None},
    "that ends at no number": {"exp": "tomorrow"},
    "issued in the future": {"iat": NOW + 600},
    "issued at no time": {"iat": None},
    "not valid yet": {"nbf": NOW + 600},
    "of nobody": {"sub": None},
    "of an empty subject": {"sub": ""},
    "of a subject that is no text": {"sub": 7},
    "of a subject with a NUL": {"sub": "a\0b"},
    "of a subject without end": {"sub": "x" * 10_000},
    "of another access token": {"at_hash": "x"},
    "with an access token's hash that is no text": {"at_hash": {"a": 1}},
}


def test_a_token_is_taken_only_with_each_claim_as_it_must_be() -> None:
    provider = Provider(ISSUER)
    keys = [provider.key.as_dict(private=False)]
    right = {"iss": ISSUER, "aud": CLIENT_ID, "iat": NOW, "exp": NOW + 300, "nonce": "n", "sub": "7", "groups": ["a"]}

    def identity(changed: dict[str, Any]) -> Identity:
        token = provider.sign({name: value for name, value in {**right, **changed}.items() if value is not None})
        recipient = Recipient(ISSUER, CLIENT_ID)
        return identity_in(token, keys, recipient, nonce="n", access_token="t", groups_claim="groups", now=NOW)

    found = identity({"aud": [CLIENT_ID, "x"], "azp": CLIENT_ID, "preferred_username": "Omar", "sid": "s", "email": 7})
    assert found == Identity(ISSUER, "7", "s", ("Omar", "7"), frozenset({"a"}))
    assert identity({"iat": NOW + LEEWAY_SECONDS, "exp": NOW - LEEWAY_SECONDS + 1}), "clocks differ a little"
    for name, changed in WRONG_CLAIMS.items():
        with pytest.raises(ProviderFailed):
            raise AssertionError(name, identity(changed))


def test_groups_are_texts_in_the_claim_or_within_it() -> None:
    claims = {
        "groups": ["a", "", 7, None, "b", "x" * 1_000, "\0", "\ud800"],
        "one": "c",
        "realm_access": {"roles": ["d"]},
        "https://x.example/groups": ["e"],
        "many": ["f"] * 9_999,
    }
    found = {
        name: list(groups_in(claims, name))
        for name in ("groups", "one", "realm_access.roles", "https://x.example/groups")
    }
    assert list(found.values()) == [["a", "b"], ["c"], ["d"], ["e"]]
    assert len(list(groups_in(claims, "many"))) == 500
    assert not list(groups_in(claims, "missing.part"))
    assert not list(groups_in({"groups": {"a": 1}}, "groups"))


def test_whoever_has_signed_in_goes_on_within_the_console() -> None:
    assert within("/sims?q=1&sort=-label") == "/sims?q=1&sort=-label"
    for outside in (
        "https://x.example",
        "//x.example",
        "/\\x.example",
        "javascript:x",
        "x",
        "",
        "/a\nb",
        "http://[",
        "/\t/x",
    ):
        assert within(outside) == "/", outside


async def test_a_slow_provider_is_waited_for_so_many_seconds() -> None:
    async with providing() as provider:
        asked = IdentityProvider(provider.issuer, CLIENT_ID, CLIENT_SECRET, seconds=0.2)
        await asked.endpoints()
        provider.slow_seconds["/token"] = 3.0
        with pytest.raises(ProviderFailed, match=r"did not answer within 0\.2 seconds"):
            await asked.tokens("code", "verifier", "http://localhost/auth/oidc/callback")
        await asked.close()


async def test_keys_are_fetched_again_for_an_unknown_one_but_not_often() -> None:
    now = [1_000.0]
    async with providing() as provider:
        asked = IdentityProvider(provider.issuer, CLIENT_ID, CLIENT_SECRET, wall=lambda: now[0])

        def fetches() -> int:
            return provider.asked.count("/keys")

        found = await asyncio.gather(*(asked.keys("first") for _ in range(20)))
        assert {keys[0]["kid"] for keys in found} == {"first"}
        assert provider.asked == ["/.well-known/openid-configuration", "/keys"], "all share one answer"
        healthy = await identity_provider(asked)
        assert (healthy.healthy, healthy.found) == (True, f"1 keys, signs in at {provider.issuer}/authorize")
        provider.rotate()
        kid = provider.key.kid
        assert [key["kid"] for key in await asked.keys(kid)] == ["first"], "it was asked a moment ago"
        now[0] += UNKNOWN_KEY_SECONDS
        assert [key["kid"] for key in await asked.keys(kid)] == [kid]
        for _ in range(5):
            await asked.keys("unknown")
        assert fetches() == 2
        provider.instead["/keys"] = as_json({}, 500)
        now[0] += UNKNOWN_KEY_SECONDS
        for _ in range(5):
            assert [key["kid"] for key in await asked.keys("unknown")] == [kid], "what it has goes on holding"
        assert fetches() == 3
        now[0] += 3_600
        for _ in range(5):
            with pytest.raises(ProviderFailed, match="status 500"):
                await asked.keys(kid)
        assert fetches() == 4, "nobody waits for what has just failed"
        await asked.close()
    down = IdentityProvider(provider.issuer, CLIENT_ID, CLIENT_SECRET)
    finding = await identity_provider(down)
    assert (finding.healthy, "can't be reached" in finding.found) == (False, True)
    assert "OIDC_ISSUER" in finding.advice
    await down.close()
