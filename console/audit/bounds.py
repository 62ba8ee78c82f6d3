"""How many refused attempts are written down: enough to see each, too few for anybody to fill the trail with.

What was done needs a permission and is always written. To be refused needs none, so it is bounded: by an hour, each
caller's or network's, and those of strangers for each organization too. What is left out is counted (metrics.py).
"""

from enum import StrEnum

from redis.asyncio import Redis

from console import metrics
from console.http.windows import Window, take

HOUR_SECONDS = 3600
OF_ONE = 60  # refused attempts an hour of one caller, or of strangers from one network
OF_STRANGERS = 600  # at one organization's users, or at names that nobody has


class Refused(StrEnum):
    """What was refused, as the metric counts it."""

    REQUEST = "request"  # of a known caller, for want of a permission
    KEY = "key"  # an API key, from a network that it is not accepted from
    SIGN_IN = "sign_in"
    LINK = "link"  # that opens nothing


async def is_written(
    redis: Redis, what: Refused, whose: str, now: float, *, organization_id: int | None = None
) -> bool:
    """Count a refused attempt; whether it is written down. `now` in seconds since 1970.

    `whose` is the caller's handle or the network. `organization_id` is given for a stranger's: at whom it was aimed.
    Without Redis everything is written.
    """
    windows = [Window(f"audit:refused:{what}:{whose}", OF_ONE, HOUR_SECONDS)]
    if organization_id is not None:
        windows.append(Window(f"audit:strangers:{organization_id}", OF_STRANGERS, HOUR_SECONDS))
    full = any(count.wait_seconds for count in await take(redis, windows, now))
    if full:
        metrics.audit_left_out.labels(what.value).inc()
    return not full
