"""The console with an identity provider of the tests' own, over real HTTP."""

from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from console.settings import Settings
from console.store.database import Database
from console.trial.ports import free_port
from tests.cast import Cast
from tests.serving import Served, serving
from tests.sessions.identity_provider import CLIENT_ID, CLIENT_SECRET, Provider, providing


@pytest.fixture(scope="session")
def port() -> int:
    """Where the provider of each test serves: with the same settings the same application serves all of them."""
    return free_port()


@pytest_asyncio.fixture
async def provider(port: int) -> AsyncIterator[Provider]:
    async with providing(port) as found:
        yield found


@pytest_asyncio.fixture
async def web(settings: Settings, db: Database, cast: Cast, provider: Provider) -> AsyncIterator[Served]:
    """The console, where this provider is set."""
    known = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    async with serving(msgspec.structs.replace(settings, **known)) as served:
        yield served
