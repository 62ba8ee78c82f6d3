"""The least that telling many sockets can cost: a bare ASGI application which sends the same text to each, in a loop.

It begins when so many sockets are open. Each text begins with the moment of its making, on the monotonic clock.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Bare:
    """The application."""

    def __init__(self, *, sockets: int, frame_bytes: int, a_second: float, seconds: float) -> None:
        """Nothing is sent before the last socket is there."""
        self._sockets = sockets
        self._frame_bytes = frame_bytes
        self._a_second = a_second
        self._times = round(a_second * seconds)
        self._sends: list[Send] = []
        self._telling: asyncio.Task[None] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hold a socket until it ends."""
        if scope["type"] != "websocket":
            return
        await receive()
        await send({"type": "websocket.accept"})
        self._sends.append(send)
        if len(self._sends) == self._sockets:
            self._telling = asyncio.create_task(self._tell())
        while (await receive())["type"] != "websocket.disconnect":
            pass

    async def _tell(self) -> None:
        await asyncio.sleep(0.5)
        began = time.monotonic()
        for number in range(self._times):
            await asyncio.sleep(max(0.0, began + number / self._a_second - time.monotonic()))
            text = f'{{"seq":{number},"at":{time.monotonic()!r},"pad":"'
            text += "x" * (self._frame_bytes - len(text) - 2) + '"}'
            for send in self._sends:
                await send({"type": "websocket.send", "text": text})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--sockets", type=int, required=True)
    parser.add_argument("--frame-bytes", type=int, required=True)
    parser.add_argument("--a-second", type=float, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    chosen = parser.parse_args()
    app = Bare(sockets=chosen.sockets, frame_bytes=chosen.frame_bytes, a_second=chosen.a_second, seconds=chosen.seconds)
    uvicorn.run(
        app,
        port=chosen.port,
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        access_log=False,
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=1,
    )
