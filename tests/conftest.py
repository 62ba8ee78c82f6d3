"""The house for tests: real PostgreSQL (plain and with TimescaleDB), real Valkey, the simulated 1NCE, and a cast.

Each test that asks for `db` runs once on each edition, on a database of its own.
"""

import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]
import pytest
import pytest_asyncio

from console.migrate import migrate
from console.settings import Settings
from console.store.database import Database, open_database
from console.trial import PostgresServer, ValkeyServer
from tests.cast import Cast, gather
from tests.serving import Served, serving
from tests.simulation import Simulation, simulated
from tests.timescale import timescale

SECRET = "a-secret-key-for-tests-alone-0123456789"
EDITIONS = ("plain", "apache")
_numbers = itertools.count(1)


class Cluster:
    """A PostgreSQL with one migrated database, of which each test gets a copy."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.admin = url.replace("postgresql+asyncpg", "postgresql").rsplit("/", 1)[0] + "/postgres"

    def named(self, name: str) -> str:
        return self.url.rsplit("/", 1)[0] + "/" + name

    async def ask(self, sql: str) -> None:
        connection = await asyncpg.connect(self.admin)
        try:
            await connection.execute(sql)
        finally:
            await connection.close()

    async def prepare(self) -> None:
        await self.ask("CREATE DATABASE house")
        db = open_database(self.named("house"), "redis://127.0.0.1:1/0", connections=1)
        async with db.engine.connect() as connection:
            await connection.run_sync(migrate)
        await db.close()
        # A template that somebody looks at can't be copied, and TimescaleDB's own workers look at every database.
        await self.ask("ALTER DATABASE house WITH ALLOW_CONNECTIONS false IS_TEMPLATE true")
        await self.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'house'")

    async def copy(self) -> str:
        name = f"test_{next(_numbers)}"
        await self.ask(f"CREATE DATABASE {name} TEMPLATE house")
        return name


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("servers")
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest_asyncio.fixture(scope="session")
async def plain(folder: Path) -> AsyncIterator[Cluster]:
    """PostgreSQL alone."""
    server = PostgresServer(folder / "postgres", durable=False)
    cluster = Cluster(await server.start())
    await cluster.prepare()
    yield cluster
    await server.stop()


@pytest_asyncio.fixture(scope="session")
async def apache() -> AsyncIterator[Cluster]:
    """TimescaleDB's Apache edition."""
    async with timescale() as url:
        cluster = Cluster(url)
        await cluster.prepare()
        yield cluster


@pytest_asyncio.fixture(scope="session")
async def valkey(folder: Path) -> AsyncIterator[ValkeyServer]:
    server = ValkeyServer(folder / "valkey")
    await server.start()
    yield server
    await server.stop()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of the database runs on each edition; one marked `one_edition` does not care, and runs on the first."""
    if "edition" in metafunc.fixturenames:
        indifferent = metafunc.definition.get_closest_marker("one_edition")
        metafunc.parametrize("edition", EDITIONS[:1] if indifferent else EDITIONS, indirect=True)


@pytest.fixture
def edition(request: pytest.FixtureRequest) -> str:
    """The edition that this run of the test is on."""
    return str(request.param)


@pytest.fixture
def cluster(request: pytest.FixtureRequest, edition: str) -> Cluster:
    found: Cluster = request.getfixturevalue(edition)
    return found


@pytest_asyncio.fixture
async def settings(cluster: Cluster, valkey: ValkeyServer) -> AsyncIterator[Settings]:
    """Settings for a fresh, migrated database and an empty Valkey."""
    name = await cluster.copy()
    known = Settings(
        database_url=cluster.named(name), redis_url=valkey.url, secret_key=SECRET, once_requests_per_second=1000.0
    )
    yield known
    await cluster.ask(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """The house's database, empty."""
    found = open_database(settings.database_url, settings.redis_url)
    await found.redis.flushall()
    yield found
    await found.close()


@pytest_asyncio.fixture
async def cast(db: Database, settings: Settings) -> Cast:
    """Acme with Ada, Otto and Vera, and the outsider Eve with an organization and SIMs of her own."""
    return await gather(db, settings)


@pytest_asyncio.fixture(scope="session")
async def simulation() -> AsyncIterator[Simulation]:
    """A simulated 1NCE with a small fleet that stands still, so that tests move it."""
    async with simulated(sims=250, seed=7) as found:
        yield found


@pytest_asyncio.fixture
async def web(settings: Settings, db: Database, cast: Cast) -> AsyncIterator[Served]:
    """The web server on a free port, with the cast in its database."""
    async with serving(settings) as served:
        yield served
