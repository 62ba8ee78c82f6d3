"""Signing in to the simulated 1NCE, and what a token is good for."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

import pytest

from simulator.api.sign_in import Tokens
from tests.simulator import documents
from tests.simulator.conftest import API, Simulated

ASKED = b'{"grant_type": "client_credentials"}'
JSON = "application/json"


def _basic(pair: str) -> str:
    return "Basic " + base64.b64encode(pair.encode()).decode()


def test_a_token_is_handed_out_again_with_the_seconds_that_are_left() -> None:
    now = [100.0]
    tokens = Tokens(3600, lambda: now[0])
    first, left = tokens.current()
    now[0] += 600.5
    again, less = tokens.current()
    assert (again, left, less) == (first, 3600, 2999)
    now[0] += 3000
    assert not tokens.accepts(f"Bearer {first}")
    new, whole = tokens.current()
    assert new != first
    assert whole == 3600
    assert tokens.accepts(f"Bearer {new}")


def test_a_token_is_about_three_thousand_characters_long_and_as_documented(looked_at: Simulated) -> None:
    answer = looked_at.sign_in()
    documents.check(documents.SIGN_IN, "POST", "/oauth/token", 200, answer)
    assert len(answer["access_token"]) == 3000
    assert answer["token_type"] == "bearer"
    assert 0 < answer["expires_in"] <= 3600
    assert looked_at.sign_in()["access_token"] == answer["access_token"]


@pytest.mark.parametrize(
    ("authorization", "content_type", "body", "code"),
    [
        (_basic("nobody:demo-secret"), JSON, ASKED, "BadCredentials"),
        (_basic("demo:wrong"), JSON, ASKED, "BadCredentials"),
        (_basic(":demo-secret"), JSON, ASKED, "AuthValidationError"),
        (_basic("demo:"), JSON, ASKED, "AuthValidationError"),
        ("Basic %%%", JSON, ASKED, "AuthValidationError"),
        ("", JSON, ASKED, "AuthValidationError"),
        (_basic("demo:demo-secret"), JSON, b"{}", "BodyValidationError"),
        (_basic("demo:demo-secret"), JSON, b"grant", "BodyValidationError"),
        (_basic("demo:demo-secret"), JSON, b'{"grant_type": "password"}', "BodyValidationError"),
        (_basic("demo:demo-secret"), "text/plain", ASKED, "UnsupportedContentTypeError"),
    ],
)
def test_whatever_is_wrong_with_signing_in_is_a_400(
    looked_at: Simulated, authorization: str, content_type: str, body: bytes, code: str
) -> None:
    headers = {"authorization": authorization, "content-type": content_type}
    answer = looked_at.client.post(f"{API}/oauth/token", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
    documents.check(documents.SIGN_IN, "POST", "/oauth/token", 400, answer.json())


@pytest.mark.parametrize("authorization", ["", "Bearer nothing", "Basic ZGVtbzpkZW1vLXNlY3JldA=="])
def test_without_its_token_no_call_is_answered(looked_at: Simulated, authorization: str) -> None:
    answer = looked_at.client.get(f"{API}/v2/sims", headers={"authorization": authorization})
    assert answer.status_code == 401


def test_a_token_that_has_run_out_opens_nothing_until_the_next_sign_in(started: Callable[..., Simulated]) -> None:
    simulated = started("--token-seconds", "0.3", "--still")
    assert simulated.get("/v2/sims").status_code == 200
    time.sleep(0.3)
    assert simulated.get("/v2/sims").status_code == 401
    old = simulated.token
    assert simulated.sign_in()["access_token"] != old
    assert simulated.get("/v2/sims").status_code == 200
