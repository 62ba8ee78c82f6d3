"""Addresses, queries, forms and socket messages that nobody here wrote, sent as bytes: none is an error of ours."""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.cast import ADAS_SIM, Cast
from tests.serving import Served

pytestmark = pytest.mark.one_edition
REQUESTS = 100
DOCUMENTED_CLOSINGS = {1000, 1003, 1007, 1009, 4400, 4401, 4403, 4408, 4429}
bounded = settings(
    max_examples=REQUESTS,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

# Bytes of every kind as well as what looks nearly right.
NEAR = st.sampled_from(
    [
        "1",
        "-1",
        "0",
        "²",
        "9" * 40,
        "1e9",
        "online",
        "last_seen_at",
        "-label",
        ADAS_SIM,
        ADAS_SIM[:-1] + "²",
        "../..",
        "a\0b",
    ]
)
VALUE = st.one_of(NEAR, st.text(max_size=60), st.binary(max_size=40))
PARAMETER = st.one_of(
    st.sampled_from(
        ["q", "page", "page_size", "cursor", "sort", "connection", "country", "label", "next", "since", "by"]
    ),
    st.text(min_size=1, max_size=12),
)
QUERY = st.lists(st.tuples(PARAMETER, VALUE), max_size=4)
PAGES = st.sampled_from(
    ["/", "/sims", f"/sims/{ADAS_SIM}", "/jobs", "/carrier", "/sign-in", "/api/v1/sims", "/api/v1/docs"]
)
PLACES = st.one_of(
    PAGES,
    st.lists(VALUE, min_size=1, max_size=3),
    st.tuples(st.just("static"), VALUE),
    st.tuples(st.just("sims"), VALUE),
)


def percent(value: str | bytes) -> str:
    """The value as it stands in an address; half a surrogate as the three bytes that some programs send for it."""
    return quote(value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass"), safe="")


def address(place: str | list[Any] | tuple[Any, ...], query: list[tuple[str, Any]]) -> str:
    path = place if isinstance(place, str) else "/" + "/".join(percent(part) for part in place)
    return path + "?" + "&".join(f"{percent(name)}={percent(value)}" for name, value in query) if query else path


async def test_no_address_of_a_page_is_an_error_of_ours(web: Served, cast: Cast) -> None:
    faults: list[str] = []
    async with web.signed_in("ada") as ada:

        def ask_all() -> None:
            with httpx.Client(base_url=web.address, cookies=ada.cookies, trust_env=False, timeout=60) as client:

                @bounded
                @given(place=PLACES, query=QUERY)
                def ask(place: Any, query: Any) -> None:
                    answer = client.get(address(place, query))
                    if answer.status_code >= 500:
                        faults.append(f"{address(place, query)} -> {answer.status_code}")

                ask()

        await asyncio.to_thread(ask_all)
    assert faults == []


async def test_no_form_is_an_error_of_ours(web: Served, cast: Cast) -> None:
    faults: list[str] = []

    def send_all() -> None:
        with httpx.Client(base_url=web.address, headers={"Origin": web.address}, trust_env=False, timeout=60) as client:

            @bounded
            @given(
                body=st.one_of(st.binary(max_size=200), QUERY.map(lambda query: address("", query).encode()[1:])),
                kind=st.sampled_from(
                    [
                        "application/x-www-form-urlencoded",
                        "multipart/form-data",
                        "multipart/form-data; boundary=a",
                        "application/json",
                        "text/plain; charset=nonsense",
                        "",
                    ]
                ),
                path=st.sampled_from(["/sign-in", "/sign-out", "/streamer/acme", "/forwarder/acme.x"]),
            )
            def send(body: bytes, kind: str, path: str) -> None:
                client.cookies.clear()
                answer = client.post(path, content=body, headers={"Content-Type": kind})
                if answer.status_code >= 500:
                    faults.append(f"{path} {kind} {body!r} -> {answer.status_code}")

            send()

    await asyncio.to_thread(send_all)
    assert faults == []


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)
TOPIC = st.one_of(st.sampled_from(["fleet", "alerts", f"sim:{ADAS_SIM}", "sim:", "sim:²"]), st.text(max_size=20), JSON)
MESSAGE = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60),
    JSON.map(json.dumps),
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(["subscribe", "unsubscribe", "other"]),
            "topics": st.one_of(JSON, st.lists(TOPIC, max_size=4)),
        },
        optional={"since": st.one_of(JSON, st.text(max_size=20))},
    ).map(json.dumps),
)


@pytest.mark.parametrize("way", ["program", "browser"])
async def test_no_message_on_a_socket_is_an_error_of_ours(way: str, web: Served, cast: Cast) -> None:
    messages: list[Any] = []

    @bounded
    @given(message=MESSAGE)
    def gather(message: Any) -> None:
        messages.append(message)

    gather()
    faults: list[str] = []
    async with web.signed_in("ada") as ada:
        for message in messages:
            connection = web.stream(cast.acme_key) if way == "program" else web.page_socket(ada, "?view=sims")
            async with connection as socket:
                with contextlib.suppress(ConnectionClosed, TimeoutError):
                    await socket.send(message)
                    await asyncio.wait_for(socket.wait_closed(), 0.04)
                if socket.close_code not in {*DOCUMENTED_CLOSINGS, None}:
                    faults.append(f"{message!r} -> {socket.close_code} {socket.close_reason}")
    assert faults == []
