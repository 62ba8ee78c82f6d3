"""How frames leave: straight into the connection's buffer where the server allows it, else through its own `send`.

Writing to the transport costs little more than the system call; it takes a subclass of uvicorn's protocol. Where
another server runs, or a uvicorn that this was not tested with, frames are sent by uvicorn: nothing else changes.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from litestar import WebSocket
from litestar.exceptions import WebSocketDisconnect

from console import metrics
from console.live.frame_protocol import BUFFERED_BYTES, EXTENSION, Direct, Rest, nothing
from console.live.frames import texts_in


class Writer(Protocol):
    """One connection, as the hub sees it. Nothing here waits."""

    when_behind: Callable[[], None]  # called each time that it falls behind

    @property
    def behind(self) -> bool:
        """Whether the network takes less than it is given: until it has caught up, nothing should be added."""

    def waiting(self) -> int:
        """Bytes handed over that the network has not yet taken."""

    def write(self, frames: bytes, /) -> None:
        """Hand over whole frames; RuntimeError if the connection has gone."""

    def abort(self) -> None:
        """Close at once; what waits is dropped."""

    def let_go(self) -> None:
        """The connection is over."""


class EndpointWriter(Writer, Protocol):
    """One connection, as the endpoint sees it that has accepted it."""

    async def go_on(self, rest: Rest) -> None:
        """Run the rest of the connection: before this returns, or once the application has."""


class Plain:
    """Sends one frame after the other as the server takes them; some microseconds a frame more."""

    def __init__(self, socket: "WebSocket[Any, Any, Any]") -> None:
        self.when_behind = nothing
        self._socket = socket
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def write(self, frames: bytes, /) -> None:
        """Queue them."""
        self._frames.append(frames)
        self._bytes += len(frames)
        self._wake.set()
        if self.behind:
            self.when_behind()

    @property
    def behind(self) -> bool:
        """Whether too much is queued."""
        return self._bytes > BUFFERED_BYTES

    def waiting(self) -> int:
        """Bytes queued."""
        return self._bytes

    def abort(self) -> None:
        """Send no more. The connection itself is the server's to close."""
        self._task.cancel()

    async def go_on(self, rest: Rest) -> None:
        """Run it."""
        await rest()

    def let_go(self) -> None:
        """Call nothing any more."""
        self.when_behind = nothing
        self._task.cancel()

    async def _run(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, OSError, RuntimeError):  # it has gone, or is being closed
            while True:
                await self._wake.wait()
                self._wake.clear()
                while self._frames:
                    frames = self._frames.popleft()
                    for text in texts_in(frames):
                        await self._socket.send_text(text)
                    self._bytes -= len(frames)


def writer_for(socket: "WebSocket[Any, Any, Any]") -> EndpointWriter:
    """The best way that the server offers for this accepted connection."""
    extensions: dict[str, Any] = socket.scope.get("extensions") or {}
    found: Direct | None = extensions.get(EXTENSION)
    metrics.socket_transport.labels("server" if found is None else "direct").inc()
    if found is None:
        return Plain(socket)
    found.accepted()
    return found
