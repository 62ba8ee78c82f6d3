"""Signing in: credentials are shown to 1NCE, which gives a token or says in words what is wrong with them."""

import asyncio

import httpx
from msgspec import json

from console.once.errors import Refused, SignInRefused, Unavailable, Unexpected
from console.once.http.exchange import Exchange
from console.once.http.retry import Retries
from console.once.http.token import SignedIn
from console.once.operations import SIGN_IN
from console.once.wire.decode import UNREADABLE
from console.once.wire.shapes import TokenShape

DYING_SECONDS = 2.0
DYING_TOKENS_WAITED_OUT = 2
OWNER_HINT = (
    "1NCE gives a token for these credentials, but accepts it for nothing. That happens when they belong to a portal "
    "user with the role Owner: take the credentials that the portal shows under Account → Management API Access."
)

_token = json.Decoder(TokenShape, strict=False)


class Door:
    """Signs in with the credentials of one account."""

    def __init__(self, exchange: Exchange, client_id: str, client_secret: str, retries: Retries) -> None:
        self._exchange = exchange
        self._basic = httpx.BasicAuth(client_id, client_secret)
        self._retries = retries

    async def sign_in(self) -> SignedIn:
        """Ask for a token, and wait out one that is about to end: 1NCE would go on handing out the same until then.

        Raises SignInRefused, Throttled, Unavailable or Unexpected.
        """
        for _ in range(DYING_TOKENS_WAITED_OUT):
            signed = await self._ask()
            if signed.seconds_left >= DYING_SECONDS:
                return signed
            await asyncio.sleep(signed.seconds_left + 0.1)
        return await self._ask()

    async def _ask(self) -> SignedIn:
        """1NCE answers wrong credentials with 400."""
        attempt = 0
        while True:
            attempt += 1
            body = {"grant_type": "client_credentials"}
            request = self._exchange.http.build_request(SIGN_IN.method, SIGN_IN.path, json=body)
            heard = await self._exchange.send(SIGN_IN, request, self._basic)
            error = heard.error
            if heard.answer is not None and error is None:
                return _read_token(heard.answer)
            assert error is not None
            if isinstance(error, Refused):
                message = f"1NCE does not accept the credentials: {error.message}"
                raise SignInRefused(error.status, message, code=error.code, token=error.token)
            if not isinstance(error, Unavailable) or not error.again or attempt > 1:
                raise error
            await asyncio.sleep(self._retries.pause(attempt))


def _read_token(answer: httpx.Response) -> SignedIn:
    """The token in a sign-in's answer. A body that cannot be read is not kept: it might hold a token."""
    try:
        token = _token.decode(answer.content)
    except UNREADABLE as error:
        raise Unexpected(str(answer.url), f"no token in the answer ({error})", b"") from None
    return SignedIn(token.access_token, max(float(token.expires_in), 0.0))
