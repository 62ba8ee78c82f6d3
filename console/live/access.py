"""Who may open a connection and keep it: asked of functions that the application hands in."""

from collections.abc import Collection, Hashable, Mapping
from typing import Any, Protocol, TypeAlias

from litestar import WebSocket
from msgspec import Struct

Socket: TypeAlias = WebSocket[Any, Any, Any]


class Client(Struct, frozen=True, kw_only=True):
    """The owner of a connection, as far as the live part must know."""

    organization_id: int
    handle: str  # connections are counted by it
    credential: Hashable  # the session or key that the connection was opened with
    permissions: Hashable  # who it is and what it may do: a connection is closed when this changes


class Access(Protocol):
    """Answers who a client is, and whether it may stay."""

    async def user(self, socket: Socket) -> Client | None:
        """The user of a browser's session; None if nobody is signed in. Raises NotAllowed for another site's page."""

    async def program(self, socket: Socket) -> Client | None:
        """The program with this API key; None if the key is not valid."""

    async def still_allowed(self, credentials: Collection[Hashable]) -> Mapping[Hashable, Hashable]:
        """The permissions of each credential that still holds, read for all at once."""
