"""Whose address counts when proxies stand in between, and how people are counted."""

from typing import Any

import pytest

from console.http.client_address import TrustedProxies, network_of
from console.settings import Settings, SettingsError, from_environment
from tests.cast import PASSWORD, Cast
from tests.serving import Served, serving

PROXIES = ("127.0.0.0/8", "::1/128", "10.0.0.0/24", "2001:db8:ffff::/48")
NEEDED = {"DATABASE_URL": "postgresql://x", "REDIS_URL": "redis://x", "SECRET_KEY": "x" * 40}


def seen(peer: str, forwarded: list[str], proto: str = "", kind: str = "http") -> tuple[str, str]:
    """The address and the scheme that a request from this peer counts as."""
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    headers += [(b"x-forwarded-proto", proto.encode())] if proto else []
    scope: Any = {"type": kind, "client": (peer, 5000), "scheme": "http", "headers": headers}
    TrustedProxies(PROXIES).apply(scope)
    return scope["client"][0], scope["scheme"]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["198.51.100.1"], "203.0.113.9"),  # nobody we know: it may say anything
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),  # the left one is what the client wrote
        ("127.0.0.1", ["192.0.2.66", "198.51.100.1"], "198.51.100.1"),  # in two lines
        ("127.0.0.1", ["192.0.2.66, 198.51.100.1, 10.0.0.7"], "198.51.100.1"),  # two proxies of ours
        ("127.0.0.1", ["10.0.0.7"], "10.0.0.7"),  # a proxy asks for itself
        ("127.0.0.1", ["198.51.100.1, nonsense"], "127.0.0.1"),  # what is left of nonsense is not believed
        ("127.0.0.1", ["198.51.100.1, nonsense, 10.0.0.7"], "10.0.0.7"),
        ("127.0.0.1", ["unknown"], "127.0.0.1"),
        ("127.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("::1", ["[2001:db8:1::5]:4711"], "2001:db8:1::5"),
        ("::ffff:127.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("2001:db8:ffff::2", ["2001:db8:1::5"], "2001:db8:1::5"),
    ],
)
def test_the_right_most_address_that_is_no_trusted_proxy_counts(peer: str, forwarded: list[str], address: str) -> None:
    assert seen(peer, forwarded)[0] == address


def test_the_scheme_is_that_of_the_nearest_trusted_proxy() -> None:
    assert seen("127.0.0.1", ["198.51.100.1"], "https")[1] == "https"
    assert seen("127.0.0.1", ["198.51.100.1"], "http, https")[1] == "https"
    assert seen("127.0.0.1", ["198.51.100.1"], "https", "websocket")[1] == "wss"
    assert seen("127.0.0.1", ["198.51.100.1"], "gopher")[1] == "http"
    assert seen("203.0.113.9", ["198.51.100.1"], "https")[1] == "http"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
    ],
)
def test_people_are_counted_by_address_and_in_ipv6_by_network(address: str, network: str) -> None:
    scope: Any = {"client": (address, 1)}
    assert network_of(scope) == network


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("10.0.0.5", ("10.0.0.5/32",)),
        (" 10.0.0.0/24 , 2001:db8::/32 ", ("10.0.0.0/24", "2001:db8::/32")),
        ("none", ()),
        ("", ("127.0.0.0/8", "::1/128")),
    ],
)
def test_trusted_proxies_are_addresses_or_networks(text: str, networks: tuple[str, ...]) -> None:
    assert from_environment({**NEEDED, "TRUSTED_PROXIES": text}).trusted_proxies == networks


@pytest.mark.parametrize("text", ["proxy.example", "10.0.0.5/24", "*", "0.0.0.0/0", "::/0", "10.0.0.256"])
def test_other_proxies_are_refused_with_one_message(text: str) -> None:
    with pytest.raises(SettingsError) as refused:
        from_environment({**NEEDED, "TRUSTED_PROXIES": text})
    assert len(refused.value.faults) == 1
    assert repr(text) in refused.value.faults[0]


@pytest.mark.one_edition
async def test_the_server_counts_as_the_settings_say(settings: Settings, cast: Cast) -> None:
    """The same forwarded address, from a peer that is trusted and from one that is not."""

    async def statuses(web: Served, addresses: list[str]) -> list[int]:
        found = []
        async with web.stranger() as stranger:
            for number, address in enumerate(addresses):
                data = {"name": f"name-{number}", "password": PASSWORD}
                answer = await stranger.post("/sign-in", data=data, headers={"X-Forwarded-For": address})
                found.append(answer.status_code)
        return found

    spoofed = [f"198.51.{number}.1" for number in range(45)]
    async with serving(settings) as web:
        assert await statuses(web, spoofed) == [401] * 45, "45 clients of a proxy on this machine"
        appended = [f"{address}, 203.0.113.9" for address in spoofed]
        one = await statuses(web, appended)
        assert (one[:40], 429 in one) == ([401] * 40, True), "one client that writes addresses of its own"
    async with serving(Settings(**{**settings_of(settings), "trusted_proxies": ()})) as web:
        one = await statuses(web, spoofed)
        assert (one[:40], 429 in one) == ([401] * 40, True), "one client, whatever it says"


def settings_of(settings: Settings) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__struct_fields__}
