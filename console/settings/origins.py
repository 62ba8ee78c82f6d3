"""Origins and addresses in settings: taken apart, and written as browsers write them."""

import re
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import SplitResult, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"[a-z0-9._-]+")
DEVIATIONS = frozenset("ß\u1e9eς\u200c\u200d")  # UTS #46, section 6


def split(text: str) -> SplitResult | None:
    """The parts of an address; None if it is no address (a port that is no number, a bracket too few)."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts


def origin_of(text: str) -> str | None:
    """The origin as browsers write it (RFC 6454, section 6.2); None if it is none."""
    parts = split(text)
    if parts is None or parts.scheme not in DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc:
        return None
    if parts.path or parts.query or parts.fragment:
        return None
    host = _host(parts.hostname)
    if host is None or "%" in parts.netloc:
        return None
    port = "" if parts.port in (None, DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def _host(name: str) -> str | None:
    """A host as browsers write it (URL standard, section 3.5); None where they would write another, or none."""
    if ":" in name:
        try:
            number = int(IPv6Address(name))
        except ValueError:
            return None
        pieces = ":".join(f"{number >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
        compressed = IPv6Address(pieces)
        mapped = compressed.ipv4_mapped
        return f"[::ffff:{int(mapped) >> 16:x}:{int(mapped) & 0xFFFF:x}]" if mapped else f"[{compressed.compressed}]"
    if not name.isascii() and not DEVIATIONS.isdisjoint(name):
        return None  # Python's IDNA writes these otherwise than browsers: the ASCII form (xn--) is unambiguous
    try:
        host = name if name.isascii() else name.encode("idna").decode()
    except UnicodeError:
        return None
    if not HOST.fullmatch(host) or ".." in host:
        return None
    if host.rstrip(".").rpartition(".")[2][:1].isdigit():  # a number at the end makes it an IPv4 address
        try:
            return str(IPv4Address(host))
        except ValueError:
            return None
    return host
