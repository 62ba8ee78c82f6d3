"""One database connection for each request: opened when first needed, given back before the answer is sent.

Whoever waits for something else than the database must hold none: see `let_go`.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, TypeVar

from litestar import Request
from litestar.di import NamedDependency
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from console.errors import ConsoleError
from console.http.authentication import SAFE_METHODS
from console.store.one_connection import OneConnection
from console.store.replica import Ask, Moment, ReplicaReads

T = TypeVar("T")
STATE = "connection"  # where the request's state has it


class ConnectionPerRequest(ASGIMiddleware):
    """Gives each request its connection, and takes it back when its answer begins, however slowly that is read."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, engine: Callable[[], AsyncEngine]) -> None:
        """`engine` is that of the application's current start."""
        self._engine = engine

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Outside of authentication, which is the first to read."""
        connection = OneConnection(self._engine(), kept=scope.get("method") in SAFE_METHODS)
        scope["state"][STATE] = connection

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                await connection.release()
            await send(message)

        try:
            await next_app(scope, receive, answer)
        finally:
            await connection.release()


def connection_of(scope: Scope) -> OneConnection | None:
    """The request's connection; None for a socket."""
    found: OneConnection | None = scope["state"].get(STATE)
    return found


async def let_go(scope: Scope) -> None:
    """Give the request's connection back, before waiting for something else; it is opened anew when needed."""
    if (connection := connection_of(scope)) is not None:
        await connection.release()


def snapshot_of(scope: Scope) -> AbstractAsyncContextManager[AsyncConnection]:
    """The request's snapshot, for dependencies that read something before their route does."""
    connection = connection_of(scope)
    assert connection is not None
    return connection.snapshot()


async def reading_of(request: Request[Any, Any, Any], live_since: NamedDependency[str]) -> AsyncConnection:
    """The dependency `reading` of routes that change nothing: the request's connection, in one snapshot.

    The snapshot is taken after `live_since`, so that a change in between is sent to the page rather than lost.
    """
    connection = connection_of(request.scope)
    if connection is None or not connection.kept:
        raise ConsoleError("A request that changes rows reads in its transaction")
    async with connection.snapshot() as reading:
        return reading


async def read_for_chart(scope: Scope, replica: ReplicaReads, ask: Callable[[Moment], Ask[T]]) -> T:
    """What `ask` of a moment reads: from the replica if there is one, else by the request's connection."""
    if not replica.is_set:
        async with snapshot_of(scope) as reading:
            return await ask(Moment(as_of=datetime.now(UTC)))(reading)
    await let_go(scope)
    moment = await replica.moment()
    return await replica.ask(ask(moment), moment)
