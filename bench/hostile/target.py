"""Whom hostile clients know, and how they begin again and again."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import httpx
import websockets
from msgspec import Struct

# Others than the client that is measured: what one network sends is counted by itself.
NETWORK = {"X-Forwarded-For": "203.0.113.7"}
ANYTHING = (httpx.HTTPError, OSError, websockets.WebSocketException)


class Target(Struct, frozen=True):
    """What a hostile client knows: an address, keys that only read, a user's cookie, the Data Streamer's password.

    With several keys it is not refused for what one of them sends alone.
    """

    address: str
    keys: list[str]
    cookie: str
    streamer: str  # as `Authorization` has it
    iccid: str

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A client without bounds of its own."""
        limits = httpx.Limits(max_connections=None)
        return httpx.AsyncClient(
            base_url=self.address,
            trust_env=False,
            timeout=30,
            limits=limits,
            headers={**NETWORK, "Origin": self.address, **headers},
        )

    def key(self, which: int) -> dict[str, str]:
        """The header with one of the keys."""
        return {"X-API-Key": self.keys[which % len(self.keys)]}


Kind = Callable[[Target], Awaitable[None]]


async def at_once(number: int, one: Callable[[int], Awaitable[object]]) -> None:
    """So many clients, each of which begins anew as soon as it is answered."""

    async def again(which: int) -> None:
        while True:
            with contextlib.suppress(*ANYTHING):
                await one(which)
            await asyncio.sleep(0.001)

    async with asyncio.TaskGroup() as group:
        for which in range(number):
            group.create_task(again(which))
