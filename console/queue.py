"""The queue of jobs in Redis (SAQ): a job is asked for by its name. It only wakes: what must last is a row."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from redis.asyncio import Redis
from saq.queue.base import Queue
from saq.queue.redis import RedisQueue

NAME = "console"
HEARTBEAT_SECONDS = 60  # a job whose worker is silent for so long is given to another


class JobQueue(RedisQueue):
    """SAQ's queue, whose sweep asks again and again whether a lost job has ended, and subscribes to nothing.

    SAQ starts and ends one reader of a subscription for each lost job. Two that read at once fail without ever waiting:
    the worker's loop stands still for good, and a transaction that it has open keeps its locks.
    """

    listen = Queue.listen


def job_queue(redis: Redis) -> JobQueue:
    """The queue on a Redis connection of its own, for SAQ closes it with the queue."""
    return JobQueue(redis, name=NAME, dump=_dump, load=msgspec.json.decode)


def _dump(job: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(job)


async def enqueue(
    queue: RedisQueue,
    job: str,
    *,
    key: str | None = None,
    due_at: datetime | None = None,
    traceparent: str | None = None,
    **arguments: Any,
) -> bool:
    """Ask for a job, at once or when it is due (whole seconds, rounded up); False if it is known already.

    One with the same key that still waits or runs is not asked for twice. SAQ sets no time limit: the table of jobs
    says how long each may take, and a lost worker is noticed by the missing heartbeat.
    """
    options: dict[str, Any] = {
        "timeout": 0,
        "heartbeat": HEARTBEAT_SECONDS,
        "retries": 3,
        "retry_delay": 1.0,
        "retry_backoff": 60.0,
    }
    if key is not None:
        options["key"] = key
    if traceparent is not None:
        options["meta"] = {"traceparent": traceparent}  # beside the arguments: a worker of before knows no such one
    if due_at is not None:
        options["scheduled"] = math.ceil(due_at.timestamp())
    return await queue.enqueue(job, **options, **arguments) is not None
