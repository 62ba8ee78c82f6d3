"""What Litestar brings for it: ChannelsPlugin, with Redis' publish and subscribe behind it."""

import argparse
from contextlib import suppress
from typing import Any

import uvicorn
from litestar import Litestar, WebSocket, websocket
from litestar.channels import ChannelsPlugin
from litestar.channels.backends.redis import RedisChannelsPubSubBackend
from litestar.di import NamedDependency
from litestar.exceptions import WebSocketDisconnect
from redis.asyncio import Redis

CHANNEL = "fleet"


@websocket("/")
async def endpoint(socket: WebSocket[Any, Any, Any], channels: NamedDependency[ChannelsPlugin]) -> None:
    """Hold a socket until it ends; the plugin's task for it sends."""
    await socket.accept()
    async with channels.start_subscription([CHANNEL]) as subscriber, subscriber.run_in_background(socket.send_text):
        with suppress(WebSocketDisconnect):
            while True:
                await socket.receive_data(mode="text")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("redis_url")
    chosen = parser.parse_args()
    backend = RedisChannelsPubSubBackend(redis=Redis.from_url(chosen.redis_url))
    uvicorn.run(
        Litestar([endpoint], plugins=[ChannelsPlugin(backend, channels=[CHANNEL])], openapi_config=None),
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
