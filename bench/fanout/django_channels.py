"""What one would write in Django: Channels, with its layer in Redis. Runs in an environment of its own.

`serve`: the server. `send`: each line on stdin goes to the group, as another process of the site would do it.
"""

# mypy: ignore-errors
import argparse
import asyncio
import sys

import django
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import get_channel_layer
from channels.routing import ProtocolTypeRouter, URLRouter
from django.conf import settings
from django.urls import path

GROUP = "fleet"


class Consumer(AsyncWebsocketConsumer):
    """One socket."""

    async def connect(self):
        """Join the group, so that the first message after the handshake is arrived."""
        await self.channel_layer.group_add(GROUP, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        """Leave the group."""
        await self.channel_layer.group_discard(GROUP, self.channel_name)

    async def sent(self, event):
        """Pass on what was sent to the group."""
        await self.send(text_data=event["text"])


async def send():
    """Line for line."""
    layer = get_channel_layer()
    while line := await asyncio.to_thread(sys.stdin.readline):
        await layer.group_send(GROUP, {"type": "sent", "text": line.rstrip("\n")})


def main():
    """Serve, or send."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", choices=["serve", "send"])
    parser.add_argument("redis_url")
    parser.add_argument("--port", type=int)
    chosen = parser.parse_args()
    # It waits five seconds for a message; the client's own patience must be longer, or a quiet group loses a socket.
    host = {"address": chosen.redis_url, "socket_timeout": 30}
    layer = {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [host]}}
    settings.configure(CHANNEL_LAYERS={"default": layer}, SECRET_KEY="for a benchmark", INSTALLED_APPS=["channels"])
    django.setup()
    if chosen.work == "send":
        asyncio.run(send())
        return
    import uvicorn

    uvicorn.run(
        ProtocolTypeRouter({"websocket": URLRouter([path("", Consumer.as_asgi())])}),
        port=chosen.port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
        lifespan="off",
        backlog=4096,
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
