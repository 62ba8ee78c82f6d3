"""Sockets that only listen: the barest WebSocket clients, so that two hundred of them cost a tenth of a processor."""

import asyncio
import base64
import os
import time
from collections.abc import Mapping
from typing import cast


class Listening(asyncio.Protocol):
    """One socket. Keeps the number and the moment of arrival of each frame; the whole frames too if it is to."""

    def __init__(self, path: str, headers: Mapping[str, str], *, keep: bool) -> None:
        """Nothing is sent before the connection stands."""
        self.arrivals: list[tuple[int, float]] = []
        self.frames: list[bytes] = []
        self.open = asyncio.get_running_loop().create_future()
        self._path = path
        self._headers = headers
        self._keep = keep
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport = cast("asyncio.Transport", transport)  # uvloop's is one by its deeds alone
        lines = [f"GET {self._path} HTTP/1.1", "Host: bench", "Upgrade: websocket", "Connection: Upgrade"]
        lines += [f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}", "Sec-WebSocket-Version: 13"]
        lines += [f"{name}: {value}" for name, value in self._headers.items()]
        transport.write("\r\n".join([*lines, "", ""]).encode())

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        self._buffer += data
        if not self.open.done() and not self._opened():
            return
        while self._frame(now):
            pass

    def connection_lost(self, error: Exception | None) -> None:
        if not self.open.done():
            self.open.set_exception(error or ConnectionError("the server hung up"))

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.abort()

    def _opened(self) -> bool:
        head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not found:
            return False
        self._buffer = bytearray(rest)
        if head.startswith(b"HTTP/1.1 101"):
            self.open.set_result(None)
        else:
            self.open.set_exception(ConnectionError(head.decode("latin-1")))
        return True

    def _frame(self, now: float) -> bool:
        """Take one frame off, if it is all there. Frames of facts name their number; others are of no interest."""
        buffer = self._buffer
        if len(buffer) < 2:
            return False
        length, start = buffer[1] & 127, 2
        if length > 125:
            start = 4 if length == 126 else 10
            length = int.from_bytes(buffer[2:start], "big")
        end = start + length
        if len(buffer) < end:
            return False
        at = buffer.find(b'"seq":', start, min(end, start + 64))
        if buffer[0] & 15 == 1 and at > 0 and not buffer.startswith(b'{"type":"stream.', start):
            self.arrivals.append((int(buffer[at + 6 : buffer.index(b",", at)]), now))
            if self._keep:
                self.frames.append(bytes(buffer[start:end]))
        del buffer[:end]
        return True


async def listen(port: int, path: str, headers: list[Mapping[str, str]]) -> list[Listening]:
    """One open socket for each set of headers, opened a few at a time. The first keeps its frames."""
    loop = asyncio.get_running_loop()
    found: list[Listening] = []
    for begin in range(0, len(headers), 20):
        made = [Listening(path, one, keep=begin + n == 0) for n, one in enumerate(headers[begin : begin + 20])]
        for socket in made:
            await loop.create_connection(lambda socket=socket: socket, "127.0.0.1", port)  # type: ignore[misc]
        async with asyncio.timeout(20):
            await asyncio.gather(*(socket.open for socket in made))
        found += made
    return found


async def all_heard(sockets: list[Listening], frames: int, seconds: float) -> None:
    """Wait until each socket has heard so many facts; TimeoutError after so many seconds."""
    async with asyncio.timeout(seconds):
        while any(len(socket.arrivals) < frames for socket in sockets):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
