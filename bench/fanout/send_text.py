"""What one would write first: Litestar, one subscription to Redis, and a loop over `socket.send_text`."""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import uvicorn
from litestar import Litestar, WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect
from redis.asyncio import Redis

CHANNEL = "bench:send_text"
Socket = WebSocket[Any, Any, Any]

sockets: set[Socket] = set()


@websocket("/")
async def endpoint(socket: Socket) -> None:
    """Hold a socket until it ends."""
    await socket.accept()
    sockets.add(socket)
    try:
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_data(mode="text")
    finally:
        sockets.discard(socket)


async def send(redis: Redis) -> None:
    """Everything that is published, to everybody."""
    async with redis.pubsub(ignore_subscribe_messages=True) as subscription:
        await subscription.subscribe(CHANNEL)
        async for message in subscription.listen():
            text = message["data"].decode()
            for socket in list(sockets):
                await socket.send_text(text)


def application(redis_url: str) -> Litestar:
    """The application."""

    @asynccontextmanager
    async def sending(_: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(send(Redis.from_url(redis_url)))
        yield
        task.cancel()

    return Litestar([endpoint], lifespan=[sending], openapi_config=None)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("redis_url")
    chosen = parser.parse_args()
    uvicorn.run(
        application(chosen.redis_url),
        port=chosen.port,
        loop="uvloop",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
        backlog=4096,
        timeout_graceful_shutdown=1,
    )
