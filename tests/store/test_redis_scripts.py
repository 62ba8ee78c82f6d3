"""The script that every request runs in Redis: each caller gets its own answer, and what fails is asked once more."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from console.http.windows import TAKE, Window, take, take_and_see
from console.store.redis_clients import open_redis
from console.store.redis_scripts import ScriptLost, run_script
from console.trial import ValkeyServer

NOW = 1_800_000_000.0
ANSWER = b"*5\r\n:7\r\n:0\r\n$4\r\n\r\nab\r\n$-1\r\n$0\r\n\r\n"
READ = [7, 0, b"\r\nab", None, b""]


@pytest.fixture
async def redis(valkey: ValkeyServer) -> AsyncIterator[Redis]:
    found = open_redis(valkey.url)
    await found.flushall()
    yield found
    await found.aclose()


async def counted(redis: Redis, name: str) -> int:
    return (await take(redis, [Window(name, 1_000, 60)], NOW))[0].used


async def test_many_at_once_get_each_its_own_answer(redis: Redis) -> None:
    await counted(redis, "first")  # from then on Redis has the script
    before = {one["id"] for one in await redis.client_list()}  # other tests' too
    found = await asyncio.gather(*(counted(redis, f"é{number % 50}") for number in range(500)))
    assert [sorted(found[number::50]) for number in range(50)] == [[*range(1, 11)]] * 50
    assert {one["id"] for one in await redis.client_list()} <= before, "one connection carries all calls"


async def test_who_goes_away_leaves_the_others_their_answers(redis: Redis) -> None:
    await counted(redis, "first")
    calls = [asyncio.ensure_future(counted(redis, f"one {number}")) for number in range(40)]
    await asyncio.sleep(0)
    for call in calls[::2]:
        call.cancel()
    assert await asyncio.gather(*calls[1::2]) == [1] * 20
    assert await counted(redis, "one 0") == 2, "what was sent was counted"


@pytest.mark.parametrize("wrong", ["SCRIPT FLUSH", "CLIENT KILL TYPE normal"])
async def test_it_goes_on_after_redis_has_begun_anew_or_cut_it_off(
    redis: Redis, valkey: ValkeyServer, wrong: str
) -> None:
    assert await counted(redis, "kept") == 1
    other = open_redis(valkey.url)
    await other.execute_command(*wrong.split())  # type: ignore[no-untyped-call]
    await other.aclose()
    assert [await counted(redis, "kept") for _ in range(3)] == [2, 3, 4]


async def test_where_redis_is_away_nothing_is_counted_and_nobody_waits(valkey: ValkeyServer) -> None:
    away = open_redis("redis://127.0.0.1:9/0", retries=0)
    counts, changed = await take_and_see(away, [Window("x", 1, 60)], time.time())
    assert (counts[0].used, counts[0].wait_seconds, changed.rows) == (0, 0, None)
    await away.aclose()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
async def test_answers_that_come_in_parts_are_put_together(size: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            said = [await reader.readexactly(int((await reader.readline())[1:]) + 2) for _ in range(int(line[1:]))]
            answer = ANSWER if said[0] == b"EVALSHA\r\n" else b"+OK\r\n"
            for start in range(0, len(answer), size):
                writer.write(answer[start : start + size])
                await writer.drain()
                await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        redis = open_redis(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0", retries=0)
        assert await asyncio.gather(*(run_script(redis, "0" * 40, ["a"], [1, 0.5]) for _ in range(5))) == [READ] * 5
        await redis.aclose()


async def test_an_error_is_no_answer(redis: Redis) -> None:
    with pytest.raises(ScriptLost, match="NOSCRIPT"):
        await run_script(redis, "0" * 40, [], [])
    digest = await redis.script_load(TAKE)
    assert (await run_script(redis, digest, ["a", "b"], [5, 1, 60]))[:2] == [0, 0]
