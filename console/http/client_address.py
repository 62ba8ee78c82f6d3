"""Which address a request came from, when proxies stand in between, and the network that it is counted by."""

from collections.abc import Collection
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from litestar.enums import ScopeType
from litestar.types import HTTPScope, Scope, WebSocketScope

from console.log import logger

Address = IPv4Address | IPv6Address
UNKNOWN = "unknown"  # what has no address
IPV6_PREFIX = 64  # what one customer has at least: within it, addresses cost nothing
SCHEMES = {"http": "ws", "https": "wss"}


class TrustedProxies:
    """The proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."""

    def __init__(self, networks: Collection[str]) -> None:
        """Their addresses or networks, as TRUSTED_PROXIES has them."""
        self._networks = [ip_network(network) for network in networks]
        self._warned = False

    def trusts(self, address: Address) -> bool:
        """Whether this is one of the proxies."""
        return any(address in network for network in self._networks)

    def apply(self, scope: HTTPScope | WebSocketScope) -> None:
        """Put the client's own address and scheme in the place of the proxy's.

        Each proxy appends the address that it was asked from. So from the right, the first that is no trusted proxy is
        the client's; whatever stands left of it, the client may have written itself.
        """
        hops = _values(scope, b"x-forwarded-for")
        peer = address_in(scope["client"][0]) if scope.get("client") else None  # type: ignore[index]
        if not hops or peer is None:
            return
        if not self.trusts(peer):
            self._warn(peer)
            return
        for hop in reversed(hops):
            address = address_in(hop)
            if address is None:
                break
            peer = address
            if not self.trusts(peer):
                break
        scope["client"] = (str(peer), 0)
        schemes = _values(scope, b"x-forwarded-proto")
        if schemes and schemes[-1].lower() in SCHEMES:
            scheme = schemes[-1].lower()
            scope["scheme"] = SCHEMES[scheme] if scope["type"] == ScopeType.WEBSOCKET else scheme

    def _warn(self, peer: Address) -> None:
        if not self._warned:
            self._warned = True
            logger("web").warning(
                "X-Forwarded-For is not believed: TRUSTED_PROXIES does not name its sender", sender=str(peer)
            )


def _values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header that is a list, in their order; it may be sent in several lines."""
    lines = [value.decode("latin-1") for known, value in scope["headers"] if known == name]
    return [part.strip() for line in lines for part in line.split(",") if part.strip()]


@lru_cache(maxsize=1024)
def address_in(text: str) -> Address | None:
    """The IP address, also with a port or in brackets; None if it is none (`unknown`, a name)."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def client_address(scope: Scope) -> str:
    """The client's address, for people to recognise; empty if it is not known."""
    client = scope.get("client")
    address = address_in(client[0]) if client else None
    return "" if address is None else str(address)


def network_of(scope: Scope) -> str:
    """What people are counted by: an IPv4 address, or the /64 of an IPv6 address."""
    client = scope.get("client")
    address = address_in(client[0]) if client else None
    if address is None:
        return UNKNOWN
    return str(IPv6Network((address, IPV6_PREFIX), strict=False)) if address.version == 6 else str(address)
