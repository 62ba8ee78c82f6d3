"""The console with an identity provider of the tests' own, over real HTTP."""

from collections.abc import AsyncIterator

import msgspec
import pytest_asyncio

from console.settings import Settings
from console.store.database import Database
from tests.cast import Cast
from tests.serving import Served, serving
from tests.sessions.identity_provider import CLIENT_ID, CLIENT_SECRET, Provider, providing


@pytest_asyncio.fixture
async def provider() -> AsyncIterator[Provider]:
    async with providing() as found:
        yield found


@pytest_asyncio.fixture
async def web(settings: Settings, db: Database, cast: Cast, provider: Provider) -> AsyncIterator[Served]:
    """The console, where this provider is set."""
    known = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT_ID, "oidc_client_secret": CLIENT_SECRET}
    async with serving(msgspec.structs.replace(settings, **known)) as served:
        yield served
