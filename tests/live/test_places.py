"""One address opens no more sockets than it may, whoever it signs in as; others are not kept out by it."""

from contextlib import AsyncExitStack
from typing import Any

import pytest
import websockets
from msgspec import structs
from prometheus_client import REGISTRY

from console.live.access import Client
from console.live.places import MOST_OF_ADDRESS, MOST_OF_ONE, OF_ADDRESS, OF_CALLER, Places
from console.settings import Settings
from console.store.database import Database
from tests.cast import Cast
from tests.serving import Served, serving

pytestmark = pytest.mark.one_edition
MOST = 3
CLIENT = Client(organization_id=1, handle="user:1", credential=1, topics=frozenset(), permissions=1, network="10.0.0.1")


def cut() -> float:
    labels = {"endpoint": "program", "reason": OF_ADDRESS}
    return REGISTRY.get_sample_value("console_live_sockets_cut_total", labels) or 0.0


def test_a_place_is_taken_by_caller_and_by_address_and_given_back() -> None:
    places = Places(MOST)
    others = [structs.replace(CLIENT, handle=f"user:{number}") for number in range(MOST)]
    assert [places.take(one) for one in others] == [None] * MOST
    assert places.take(CLIENT) == OF_ADDRESS
    assert places.take(structs.replace(CLIENT, network="10.0.0.2")) is None
    places.give_back(others[0])
    assert places.take(CLIENT) is None
    unknown = structs.replace(CLIENT, network=None, handle="user:9")
    assert [places.take(unknown) for _ in range(MOST_OF_ONE)] == [None] * MOST_OF_ONE, "nobody shares what is not known"
    assert places.take(unknown) == OF_CALLER
    for one in (*others[1:], CLIENT):
        places.give_back(one)
    assert places.take(structs.replace(CLIENT, handle="user:2")) is None


def test_an_operations_centre_behind_one_address_is_let_in() -> None:
    places = Places()
    people = [structs.replace(CLIENT, handle=f"user:{number}") for number in range(MOST_OF_ADDRESS // 20)]
    assert {places.take(one) for one in people for _ in range(20)} == {None}


async def _open(stack: AsyncExitStack, web: Served, key: str, forwarded: str) -> Any:
    address = web.address.replace("http", "ws", 1) + "/api/v1/stream"
    headers = {"X-API-Key": key, "X-Forwarded-For": forwarded}
    connecting = websockets.connect(address, additional_headers=headers, proxy=None)
    return await stack.enter_async_context(connecting)


async def _greeted(socket: Any) -> bool:
    try:
        return "stream.hello" in await socket.recv()
    except websockets.ConnectionClosed as closed:
        assert closed.rcvd is not None
        assert (closed.rcvd.code, closed.rcvd.reason) == (4429, OF_ADDRESS)
        return False


@pytest.mark.parametrize(
    ("trusted", "addresses", "greeted"),
    [
        (("127.0.0.0/8",), ["192.0.2.1"] * 4 + ["192.0.2.2"], [True] * 3 + [False, True]),
        (("127.0.0.0/8",), [f"2001:db8::{n}" for n in range(4)] + ["2001:db8:0:1::1"], [True] * 3 + [False, True]),
        ((), [f"192.0.2.{n}" for n in range(5)], [True] * 3 + [False] * 2),
    ],
    ids=["by address", "by network of IPv6", "who is not trusted says nothing of addresses"],
)
async def test_sockets_are_counted_by_the_address_that_trusted_proxies_name(
    settings: Settings,
    db: Database,
    cast: Cast,
    trusted: tuple[str, ...],
    addresses: list[str],
    greeted: list[bool],
) -> None:
    settings = structs.replace(settings, sockets_per_address=MOST, trusted_proxies=trusted)
    async with serving(settings) as web, AsyncExitStack() as stack:
        before, keys = cut(), (cast.acme_key, cast.eve_key)
        found = [
            await _greeted(await _open(stack, web, keys[number % 2], address))
            for number, address in enumerate(addresses)
        ]
        assert found == greeted, "whose key it is does not matter"
        assert cut() - before == greeted.count(False)
