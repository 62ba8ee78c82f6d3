"""What an answer means, and how long it asks us to wait."""

from datetime import UTC, datetime

import httpx
import pytest

from console.once.errors import (
    BODY_KEPT_BYTES,
    Gone,
    NotFound,
    OnceError,
    Refused,
    SignInRefused,
    Throttled,
    Unavailable,
    Unexpected,
)
from console.once.http.answers import error_of, transport_failure
from console.once.http.retry import RetryPolicy, retry_after

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
JSON = {"Content-Type": "application/json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


def answer(status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> httpx.Response:
    request = httpx.Request("GET", "https://example.test/v2/sims")
    return httpx.Response(status, content=body, headers=headers or JSON, request=request)


@pytest.mark.parametrize(
    ("answer", "meaning", "permanent"),
    [
        (answer(200, b"[]"), type(None), None),
        (answer(201), type(None), None),
        (answer(429), Throttled, False),
        (answer(429, b"<html>", HTML), Throttled, False),
        (answer(500, b"{}"), Unavailable, False),
        (answer(503, b"<html>", HTML), Unavailable, False),
        (answer(408), Unavailable, False),
        (answer(200, b"<!DOCTYPE html>", HTML), Unavailable, False),
        (answer(200, b"  <html>"), Unavailable, False),
        (answer(404, b"<html>", HTML), Unavailable, False),
        (answer(404, b"{}"), NotFound, True),
        (answer(410), Gone, True),
        (answer(400, b"not json"), Refused, True),
        (answer(403), Refused, True),
        (answer(409), Refused, True),
        (answer(422), Refused, True),
        (answer(302), Unexpected, True),
    ],
)
def test_each_answer_has_one_meaning(answer: httpx.Response, meaning: type[OnceError], permanent: bool | None) -> None:
    error = error_of(answer, "sims.list")
    assert type(error) is meaning
    assert error is None or error.permanent is permanent


def test_a_refusal_carries_1nces_own_words() -> None:
    error = error_of(
        answer(409, b'{"error_code": 1000, "error_token": "Conflict", "message": "SIM is locked"}'), "sim.get"
    )
    assert isinstance(error, Refused)
    assert (error.status, error.code, error.token, str(error)) == (409, "1000", "Conflict", "SIM is locked")


@pytest.mark.parametrize("error", [httpx.ReadTimeout(""), httpx.ReadError("reset"), httpx.RemoteProtocolError("cut")])
def test_an_order_whose_answer_was_lost_may_have_been_carried_out(error: httpx.TransportError) -> None:
    assert transport_failure(error, "sim.topup").maybe_done


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout(""), httpx.PoolTimeout("")])
def test_an_order_that_never_left_was_not_carried_out(error: httpx.TransportError) -> None:
    assert not transport_failure(error, "sim.topup").maybe_done


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"Retry-After": "Sat, 21 Nov 2026 12:00:30 GMT", "Date": "Sat, 21 Nov 2026 12:00:20 GMT"}, 10.0),
        ({"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
        ({}, None),
    ],
)
def test_the_wait_that_is_asked_for_is_understood_in_both_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(httpx.Headers(headers), NOW) == seconds


def test_pauses_grow_to_their_limit_and_vary() -> None:
    retries = RetryPolicy(first_pause_seconds=1, longest_pause_seconds=4)
    for attempt, longest in ((1, 1), (2, 2), (3, 4), (9, 4)):
        pauses = {retries.pause(attempt) for _ in range(50)}
        assert len(pauses) > 40
        assert all(longest / 2 <= pause <= longest for pause in pauses)


def test_patience_ends_with_the_tries_or_with_the_time() -> None:
    retries = RetryPolicy(attempts=3, max_elapsed_seconds=10)
    assert retries.may_repeat(2, 10)
    assert not retries.may_repeat(3, 1)
    assert not retries.may_repeat(1, 11)


def test_an_unreadable_body_is_kept_up_to_its_limit() -> None:
    assert len(Unexpected("https://example.test", "too long", b"x" * 100_000).body) == BODY_KEPT_BYTES


def test_all_errors_are_of_one_tree() -> None:
    for kind in (Throttled, Unavailable, Refused, NotFound, SignInRefused, Gone, Unexpected):
        assert issubclass(kind, OnceError)
