"""Sockets of programs and pages that are cut off and come back with the position that they had reached."""

import asyncio
import base64
import os
import re
import time
from collections.abc import Callable
from typing import cast

import msgspec
from msgspec import Struct

SEQ = re.compile(rb'^\{"epoch":"[^"]*","seq":(\d+)')
ROW = re.compile(r'^<tr id="(sim-\d+)"[^>]* data-rev="(\d+)"')


class Message(Struct):
    """What the stream says of itself, and parts of a page."""

    type: str = ""
    epoch: str = ""
    seq: int = 0
    resumed: int = 0
    parts: list["Piece"] = []


class Piece(Struct):
    """A part of a page."""

    html: str = ""


_message = msgspec.json.Decoder(Message)


class Connection(asyncio.Protocol):
    """One connection: from the handshake to the texts of the server's frames."""

    def __init__(self, request: bytes, received: Callable[[bytes], None], failed: Callable[[str], None]) -> None:
        """`request` is the handshake."""
        self.transport: asyncio.Transport | None = None
        self._request = request
        self._received = received
        self._failed = failed
        self._buffer = b""
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by class
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Frames of a server: never masked, never divided (RFC 6455, 5.2)."""
        buffer = self._buffer + data
        if not self._greeted:
            head, end, rest = buffer.partition(b"\r\n\r\n")
            if not end:
                self._buffer = buffer
                return
            if not head.startswith(b"HTTP/1.1 101"):
                self._failed(head[:80].decode(errors="replace"))
                return
            self._greeted, buffer = True, rest
        at = 0
        while len(buffer) - at >= 2:
            length, start = buffer[at + 1], at + 2
            if length > 125:
                start = at + {126: 4, 127: 10}[length]
                length = int.from_bytes(buffer[at + 2 : start], "big") if len(buffer) >= start else len(buffer)
            if len(buffer) < start + length:
                break
            body = buffer[start : start + length]
            if buffer[at] & 15 == 1:
                self._received(body)
            elif buffer[at] & 15 == 8:
                self._failed(f"closed with {int.from_bytes(body[:2], 'big')}")
            at = start + length
        self._buffer = buffer[at:]


class Client:
    """One client over all its connections."""

    def __init__(self, port: int, path: str, header: str, *, is_page: bool) -> None:
        self.is_page = is_page
        self.first: int | None = None  # the position of its first connection
        self.seqs: list[int] = []  # of the facts that a program has received, in order
        self.rows: dict[str, int] = {}  # the revision of each row of a page
        self.faults: list[str] = []
        self.opened_at = 0.0
        self.current_at: float | None = None  # since it was opened last
        self.when_current: Callable[[], None] = lambda: None
        self._port = port
        self._path = path
        self._header = header
        self._epoch = ""
        self._position = 0
        self._goal = 0  # position (pages) or facts to come (programs) that make it current
        self._connection: Connection | None = None
        self._wanted: int | None = None
        self._has_wanted = asyncio.Event()

    async def open(self) -> None:
        """Connect, with the position it has reached."""
        since = f"&since={self._epoch}:{self._position}" if self._epoch else ""
        host, key = f"127.0.0.1:{self._port}", base64.b64encode(os.urandom(16)).decode()
        heads = {"Host": host, "Origin": f"http://{host}", "Upgrade": "websocket", "Connection": "Upgrade"}
        heads |= {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key}
        lines = [f"GET {self._path}{since} HTTP/1.1", self._header, *(f"{name}: {heads[name]}" for name in heads)]
        request = "".join(line + "\r\n" for line in [*lines, ""]).encode()
        self.current_at, self.opened_at = None, time.monotonic()
        self._connection = Connection(request, self._receive, self.faults.append)
        connection = self._connection
        await asyncio.get_running_loop().create_connection(lambda: connection, "127.0.0.1", self._port)

    async def reached(self, seq: int) -> None:
        """Until it has received the fact with this number."""
        self._wanted = seq
        if not self.seqs or self.seqs[-1] < seq:
            await self._has_wanted.wait()

    def cut(self) -> None:
        """Lose the connection without a word."""
        if self._connection is not None and self._connection.transport is not None:
            self._connection.transport.abort()

    def _receive(self, text: bytes) -> None:
        if found := SEQ.match(text):
            self._position = int(found[1])
            self.seqs.append(self._position)
            self._goal -= 1
            if self._wanted is not None and self._position >= self._wanted:
                self._has_wanted.set()
            if self.current_at is None and self._goal <= 0:
                self._is_current()
            return
        message = _message.decode(text)
        match message.type:
            case "stream.hello":
                self._hello(message)
            case "stream.mark":
                self._position = message.seq
                if self.current_at is None and message.seq >= self._goal:
                    self._is_current()
            case "page.changed":
                for piece in message.parts:
                    if found_row := ROW.match(piece.html):
                        self.rows[found_row[1]] = max(int(found_row[2]), self.rows.get(found_row[1], 0))
            case "stream.reset":
                self.faults.append(f"reset at {message.seq}")

    def _hello(self, message: Message) -> None:
        self._epoch = message.epoch
        if self.first is None:
            self.first = self._position = message.seq
        self._goal = message.seq if self.is_page else message.resumed
        if not message.resumed:
            self._is_current()

    def _is_current(self) -> None:
        self.current_at = time.monotonic()
        self.when_current()
