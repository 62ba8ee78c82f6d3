"""A proxy between the clients and the web processes: one connection or all can be cut, or fall silent."""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Sequence
from typing import Any

CHUNK = 65536


def reset(transport: Any) -> None:
    """Cut a connection without a word: its other end sees a reset, and what was under way is lost."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Connection:
    """One connection through the proxy."""

    def __init__(self, *ends: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        self._ends = ends
        self._open = asyncio.Event()
        self._open.set()

    async def carry(self) -> None:
        """Carry both ways until either end hangs up."""
        (reader, writer), (other_reader, other_writer) = self._ends
        ways = [asyncio.create_task(self._way(*way)) for way in ((reader, other_writer), (other_reader, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait(ways, timeout=0.5)  # a word of farewell may be under way
        for way in ways:
            way.cancel()
        writer.close()
        other_writer.close()

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while part := await reader.read(CHUNK):
                await self._open.wait()
                writer.write(part)
                await writer.drain()

    def cut(self) -> None:
        """Both ends see a reset."""
        for _, writer in self._ends:
            reset(writer.transport)

    async def fall_silent(self, seconds: float) -> None:
        """Nothing comes through for so long; then the connection is cut."""
        self._open.clear()
        await asyncio.sleep(seconds)
        self.cut()
        self._open.set()


class Proxy:
    """Takes connections on a port of its own, and carries each to one of the web processes, chosen at random."""

    def __init__(self, ports: Sequence[int], chance: random.Random) -> None:
        self._ports = ports
        self._chance = chance
        self._connections: set[Connection] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Carry nothing more."""
        if self._server is not None:
            self._server.close()
        self.cut(self.connections())

    def connections(self) -> list[Connection]:
        """The connections that stand."""
        return list(self._connections)

    def cut(self, connections: Sequence[Connection]) -> None:
        """Cut these."""
        for connection in connections:
            connection.cut()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection: Connection | None = None
        try:
            connection = Connection((reader, writer), await self._web())
            self._connections.add(connection)
            await connection.carry()
        except OSError:
            writer.close()
        finally:
            if connection is not None:
                self._connections.discard(connection)

    async def _web(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to one of the web processes that are there; OSError if none is."""
        fault = OSError("no web process is there")
        for port in self._chance.sample(self._ports, len(self._ports)):
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except OSError as error:
                fault = error
        raise fault
