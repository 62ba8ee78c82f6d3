"""What hostile clients send on WebSockets."""

import asyncio
import contextlib
import json

import websockets

from hostile.target import NETWORK, Target, at_once


async def replays(target: Target) -> None:
    """Sockets of a page that ask for thousands of facts of the past, again and again."""
    address = target.address.replace("http", "ws", 1) + "/live?view=sims&topics="
    headers = {"Cookie": target.cookie, **NETWORK}

    async def ask(_: int) -> None:
        async with websockets.connect(
            address, additional_headers=headers, origin=websockets.Origin(target.address), proxy=None
        ) as socket:
            hello = json.loads(await socket.recv())
            since = f"{hello['epoch']}:{max(0, hello['seq'] - 9900)}"
            for _ in range(20):
                await socket.send(json.dumps({"type": "subscribe", "topics": ["fleet"], "since": since}))
                await socket.send(json.dumps({"type": "unsubscribe", "topics": ["fleet"]}))
            async with asyncio.timeout(5):
                async for _message in socket:
                    pass

    async def bounded(which: int) -> None:
        with contextlib.suppress(TimeoutError):
            await ask(which)

    await at_once(8, bounded)


async def many_sockets(target: Target) -> None:
    """A storm of sockets that are opened, read nothing and are let go."""
    address = target.address.replace("http", "ws", 1) + "/api/v1/stream"

    async def opened(which: int) -> None:
        headers = {**target.key(which), **NETWORK}
        async with asyncio.timeout(5), websockets.connect(address, additional_headers=headers, proxy=None):
            await asyncio.sleep(0.2)

    async def bounded(which: int) -> None:
        with contextlib.suppress(TimeoutError):
            await opened(which)

    await at_once(40, bounded)
