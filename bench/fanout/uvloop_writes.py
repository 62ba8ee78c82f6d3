"""The least that it can cost in Python: uvloop alone, and one `transport.write` of the same bytes for each socket.

Each line on stdin goes as one text message to every open WebSocket.
"""

import argparse
import asyncio
import struct
from typing import cast

import uvloop

ACCEPTED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"

transports: set[asyncio.Transport] = set()


class Socket(asyncio.Protocol):
    """One client: greeted, then only sent to."""

    def __init__(self) -> None:
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its deeds alone

    def data_received(self, data: bytes) -> None:
        if not self._greeted and b"\r\n\r\n" in data:
            self._greeted = True
            self._transport.write(ACCEPTED)
            transports.add(self._transport)

    def connection_lost(self, error: Exception | None) -> None:
        transports.discard(self._transport)


def send(text: bytes) -> None:
    """One frame, made once."""
    head = bytes((0x81, len(text))) if len(text) < 126 else struct.pack("!BBH", 0x81, 126, len(text))
    frame = head + text
    for transport in transports:
        transport.write(frame)


class InputMessages(asyncio.Protocol):
    """Standard input; the program ends with it."""

    def __init__(self) -> None:
        self.ended = asyncio.get_running_loop().create_future()
        self._rest = b""

    def data_received(self, data: bytes) -> None:
        *messages, self._rest = (self._rest + data).split(b"\n")
        for message in messages:
            send(message)

    def connection_lost(self, error: Exception | None) -> None:
        self.ended.set_result(None)


async def serve(port: int) -> None:
    """Until standard input ends."""
    loop = asyncio.get_running_loop()
    await loop.create_server(Socket, "127.0.0.1", port, backlog=4096)
    _, messages = await loop.connect_read_pipe(InputMessages, open(0, "rb", buffering=0))  # noqa: ASYNC230, SIM115
    await messages.ended


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    uvloop.run(serve(parser.parse_args().port))
