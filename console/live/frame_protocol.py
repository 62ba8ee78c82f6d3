"""uvicorn's WebSocket, with frames written straight into the transport, and less memory while it is open."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import uvicorn
from litestar.types import Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from console.live.receive_queue import ReceiveQueue
from console.log import logger

BUFFERED_BYTES = 64 * 1024  # handed over and not yet taken: while it is more, nothing is added
EXTENSION = "console.frames"
TESTED = ((0, 52, 2), (0, 55))  # uvicorn from the first up to, not including, the second
UNREADABLE = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
# By the subclass below:
OVERRIDDEN = ("__init__", "data_received", "handle_connect", "pause_writing", "resume_writing", "send", "shutdown")
Rest = Callable[[], Awaitable[None]]


def nothing() -> None:
    """Nothing is called."""


class Direct:
    """Writes into the transport. What uvicorn itself sends goes the same way, in whole frames: so nothing mixes."""

    __slots__ = ("_protocol", "abort", "behind", "rest", "waiting", "when_behind", "write")

    def __init__(self, protocol: WebSocketsSansIOProtocol) -> None:
        self._protocol = protocol
        self.when_behind = nothing
        self.rest: Rest | None = None
        self.behind = False  # the transport says so by itself: to ask it before each frame would cost more
        protocol.transport.set_write_buffer_limits(high=BUFFERED_BYTES)
        self.waiting: Callable[[], int] = protocol.transport.get_write_buffer_size
        self.write: Callable[[bytes], None] = protocol.transport.write  # one system call, at the end of the loop's turn
        self.abort: Callable[[], None] = protocol.transport.abort

    def accepted(self) -> None:
        """The handshake is over: what it was made of is let go, some 5 KB for each of thousands of connections.

        The parser of the connection's frames keeps both messages, so their headers are emptied.
        """
        self._protocol.request.headers.clear()
        self._protocol.response.headers.clear()
        del self._protocol.request, self._protocol.response

    async def go_on(self, rest: Rest) -> None:
        """Run the rest of the connection once the application has returned, which lets go what opened it: some 7 KB."""
        self.rest = rest

    def let_go(self) -> None:
        """Call nothing any more."""
        self.when_behind = nothing


class Writable:
    """Whether the transport takes more. `asyncio.Event` holds 700 bytes even while nobody waits."""

    __slots__ = ("_cleared",)

    def __init__(self) -> None:
        self._cleared: asyncio.Event | None = None

    def clear(self) -> None:
        """It takes no more for now."""
        self._cleared = self._cleared or asyncio.Event()

    def set(self) -> None:
        """It takes more again: who waits goes on."""
        if self._cleared is not None:
            self._cleared.set()
            self._cleared = None

    async def wait(self) -> None:
        """Until it takes more."""
        if self._cleared is not None:
            await self._cleared.wait()


class FrameProtocol(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which gives its transport to the application."""

    direct: Direct | None = None
    queue: ReceiveQueue  # type: ignore[assignment]
    writable: Writable  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.queue = ReceiveQueue()
        self.writable = Writable()
        self.app = self._application_and_rest

    async def _application_and_rest(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What uvicorn runs: the application, and after it what that has left to do for the open connection."""
        await self.config.loaded_app(scope, receive, send)
        if self.direct is not None and self.direct.rest is not None:
            await self.direct.rest()

    def data_received(self, data: bytes) -> None:
        """Answer a handshake that can't be read, and end it: uvicorn would keep the connection open without a word."""
        super().data_received(data)
        if not self.handshake_initiated and self.conn.handshake_exc is not None:
            answer = b"".join(self.conn.data_to_send())
            self.transport.write(answer or UNREADABLE)
            self.transport.close()

    def handle_connect(self, event: Request) -> None:
        """Put the writer into the scope; the application runs only after this."""
        super().handle_connect(event)
        if scope := getattr(self, "scope", None):
            self.direct = scope["extensions"][EXTENSION] = Direct(self)

    async def send(self, message: Any) -> None:
        """An answer in the place of the upgrade ends the handshake: uvicorn would log an error for each refusal."""
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True

    def shutdown(self) -> None:
        """A handshake that is under way as the server stops is to be tried again, by the client or the proxy before it:
        uvicorn would answer 500.
        """
        if self.handshake_complete or self.close_sent or self.initial_response is not None:
            super().shutdown()
            return
        refusal = self.conn.reject(HTTPStatus.SERVICE_UNAVAILABLE, "The server is stopping: connect again\n")
        refusal.headers["Retry-After"] = "1"
        self.conn.send_response(refusal)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.disconnected = self.handshake_complete = True  # what the application still sends goes nowhere
        self.transport.close()

    def pause_writing(self) -> None:
        """The transport holds more than its limit."""
        super().pause_writing()
        if self.direct:
            self.direct.behind = True
            self.direct.when_behind()

    def resume_writing(self) -> None:
        """The transport has sent most of what it held."""
        super().resume_writing()
        if self.direct:
            self.direct.behind = False


def fits(version: str, server_protocol: type) -> bool:
    """Whether a uvicorn of this version, with this class for WebSockets, was tested with `FrameProtocol`."""
    number = tuple(int(part) for part in re.findall(r"\d+", version)[:3])
    return TESTED[0] <= number < TESTED[1] and all(name in vars(server_protocol) for name in OVERRIDDEN)


def protocol() -> "type[asyncio.Protocol] | str":
    """What uvicorn is to use for WebSockets: ours with a uvicorn that it was tested with, else uvicorn's own."""
    found = fits(uvicorn.__version__, WebSocketsSansIOProtocol)
    if not found:
        logger("live").warning("this uvicorn was not tested: it writes the frames itself", version=uvicorn.__version__)
    return FrameProtocol if found else "websockets-sansio"
