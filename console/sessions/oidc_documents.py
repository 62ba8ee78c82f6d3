"""What an identity provider publishes about itself: where it is asked, and its public keys. Neither is trusted."""

from typing import Any

from msgspec import Struct

from console.errors import ProviderFailed
from console.settings.origins import split

Key = dict[str, Any]  # as RFC 7517 writes it

LONGEST_ADDRESS = 2_000
MOST_KEYS = 50
LONGEST_PART = 1_400  # characters of a key's number: RSA with 8,192 bits
ASYMMETRIC = ("RSA", "EC", "OKP")
LOCAL = ("localhost", "local", "internal")  # top level domains of one machine or network (RFC 6761, 6762)


class Endpoints(Struct, frozen=True):
    """Where the provider is asked."""

    authorization: str
    token: str
    keys: str
    secret_in_form: bool  # it takes the client's secret in the form alone, not as Basic authentication


def endpoints_in(document: dict[str, Any], issuer: str) -> Endpoints:
    """What the provider's document (OpenID Connect Discovery, section 3) says.

    Raises ProviderFailed if it is another issuer's, or leads where the console asks nobody.
    """
    if document.get("issuer") != issuer:
        raise ProviderFailed("The identity provider's document is another issuer's: is OIDC_ISSUER written as it does?")
    methods = document.get("token_endpoint_auth_methods_supported")
    known = methods if isinstance(methods, list) else []
    return Endpoints(
        authorization=_address(document, "authorization_endpoint", issuer),
        token=_address(document, "token_endpoint", issuer),
        keys=_address(document, "jwks_uri", issuer),
        secret_in_form="client_secret_post" in known and "client_secret_basic" not in known,
    )


def keys_in(document: dict[str, Any]) -> list[Key]:
    """The public keys of a key set (RFC 7517, section 5) that can be used. Raises ProviderFailed if there is none."""
    listed = document.get("keys")
    found = [key for key in listed if _is_usable(key)] if isinstance(listed, list) else []
    if not found:
        raise ProviderFailed("The identity provider publishes no key that its tokens could be checked by")
    return found[:MOST_KEYS]


def _is_usable(key: object) -> bool:
    if not isinstance(key, dict) or key.get("kty") not in ASYMMETRIC or key.get("use", "sig") != "sig":
        return False
    return all(len(part) <= LONGEST_PART for part in key.values() if isinstance(part, str))


def _address(document: dict[str, Any], name: str, issuer: str) -> str:
    """An address of the provider: on the issuer's own host, or on another public one by TLS."""
    text = document.get(name)
    parts = split(text) if isinstance(text, str) and len(text) <= LONGEST_ADDRESS and text.isprintable() else None
    own = split(issuer)
    if (
        parts is None
        or own is None
        or not parts.hostname
        or "@" in parts.netloc
        or "#" in str(text)
        or " " in str(text)
    ):
        raise ProviderFailed(f"The identity provider's {name} is no address")
    if (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
        return str(text)
    if parts.scheme != "https" or not _is_public(parts.hostname):
        raise ProviderFailed(f"The identity provider's {name} leads elsewhere, where the console asks nobody")
    return str(text)


def _is_public(host: str) -> bool:
    """Whether it is a full name: not a number, not this machine, not one of a local network.

    A host whose last label begins with a digit is a number in another notation (127.1, 0x7f.1), which resolvers take
    for an IPv4 address; no top level domain begins with one. ":" stands in IPv6 addresses alone.
    """
    *before, last = host.removesuffix(".").split(".")
    if not host.isascii() or ":" in host or not all(before) or not before:
        return False
    return last[:1].isalpha() and last not in LOCAL
