"""An answer of another server that is kept for a while: fetched once, however many ask for it at the same time."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from console.errors import ProviderFailed

RETRIED_SECONDS = 5.0  # after a failure: nobody waits for what has just failed

Found = TypeVar("Found")


class KeptAnswer(Generic[Found]):
    """Fetches when it is asked for something younger than what it has."""

    def __init__(self, fetch: Callable[[], Awaitable[Found]], wall: Callable[[], float]) -> None:
        """`fetch` may raise ProviderFailed; `wall` is the clock, in seconds."""
        self._fetch = fetch
        self._wall = wall
        self._found: tuple[float, Found] | None = None
        self._failed: tuple[float, str] | None = None
        self._fetching: asyncio.Task[Found] | None = None

    async def get(self, youngest_seconds: float) -> Found:
        """The answer, not older than this. Raises ProviderFailed, and for RETRIED_SECONDS does not ask again."""
        now = self._wall()
        if self._found is not None and now - self._found[0] < youngest_seconds:
            return self._found[1]
        if self._failed is not None and now - self._failed[0] < RETRIED_SECONDS:
            raise ProviderFailed(self._failed[1])
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._renew())
        return await asyncio.shield(self._fetching)

    async def _renew(self) -> Found:
        try:
            found = await self._fetch()
        except ProviderFailed as error:
            self._failed = (self._wall(), error.message)
            raise
        self._found, self._failed = (self._wall(), found), None
        return found
