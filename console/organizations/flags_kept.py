"""The flags of each organization as a process read them last: for pages, which show them; never for what acts."""

import time
from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from console.facts.flags import FlagState
from console.http.database import connection_of
from console.live.hub import Hub
from console.organizations import reads
from console.organizations.rules import Caller

KIND = "flag.changed"  # the fact that ends what is kept
KEPT_SECONDS = 60.0
Flags = dict[str, FlagState]


class Kept(Struct, frozen=True):
    """Flags, when they were read, and the number of the last fact about one before that."""

    flags: Flags
    read_monotonic_seconds: float
    at: tuple[str, int]


class FlagsKept:
    """Keeps the flags of each organization for KEPT_SECONDS, or until a fact says that one was changed.

    While the feed does not follow, nothing kept is used.
    """

    def __init__(self, hub: Hub, clock: Callable[[], float] = time.monotonic) -> None:
        self._hub = hub
        self._clock = clock
        self._kept: dict[int, Kept] = {}

    async def read(self, connection: AsyncConnection, organization_id: int) -> Flags:
        """The flags by name. The connection sees the latest committed state, no snapshot."""
        at = self._hub.feed.epoch, self._hub.last(organization_id, KIND)  # before the database, which may be newer
        kept, now = self._kept.get(organization_id), self._clock()
        if (
            kept is not None
            and kept.at == at
            and self._hub.feed.up
            and now - kept.read_monotonic_seconds < KEPT_SECONDS
        ):
            return kept.flags
        flags = {one.name: one for one in await reads.flags_of(connection, organization_id)}
        self._kept[organization_id] = Kept(flags, now, at)
        return flags


async def flags_of(
    request: Request[Any, Any, Any], caller: NamedDependency[Caller], flags_kept: NamedDependency[FlagsKept]
) -> Flags:
    """The dependency `flags` of pages: those of the caller's organization, by name."""
    connection = connection_of(request.scope)
    assert connection is not None
    async with connection.latest() as reading:
        return await flags_kept.read(reading, caller.organization_id)
