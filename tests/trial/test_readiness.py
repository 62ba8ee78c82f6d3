"""What is said of a program that is coming up."""

import asyncio
import socket

import pytest

from console.trial.readiness import answers, listens

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 503 Service Unavailable\r\ntransfer-encoding: chunked\r\n\r\n3\r\nnot\r\n4\r\n yet\r\n0\r\n\r\n"


async def asked(reply: bytes) -> tuple[str | None, int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        return await answers(port, "/health/ready")(), port


@pytest.mark.parametrize("reply", [b"", b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.1 two hundred\r\n\r\n"])
async def test_what_is_no_http_answers_nothing(reply: bytes) -> None:
    said, port = await asked(reply)
    assert said == f"nobody answers on port {port}"


async def test_a_web_server_is_ready_when_it_says_200() -> None:
    assert (await asked(OK))[0] is None
    assert (await asked(CHUNKED))[0] == "/health/ready answers 503: not yet"


async def test_where_nobody_listens_it_says_so() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        assert await answers(port, "/")() == f"nobody answers on port {port}"
        assert await listens(port)() == f"nobody listens on port {port}"
