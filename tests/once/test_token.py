"""Signing in: once for all, again when need be, never in a loop."""

import asyncio
import logging

import pytest
from redis.asyncio import Redis

from console.once.client import OnceClient
from console.once.errors import SignInRefused, Unavailable
from console.once.http.sign_in import OWNER_HINT
from console.once.http.token import AccessToken, TokenStore, use_for

from .conftest import ClientMaker
from .odd_server import TOKEN_PATH, Answer, OddServer, token

WRONG = Answer(400, b'{"statusCode": 400, "errorCode": "BadCredentials", "message": "User does not exist."}')
LIST = Answer(headers={"X-Total-Count": "0", "X-Total-Pages": "0"})
UNAUTHORIZED = Answer(401, b'{"message": "Unauthorized"}')


def bearers(odd: OddServer) -> list[str]:
    return [asked.headers["authorization"] for asked in odd.seen("/v2/sims")]


async def test_ten_workers_sign_in_once(make_client: ClientMaker, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH][0].delay = 0.1
    odd.will("/v2/sims", LIST)
    await asyncio.gather(*(make_client().sims(1) for _ in range(10)))
    assert odd.sign_ins == 1
    assert set(bearers(odd)) == {"Bearer token-1"}


async def test_a_sign_in_shows_the_credentials_and_asks_in_json(client: OnceClient, odd: OddServer) -> None:
    odd.will("/v2/sims", LIST)
    await client.sims(1)
    asked = odd.seen("/oauth/token")[0]
    assert asked.headers["authorization"] == "Basic ZGVtbzpkZW1vLXNlY3JldA=="
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == b'{"grant_type":"client_credentials"}'


async def test_after_a_401_all_workers_together_sign_in_once_more(make_client: ClientMaker, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH].append(token("token-2"))
    odd.will("/v2/sims", UNAUTHORIZED, LIST)
    await asyncio.gather(*(make_client().sims(1) for _ in range(5)))
    assert odd.sign_ins == 2
    assert bearers(odd).count("Bearer token-2") >= 1


async def test_a_token_that_nothing_accepts_is_reported_and_not_tried_for_ever(
    client: OnceClient, odd: OddServer
) -> None:
    odd.will("/v2/sims", UNAUTHORIZED)
    with pytest.raises(SignInRefused, match="Owner"):
        await client.sims(1)
    assert odd.sign_ins == 2
    assert len(odd.seen("/v2/sims")) == 2


async def test_a_newer_token_survives_who_still_holds_the_old_one(redis: Redis) -> None:
    given = iter(["old", "new", "too many"])

    async def sign_in() -> AccessToken:
        return AccessToken(next(given), 3600)

    store = TokenStore(redis, login="acme", sign_in=sign_in)
    assert await store.get() == "old"
    await store.discard("old")
    assert await store.get() == "new"
    await store.discard("old")
    assert await store.get() == "new"


async def test_wrong_credentials_are_reported_in_1nces_words_and_tried_once(
    make_client: ClientMaker, odd: OddServer
) -> None:
    odd.answers[TOKEN_PATH][0] = WRONG
    results = await asyncio.gather(*(make_client().sims(1) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(error, SignInRefused) and "User does not exist." in str(error) for error in results)
    assert odd.sign_ins == 1


async def test_a_check_tries_the_credentials_anew_and_lets_others_in(make_client: ClientMaker, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH][0] = WRONG
    with pytest.raises(SignInRefused):
        await make_client().sims(1)
    odd.answers[TOKEN_PATH][0] = token()
    odd.will("/v2/sims", Answer(headers={"X-Total-Count": "42"}))
    assert await make_client().check() == 42
    await make_client().sims(1)
    assert odd.sign_ins == 2


@pytest.mark.parametrize("status", [401, 403])
async def test_a_check_says_when_the_credentials_are_an_owners(client: OnceClient, odd: OddServer, status: int) -> None:
    odd.will("/v2/sims", Answer(status, b'{"message": "no"}'))
    with pytest.raises(SignInRefused) as raised:
        await client.check()
    assert raised.value.message == OWNER_HINT


@pytest.mark.parametrize(("left", "used"), [(3600, 3540), (120, 60), (60, 30), (10, 5), (0.2, 0.5)])
def test_a_token_is_used_until_well_before_its_end(left: float, used: float) -> None:
    assert use_for(left) == used


async def test_a_token_about_to_end_is_waited_out(make_client: ClientMaker, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH].clear()
    odd.answers[TOKEN_PATH].extend([token("dying", 0.3), token("fresh")])
    odd.will("/v2/sims", LIST)
    await make_client().sims(1)
    assert bearers(odd) == ["Bearer fresh"]


async def test_a_token_is_renewed_before_it_ends(make_client: ClientMaker, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH].clear()
    odd.answers[TOKEN_PATH].extend([token("first", 2), token("second")])
    odd.will("/v2/sims", LIST)
    client = make_client()
    await client.sims(1)
    await asyncio.sleep(1.1)
    await client.sims(1)
    assert bearers(odd) == ["Bearer first", "Bearer second"]


async def test_redis_out_of_reach_does_not_lock_us_out(nowhere: Redis) -> None:
    sign_ins = 0

    async def sign_in() -> AccessToken:
        nonlocal sign_ins
        sign_ins += 1
        return AccessToken(f"token-{sign_ins}", 3600)

    store = TokenStore(nowhere, login="acme", sign_in=sign_in)
    assert await asyncio.gather(*(store.get() for _ in range(5))) == ["token-1"] * 5
    await store.discard("token-1")
    assert await store.get() == "token-2"


async def test_a_sign_in_that_fails_is_no_hindrance_to_the_next(client: OnceClient, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH].extendleft([Answer(503, b""), Answer(503, b"")])
    odd.will("/v2/sims", LIST)
    with pytest.raises(Unavailable):
        await client.sims(1)
    await client.sims(1)
    assert odd.sign_ins == 3


async def test_all_who_wait_for_a_sign_in_share_its_failure(client: OnceClient, odd: OddServer) -> None:
    odd.answers[TOKEN_PATH][0] = Answer(503, b"", delay=0.05)
    results = await asyncio.gather(*(client.sims(1) for _ in range(20)), return_exceptions=True)
    assert all(isinstance(error, Unavailable) for error in results)
    assert odd.sign_ins == 2


async def test_the_token_is_the_same_to_a_redis_client_that_reads_text(valkey_url: str, redis: Redis) -> None:
    async def sign_in() -> AccessToken:
        return AccessToken("token-1", 3600)

    async with Redis.from_url(valkey_url, decode_responses=True) as text:
        for store in (TokenStore(redis, login="a", sign_in=sign_in), TokenStore(text, login="a", sign_in=sign_in)):
            assert [await store.get(), await store.get()] == ["token-1"] * 2


async def test_tokens_and_secrets_are_neither_logged_nor_named(
    client: OnceClient, odd: OddServer, redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    odd.will("/v2/sims", UNAUTHORIZED)
    with pytest.raises(SignInRefused) as raised:
        await client.sims(1)
    odd.will("/v2/sims", LIST)
    await client.sims(1)
    keys = b" ".join(await redis.keys("*")).decode()
    for secret in ("token-1", "demo-secret", "demo"):
        assert secret not in keys
    assert "token-1" not in caplog.text + str(raised.value) + repr(AccessToken("token-1", 1))
    assert "demo-secret" not in caplog.text
