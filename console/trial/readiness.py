"""Questions to a program that is coming up. Each answers None when it is ready, else why it isn't yet."""

import asyncio
from collections.abc import Awaitable, Callable

from console.trial.ports import HOST

Question = Callable[[], Awaitable[str | None]]
_SECONDS = 5.0


def listens(port: int) -> Question:
    """Whether somebody takes connections on this port."""

    async def ask() -> str | None:
        try:
            async with asyncio.timeout(_SECONDS):
                _, writer = await asyncio.open_connection(HOST, port)
                writer.close()
        except (OSError, TimeoutError):
            return f"nobody listens on port {port}"
        return None

    return ask


def answers(port: int, path: str) -> Question:
    """Whether a web server says 200 to this path."""

    async def ask() -> str | None:
        try:
            async with asyncio.timeout(_SECONDS):
                status, body = await _get(port, path)
        except (OSError, TimeoutError, ValueError):
            return f"nobody answers on port {port}"
        return None if status == 200 else f"{path} answers {status}: {body}"

    return ask


async def _get(port: int, path: str) -> tuple[int, str]:
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read(65_536)).partition(b"\r\n\r\n")
        return int(head.split()[1]), body.decode(errors="replace")[:300]
    except IndexError as error:
        raise ValueError("this is not HTTP") from error
    finally:
        writer.close()
