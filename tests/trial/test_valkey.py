"""Valkey of our own: it speaks Redis, and comes back where it was."""

import asyncio
import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis
from redis.exceptions import AuthenticationError

from console.trial import ValkeyServer
from console.trial.orphans import working_in
from console.trial.ports import free_port, is_free
from console.trial.programs import valkey as program
from tests.processes import arguments, begun, until


async def test_what_one_publishes_another_receives(valkey: ValkeyServer) -> None:
    async with Redis.from_url(await valkey.start()) as redis, redis.pubsub() as subscription:
        await subscription.subscribe("news")
        await subscription.get_message(timeout=2)
        await redis.publish("news", "hello")
        message = await subscription.get_message(timeout=2)
        assert message is not None
        assert message["data"] == b"hello"


async def test_a_server_that_was_killed_and_has_not_ended_yet_is_back_on_its_port(valkey: ValkeyServer) -> None:
    url, before, processors = await valkey.start(), valkey.pid, os.sched_getaffinity(0)
    assert before is not None
    os.sched_setscheduler(before, os.SCHED_IDLE, os.sched_param(0))  # on our processor it ends only once we wait
    os.sched_setaffinity(before, {min(processors)})
    os.sched_setaffinity(0, {min(processors)})
    try:
        valkey.kill()
        assert await valkey.start() == url
    finally:
        os.sched_setaffinity(0, processors)
    assert valkey.pid != before
    async with Redis.from_url(url) as redis:
        assert (await redis.config_get("port"))["port"] == str(valkey.port)


async def test_it_takes_the_port_it_is_given_and_whoever_waits_learns_of_its_end(tmp_path: Path) -> None:
    valkey = ValkeyServer(tmp_path / "given", port=free_port())
    assert (await valkey.start()).endswith(f"@127.0.0.1:{valkey.port}/0")
    waiting = asyncio.create_task(valkey.wait())
    assert valkey.pid is not None
    os.kill(valkey.pid, signal.SIGKILL)
    await asyncio.wait_for(waiting, 5)
    await valkey.stop()


async def test_it_loses_no_job_in_silence_when_memory_runs_out(valkey: ValkeyServer) -> None:
    async with Redis.from_url(await valkey.start()) as redis:
        assert (await redis.config_get("maxmemory-policy"))["maxmemory-policy"] == "noeviction"


async def test_a_server_left_running_is_ended_at_the_next_start(valkey: ValkeyServer) -> None:
    await valkey.start()
    await valkey.stop()
    port = free_port()
    with begun([str(program()), "--port", str(port), "--save", "", "--dir", str(valkey.folder)]) as left:
        await until(lambda: not is_free(port))
        assert working_in(valkey.folder, "valkey-server") == [left.pid]
        await valkey.start()
        assert left.wait(5) == 0


async def test_it_listens_on_this_machine_only(valkey: ValkeyServer) -> None:
    async with Redis.from_url(await valkey.start()) as redis:
        assert (await redis.config_get("bind"))["bind"] == "127.0.0.1"


async def test_a_neighbour_without_the_password_gets_nothing(valkey: ValkeyServer) -> None:
    url = await valkey.start()
    password = urlsplit(url).password
    assert password
    for stranger in (f"redis://127.0.0.1:{valkey.port}/0", f"redis://:guess@127.0.0.1:{valkey.port}/0"):
        async with Redis.from_url(stranger) as redis:
            with pytest.raises(AuthenticationError):
                await redis.get("anything")
    assert password not in arguments(valkey.pid)
    assert (valkey.folder / "password").stat().st_mode & 0o777 == 0o600
