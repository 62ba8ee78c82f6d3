"""The door to the workers: a job is asked for by its name."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec
from redis.asyncio import Redis
from saq.queue.redis import RedisQueue

NAME = "console"


def job_queue(redis: Redis) -> RedisQueue:
    """The queue on a Redis connection of its own, for SAQ closes it with the queue."""
    return RedisQueue(redis, name=NAME, dump=_dump, load=msgspec.json.decode)


def _dump(job: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(job)


async def later(queue: RedisQueue, name: str, *, key: str | None = None, seconds: float = 0, **kwargs: Any) -> bool:
    """Ask for a job, now or in so many seconds. One with the same key that still waits or runs is not asked for twice.

    A job has no time limit of its own: that its worker is lost is noticed by the missing heartbeat.
    """
    options: dict[str, Any] = {"timeout": 0, "heartbeat": 60, "retries": 3, "retry_delay": 1.0, "retry_backoff": 60.0}
    if key is not None:
        options["key"] = key
    if seconds:
        options["scheduled"] = int(time.time() + seconds)
    return await queue.enqueue(name, **options, **kwargs) is not None
