"""No client takes the process for itself: a bound on how many requests of one client are worked on at a time.

The loop serves what is ready in turn, so a page that waits ten times for the database waits ten times for everybody
else's work. With forty requests of one client in progress that is seconds; with AT_ONCE it is milliseconds.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPReceiveMessage, Receive, Scope, Send, WebSocketReceiveMessage

from console.errors import TooMany
from console.http.database import let_go

AT_ONCE = 4
MOST_WAITING = 200  # of one client; more are refused with 429
RETRY_SECONDS = 1


class Share:
    """The requests of one client: how many there are, and a place for each that is worked on."""

    __slots__ = ("places", "requests")

    def __init__(self) -> None:
        self.requests = 0
        self.places = asyncio.Semaphore(AT_ONCE)


class FairShare(ASGIMiddleware):
    """Works on AT_ONCE requests of a client at a time; its others wait in their order, MOST_WAITING at most.

    A place is given back while the client's body is waited for, so that a slow sender keeps nobody waiting.
    """

    scopes = (ScopeType.HTTP,)

    def __init__(self, client_of: Callable[[ASGIConnection[Any, Any, Any, Any]], str]) -> None:
        """`client_of`: whose share a request is taken from: a caller's, or that of the network it came from."""
        self._client_of = client_of
        self._shares: dict[str, Share] = {}

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Raises TooMany when MOST_WAITING requests of this client wait."""
        client = self._client_of(ASGIConnection(scope))
        share = self._shares.setdefault(client, Share())
        if share.requests >= AT_ONCE + MOST_WAITING:
            raise TooMany("Too many requests at the same time", retry_after=RETRY_SECONDS)
        share.requests += 1

        complete = False

        async def received() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal complete
            if complete:  # what may come now is that the client goes
                return await receive()
            share.places.release()
            try:
                message = await receive()
            finally:
                await share.places.acquire()
            complete = message["type"] != "http.request" or not message.get("more_body", False)
            return message

        try:
            if share.places.locked():
                await let_go(scope)  # other clients need the connection meanwhile
            async with share.places:
                await next_app(scope, received, send)
        finally:
            share.requests -= 1
            if not share.requests:
                del self._shares[client]
