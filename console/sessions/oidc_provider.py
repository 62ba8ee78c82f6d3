"""The identity provider of OIDC_ISSUER: where it is asked, the keys that it signs with, and its tokens for a code."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
from msgspec import Struct

from console.errors import ProviderFailed
from console.sessions.bounded_fetch import fetch_object, new_client
from console.sessions.kept_answer import KeptAnswer
from console.sessions.oidc_documents import Endpoints, Key, endpoints_in, keys_in
from console.settings import Settings

EXCHANGE_SECONDS = 5.0  # that it may take over each answer
KEPT_SECONDS = 3600.0  # endpoints and keys
UNKNOWN_KEY_SECONDS = 30.0  # between two fetches that tokens with an unknown key cause
DISCOVERY = "/.well-known/openid-configuration"  # OpenID Connect Discovery, section 4


class Tokens(Struct, frozen=True):
    """What the provider gave for a code."""

    id_token: str
    access_token: str | None


def provider_of(settings: Settings) -> "IdentityProvider | None":
    """The identity provider of these settings; None if they name none."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None or settings.oidc_client_secret is None:
        return None
    return IdentityProvider(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)


class IdentityProvider:
    """Asks the provider, and keeps what it answered. One for the process."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        wall: Callable[[], float] = time.time,
        seconds: float = EXCHANGE_SECONDS,
    ) -> None:
        """`wall` is the clock; `seconds`: how long it may take over an answer."""
        self.issuer = issuer
        self.client_id = client_id
        self._client_secret = client_secret
        self._seconds = seconds
        self._http: httpx.AsyncClient | None = None
        self._endpoints: KeptAnswer[Endpoints] = KeptAnswer(self._discover, wall)
        self._keys: KeptAnswer[list[Key]] = KeptAnswer(self._fetch_keys, wall)

    async def close(self) -> None:
        """Let go of its connections."""
        if self._http is not None:
            await self._http.aclose()

    async def endpoints(self) -> Endpoints:
        """Where it is asked. Raises ProviderFailed."""
        return await self._endpoints.get(KEPT_SECONDS)

    async def keys(self, key_id: str | None) -> list[Key]:
        """Its public keys. If this one is not among them they are fetched again, but not often.

        Raises ProviderFailed if it has none yet and can't get any.
        """
        found = await self._keys.get(KEPT_SECONDS)
        if key_id is None or any(key.get("kid") == key_id for key in found):
            return found
        try:
            return await self._keys.get(UNKNOWN_KEY_SECONDS)
        except ProviderFailed:
            return found

    async def tokens(self, code: str, verifier: str, redirect_uri: str) -> Tokens:
        """The tokens for a code (RFC 6749, 4.1.3; RFC 7636, 4.5). Raises ProviderFailed."""
        endpoints = await self.endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        auth: httpx.BasicAuth | None = None
        if endpoints.secret_in_form:
            form |= {"client_id": self.client_id, "client_secret": self._client_secret}
        else:  # RFC 6749, 2.3.1: each is encoded as in a form before
            auth = httpx.BasicAuth(quote(self.client_id, safe=""), quote(self._client_secret, safe=""))
        answer = await self._fetch("POST", endpoints.token, data=form, auth=auth)
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str):
            raise ProviderFailed("The identity provider gave no ID token")
        return Tokens(id_token, access_token if isinstance(access_token, str) else None)

    async def _discover(self) -> Endpoints:
        address = self.issuer.rstrip("/") + DISCOVERY
        return endpoints_in(await self._fetch("GET", address), self.issuer)

    async def _fetch_keys(self) -> list[Key]:
        endpoints = await self.endpoints()
        return keys_in(await self._fetch("GET", endpoints.keys))

    async def _fetch(self, method: str, address: str, **sent: Any) -> dict[str, Any]:
        return await fetch_object(await self._client(), method, address, self._seconds, **sent)

    async def _client(self) -> httpx.AsyncClient:
        if self._http is None:
            made = await new_client(self._seconds)
            if self._http is None:
                self._http = made
            else:  # another request was quicker
                await made.aclose()
        return self._http
