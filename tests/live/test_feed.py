"""The feed of a web process follows Redis, whatever Redis does."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from console.live.feed import Feed
from console.live.received import ReceivedFact
from console.store.outbox import KEYS, PUBLISH_SCRIPT
from console.store.redis_clients import open_redis
from console.trial import ValkeyServer

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


class Calls:
    """What a receiver was called with, in order."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def receive(self, facts: Sequence[ReceivedFact]) -> None:
        self.words += [fact.body.decode() for fact in facts]

    def disconnected(self) -> None:
        self.words.append("disconnected")

    def connected(self) -> None:
        self.words.append("connected")

    def reset(self, reason: str) -> None:
        self.words.append(f"reset: {reason}")


async def test_what_can_not_be_read_is_passed_over_and_receivers_are_reset(tmp_path: Path) -> None:
    valkey = ValkeyServer(tmp_path / "valkey")
    url = await valkey.start()
    publisher, listening = open_redis(url), open_redis(url, retries=0)
    feed = Feed(listening)
    calls = feed.receiver = Calls()
    work = asyncio.create_task(feed.run())

    async def published(number: int, *items: str) -> None:
        script = publisher.register_script(PUBLISH_SCRIPT)
        await script(keys=KEYS, args=[100, repr(time.time()), 1, number, "\n".join(items)])

    async def until(word: str) -> None:
        async with asyncio.timeout(10):
            while calls.words[-1:] != [word]:  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    try:
        await until("connected")
        await published(1, "1\tsim.changed\ta\tfirst")
        await until("first")
        await published(2, "1\tsim.changed\ta\tlost with its neighbour", "written by another version")
        await until("connected")
        await published(3, "1\tsim.changed\ta\tlast")
        await until("last")
        missed = await feed.since(feed.epoch, 1)
        latest = await feed.since(feed.epoch, 3)
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await publisher.aclose()
        await listening.aclose()
        await valkey.stop()
    begun = ["reset: restarted", "connected", "first"]
    assert calls.words == [*begun, "disconnected", "reset: unreadable", "connected", "last"]
    assert (missed, [fact.seq for fact in latest or []]) == (None, [4]), "who has missed it is reset"
