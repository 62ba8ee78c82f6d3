"""Whether 1NCE's Data Streamer is bringing usage: while it does, nothing is derived too early."""

from redis.exceptions import RedisError

from jobs.running import Run

ALIVE_SECONDS = 3600


def _key(organization_id: int) -> str:
    return f"stream:alive:{organization_id}"


async def note_stream(run: Run) -> None:
    """Usage records have come just now."""
    await run.db.redis.set(_key(run.organization_id), run.now().isoformat(), ex=ALIVE_SECONDS)


async def stream_is_alive(run: Run) -> bool:
    """Whether usage records came within the hour. If Redis can't say, yes: better to derive late than twice."""
    try:
        return bool(await run.db.redis.exists(_key(run.organization_id)))
    except (RedisError, OSError, TimeoutError):
        return True
