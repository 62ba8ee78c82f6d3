"""Signing in: the client id and secret are exchanged for an access token."""

import asyncio

import httpx
from msgspec import json

from console.once.errors import Refused, SignInRefused, Unavailable, Unexpected
from console.once.http.exchange import Exchange
from console.once.http.retry import RetryPolicy
from console.once.http.token import AccessToken
from console.once.operations import SIGN_IN
from console.once.wire.decode import UNREADABLE
from console.once.wire.shapes import TokenShape

EXPIRING_SECONDS = 2.0
EXPIRING_TOKENS_AWAITED = 2
OWNER_HINT = (
    "1NCE gives a token for these credentials, but accepts it for nothing. That happens when they belong to a portal "
    "user with the role Owner: take the credentials that the portal shows under Account → Management API Access."
)

_token = json.Decoder(TokenShape, strict=False)


class SignIn:
    """Signs in with the credentials of one organization."""

    def __init__(self, exchange: Exchange, client_id: str, client_secret: str, retries: RetryPolicy) -> None:
        self._exchange = exchange
        self._basic = httpx.BasicAuth(client_id, client_secret)
        self._retries = retries

    async def token(self) -> AccessToken:
        """Ask for a token, and wait for the end of one that is about to expire: until then 1NCE returns the same.

        Raises SignInRefused, Throttled, Unavailable or Unexpected.
        """
        for _ in range(EXPIRING_TOKENS_AWAITED):
            signed = await self._ask()
            if signed.seconds_left >= EXPIRING_SECONDS:
                return signed
            await asyncio.sleep(signed.seconds_left + 0.1)
        return await self._ask()

    async def _ask(self) -> AccessToken:
        """One sign-in, repeated once. 1NCE answers wrong credentials with 400."""
        attempt = 0
        while True:
            attempt += 1
            body = {"grant_type": "client_credentials"}
            request = self._exchange.http.build_request(SIGN_IN.method, SIGN_IN.path, json=body)
            result = await self._exchange.send(SIGN_IN, request, self._basic)
            error = result.error
            if result.answer is not None and error is None:
                return _read_token(result.answer)
            assert error is not None
            if isinstance(error, Refused):
                message = f"1NCE does not accept the credentials: {error.message}"
                raise SignInRefused(error.status, message, code=error.code, token=error.token)
            if not isinstance(error, Unavailable) or not error.retry_now or attempt > 1:
                raise error
            await asyncio.sleep(self._retries.pause(attempt))


def _read_token(answer: httpx.Response) -> AccessToken:
    """The token in a sign-in's answer. A body that cannot be read is not kept: it might hold a token."""
    try:
        token = _token.decode(answer.content)
    except UNREADABLE as error:
        raise Unexpected(str(answer.url), f"no token in the answer ({error})", b"") from None
    return AccessToken(token.access_token, max(float(token.expires_in), 0.0))
