"""One connection for all questions of a request, opened when the first is asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class OneConnection:
    """The connection of one request. `kept`: for the whole of it; else it is given back after each use.

    A request that changes rows keeps none: its transaction has a connection of its own, and requests that wait for a
    second one while they hold a first could wait for each other for ever.
    """

    __slots__ = ("_connection", "_engine", "_in_snapshot", "_opening", "kept")

    def __init__(self, engine: AsyncEngine, *, kept: bool) -> None:
        self._engine = engine
        self.kept = kept
        self._connection: AsyncConnection | None = None
        self._in_snapshot = False
        self._opening = asyncio.Lock()  # dependencies of a route are found at the same time

    @asynccontextmanager
    async def latest(self) -> AsyncIterator[AsyncConnection]:
        """Each statement sees the latest committed state. To be used before `snapshot`."""
        try:
            async with self._opening:
                if self._connection is None:
                    self._connection = await self._engine.connect()
                    await self._connection.execution_options(isolation_level="AUTOCOMMIT")
                connection = self._connection
            yield connection
        finally:
            if not self.kept:
                await self.release()

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """All statements see the state that the first one saw."""
        try:
            async with self._opening:
                connection = self._connection or await self._engine.connect()
                self._connection = connection
                if not self._in_snapshot:
                    await connection.commit()  # without a word to the database: nothing is open
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                    self._in_snapshot = True
            yield connection
        finally:
            if not self.kept:
                await self.release()

    async def release(self) -> None:
        """Give it back, also when the request has been cancelled."""
        connection, self._connection, self._in_snapshot = self._connection, None, False
        if connection is not None:
            await asyncio.shield(asyncio.create_task(connection.close()))
