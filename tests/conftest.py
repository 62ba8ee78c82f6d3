"""What tests share: real PostgreSQL (plain and with TimescaleDB), real Valkey, the simulated 1NCE, and a cast.

Each test that asks for `db` runs once on each edition, on an empty database that nobody else is connected to.
"""

import gc
import logging
import shutil
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from console.settings import Settings
from console.store.database import Database, database_of
from console.store.engines import open_engine
from console.store.outbox import STREAM
from console.trial import PostgresServer, ValkeyServer
from tests import logged, logged_children, sent_sql
from tests.cast import Cast, gather
from tests.chromium import browser, page
from tests.databases import Cluster, KeptCast
from tests.hanging import pytest_runtest_makereport
from tests.serving import Served, serving
from tests.simulation import FLEET, Simulation, simulated
from tests.timescale import timescale

# Without local variables, whose drawing takes seconds.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        logged.look,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)
__all__ = ["browser", "page", "pytest_runtest_makereport"]
SECRET = logged.SECRET
logging.getLogger().addHandler(logged.Looking())
logged_children.install()
sent_sql.install()
EDITIONS = ("plain", "apache")


def pytest_runtest_teardown() -> None:
    """A test that made something log a secret, an MSISDN or an IMSI fails, or read rows without saying whose."""
    logged_children.settle()
    said, logged.found[:] = list(logged.found), []
    said, sent_sql.found[:] = said + sent_sql.found, []
    assert not said, said


def pytest_collection_finish() -> None:
    """Don't look through modules and tests each time that garbage is collected, and look seldom.

    A test makes some 200,000 objects that last until it ends: as often as Python looks through them unasked, it took
    a quarter of the suite's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(250_000, 2, 10)


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
    yield Cluster(await server.start())
    await server.stop()
    assert not (said := logged.in_file(server.log.path)), said


@pytest_asyncio.fixture(scope="session")
async def apache() -> AsyncIterator[Cluster]:
    """TimescaleDB's Apache edition."""
    async with timescale() as url:
        yield Cluster(url)


@pytest_asyncio.fixture(scope="session")
async def valkey(folder: Path) -> AsyncIterator[ValkeyServer]:
    server = ValkeyServer(folder / "valkey")
    await server.start()
    yield server
    await server.stop()
    assert not (said := logged.in_file(server.log.path)), said


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
async def settings(cluster: Cluster, valkey: ValkeyServer) -> Settings:
    """Settings for an empty, migrated database and an empty Valkey."""
    url = cluster.named(await cluster.empty())
    return Settings(database_url=url, redis_url=valkey.url, secret_key=SECRET, once_requests_per_second=1000.0)


@cache
def engine_of(database_url: str) -> AsyncEngine:
    """The tests' engine for this database: compiling its statements anew for each test took a tenth of their time."""
    return open_engine(database_url)


@pytest_asyncio.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """The empty database."""
    found = database_of(engine_of(settings.database_url), settings.redis_url)
    await found.redis.flushall()
    yield found
    await found.close()


@pytest_asyncio.fixture
async def cast(db: Database, settings: Settings, cluster: Cluster) -> Cast:
    """Acme with Ada, Otto and Vera, and the outsider Eve with an organization and SIMs of her own."""
    async with db.reading() as reading:
        empty = (await reading.execute(sa.text("SELECT count(*) FROM organizations"))).scalar_one() == 0
    if not empty:  # a fixture before this one has put something there
        return await gather(db, settings)
    if cluster.cast is None:
        found = await gather(db, settings)
        facts = [fields[b"f"].decode() for _, fields in await db.redis.xrange(STREAM)]
        cluster.cast = KeptCast(cast=found, rows=await cluster.keep(), facts=facts)
        return found
    await cluster.put_back(cluster.cast.rows)
    async with db.transaction() as transaction:
        transaction.items += cluster.cast.facts
    return cluster.cast.cast


@pytest_asyncio.fixture(scope="session")
async def simulation() -> AsyncIterator[Simulation]:
    """A simulated 1NCE with a small fleet that stands still, so that tests move it."""
    async with simulated(sims=FLEET, seed=7) as found:
        yield found


@pytest_asyncio.fixture
async def web(settings: Settings, db: Database, cast: Cast) -> AsyncIterator[Served]:
    """The web server on a free port, with the cast in its database."""
    async with serving(settings) as served:
        yield served
