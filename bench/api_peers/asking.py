"""Requests one after the other on a few connections, by a client that costs little: for processor time a request."""

import asyncio
import time
from collections.abc import Sequence

from msgspec import Struct


class Asked(Struct, frozen=True):
    """What was asked for and how it was answered."""

    status: int
    headers: dict[str, str]
    body_bytes: int


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> Asked:
    """One request on an open connection, answered whole."""
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    length = int(headers.get("content-length", 0))
    body = await reader.readexactly(length) if length else b""
    return Asked(int(head[0].split()[1]), headers, len(body))


def request_of(path: str, port: int, headers: dict[str, str]) -> bytes:
    """A GET, as it is sent."""
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def first(port: int, request: bytes) -> Asked:
    """The answer to one request, on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await ask(reader, writer, request)
    finally:
        writer.close()


async def seconds_each(port: int, requests: Sequence[bytes], status: int, at_once: int) -> list[float]:
    """How long each of these takes, so many at once. Raises RuntimeError for an answer with another status."""
    waiting, times = iter(requests), []

    async def one_after_the_other() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            began = time.perf_counter()
            asked = await ask(reader, writer, request)
            times.append(time.perf_counter() - began)
            if asked.status != status:
                raise RuntimeError(f"answered {asked.status}, not {status}: {request[:200]!r}")
        writer.close()

    await asyncio.gather(*(one_after_the_other() for _ in range(at_once)))
    return times
