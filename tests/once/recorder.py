"""A go-between on the road to 1NCE: it passes everything on over HTTP, and writes down what was asked and answered."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
from msgspec import Struct

HOP_BY_HOP = frozenset({"connection", "content-length", "host", "transfer-encoding", "date", "server"})


class Exchange(Struct):
    """A request as it came by, and its answer."""

    request: httpx.Request
    answer: httpx.Response


class Recorder:
    """Listens on this machine and passes on to `beyond`."""

    def __init__(self, beyond: str) -> None:
        self._beyond = httpx.AsyncClient(base_url=beyond, trust_env=False)
        self.passed: list[Exchange] = []
        self.url = ""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                first, *lines = head.strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                writer.write(await self._pass(method, path, headers, body))
                await writer.drain()
        writer.close()

    async def _pass(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        kept = {name: value for name, value in headers.items() if name not in HOP_BY_HOP}
        answer = await self._beyond.request(method, path, headers=kept, content=body or None)
        self.passed.append(Exchange(answer.request, answer))
        back = {name: value for name, value in answer.headers.items() if name not in HOP_BY_HOP}
        back["content-length"] = str(len(answer.content))
        lines = "".join(f"{name}: {value}\r\n" for name, value in back.items())
        return f"HTTP/1.1 {answer.status_code} Passed\r\n{lines}\r\n".encode() + answer.content

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Recorder"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.close()
            await self._beyond.aclose()
