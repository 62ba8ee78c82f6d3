"""What the tests of our own servers share: servers that are stopped after the test, and ways to look at processes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import pytest

from console.trial import PostgresServer, ValkeyServer

Asked = Callable[[PostgresServer, str], Awaitable[Any]]


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[PostgresServer]:
    """A PostgreSQL that isn't started yet, whose data is durable."""
    server = PostgresServer(tmp_path / "postgres")
    yield server
    await server.stop()


@pytest.fixture
async def valkey(tmp_path: Path) -> AsyncIterator[ValkeyServer]:
    """A Valkey that isn't started yet."""
    server = ValkeyServer(tmp_path / "valkey")
    yield server
    await server.stop()


@pytest.fixture
def asked() -> Asked:
    """Asks a server one question in SQL."""

    async def ask(server: PostgresServer, question: str) -> Any:
        connection = await asyncpg.connect(server.url.replace("+asyncpg", ""), ssl=False)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return ask
