"""A tiny HTTP server that answers as a test wants, and writes down what it was asked and when."""

import asyncio
import contextlib
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator

from msgspec import Struct, json

TOKEN_PATH = "/api/oauth/token"


class ReceivedRequest(Struct):
    """A request as it came in."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Answer(Struct):
    """What to answer; with `cut` the connection is closed instead."""

    status: int = 200
    body: bytes = b"[]"
    headers: dict[str, str] = {}
    cut: bool = False
    delay: float = 0.0


def token(value: str = "token-1", seconds: float = 3600) -> Answer:
    return Answer(body=json.encode({"access_token": value, "token_type": "bearer", "expires_in": seconds}))


class OddServer:
    """Give `answers[path]` one answer after the other; the last one stays. Sign-ins are answered with a token."""

    def __init__(self) -> None:
        self.answers: dict[str, deque[Answer]] = defaultdict(deque)
        self.answers[TOKEN_PATH].append(token())
        self.asked: list[ReceivedRequest] = []
        self.url = ""

    def will(self, path: str, *answers: Answer) -> None:
        self.answers["/api" + path] = deque(answers)

    def seen(self, path: str) -> list[ReceivedRequest]:
        return [asked for asked in self.asked if asked.path.split("?")[0] == "/api" + path]

    @property
    def sign_ins(self) -> int:
        return len(self.seen("/oauth/token"))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                at = time.monotonic()
                first, *lines = head.strip().split("\r\n")
                method, path, _ = first.split(" ")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                self.asked.append(ReceivedRequest(at, method, path, headers, body))
                if not await self._answer(path, writer):
                    break
        writer.close()

    async def _answer(self, path: str, writer: asyncio.StreamWriter) -> bool:
        queue = self.answers[path.partition("?")[0]] or deque([Answer(404, b"{}")])
        answer = queue.popleft() if len(queue) > 1 else queue[0]
        await asyncio.sleep(answer.delay)
        if answer.cut:
            return False
        headers = {"Content-Type": "application/json", "Content-Length": str(len(answer.body))} | answer.headers
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {answer.status} Odd\r\n{head}\r\n".encode() + answer.body)
        await writer.drain()
        return True

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["OddServer"]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/api"
        try:
            yield self
        finally:
            server.close()
