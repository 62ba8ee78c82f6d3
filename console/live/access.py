"""Who opened a connection, and whether it may keep it: asked of functions that the application hands in."""

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Any, TypeAlias

from litestar import WebSocket
from msgspec import Struct

from console.errors import NotAllowed

Socket: TypeAlias = WebSocket[Any, Any, Any]


class Client(Struct, frozen=True, kw_only=True):
    """The owner of a connection, as far as the live part must know."""

    organization_id: int
    handle: str  # connections are counted by it
    network: str | None = None  # and by the address that it came from, or its /64; None where that is not known
    credential: Hashable  # the session or key that the connection was opened with
    topics: frozenset[str]  # the kinds of topics that it may listen to
    user_id: int | None = None  # None for a key
    masked: bool = False  # whether IMSI and MSISDN are hidden from it
    permissions: Hashable  # who it is and what it may do: a connection is closed when this changes


ClientOf = Callable[[Socket], Client]  # of a connection that a guard has let in
# The permissions of each credential that still holds, read for all at once.
StillAllowed = Callable[[Collection[Hashable]], Awaitable[Mapping[Hashable, Hashable]]]


class Noting(Struct, frozen=True):
    """What writes down which topics a program listens to, and what a client was refused."""

    subscribed: Callable[[Socket, Collection[str]], Awaitable[None]]
    refused: Callable[[Socket, NotAllowed], Awaitable[None]]
