"""The feed of a web process follows Redis, whatever Redis does."""

import asyncio
import contextlib

import pytest

from console.live.feed import Feed
from console.store.redis_clients import open_redis

pytestmark = pytest.mark.one_edition


async def test_a_redis_that_takes_a_subscription_and_says_nothing_is_tried_again() -> None:
    subscriptions = asyncio.Semaphore(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while words := await reader.readline():
            for _ in range(int(words[1:])):
                await reader.readline()
                word = await reader.readline()
                if word.strip().upper() == b"SUBSCRIBE":
                    subscriptions.release()
                    return
            writer.write(b"+OK\r\n")

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        redis = open_redis(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", retries=0)
        work = asyncio.create_task(Feed(redis, silence=0.1).run())
        for _ in range(2):
            await asyncio.wait_for(subscriptions.acquire(), 5)
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        await redis.aclose()
