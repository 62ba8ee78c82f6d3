"""Tokens as they must not be: signed by nobody, by somebody else, or by tricks."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

from joserfc.jwk import ECKey

from tests.sessions.identity_provider import Provider

Change = Callable[[dict[str, Any]], dict[str, Any]]


def unsigned(claims: dict[str, Any]) -> str:
    return ".".join((encoded({"alg": "none"}), encoded(claims), ""))


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def signed_with_the_public_key(provider: Provider) -> Callable[[dict[str, Any]], str]:
    """HS256, for which a careless library takes the published key as the shared secret."""

    def sign(claims: dict[str, Any]) -> str:
        text = f"{encoded({'alg': 'HS256', 'kid': provider.key.kid})}.{encoded(claims)}"
        mac = hmac.new(provider.key.as_pem(private=False), text.encode(), "sha256").digest()
        return f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return sign


def signed_with(key: ECKey, provider: Provider) -> Callable[[dict[str, Any]], str]:
    def sign(claims: dict[str, Any]) -> str:
        own, provider.key = provider.key, key
        try:
            return provider.sign(claims)
        finally:
            provider.key = own

    return sign


def changed(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The claims with these in place; without those that are None."""
    return lambda claims: {name: value for name, value in {**claims, **values}.items() if value is not None}
