"""Questions to a program that is coming up. Each answers None when it is ready, else why it isn't yet."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx

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
            async with (
                asyncio.timeout(_SECONDS),
                httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False) as client,
            ):
                answer = await client.get(path)
        except (httpx.HTTPError, TimeoutError):
            return f"nobody answers on port {port}"
        return None if answer.status_code == 200 else f"{path} answers {answer.status_code}: {answer.text[:300]}"

    return ask
