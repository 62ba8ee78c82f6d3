"""Decisions about the Data Streamer that need no database: whether a lack of posts means that it has failed."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

LATE = timedelta(minutes=20)  # a usage record comes up to 15 minutes after the use
QUIET_AFTER = timedelta(minutes=30)
ALIVE_FOR = timedelta(hours=1)
USED_FOR = timedelta(days=30)  # an organization without a post for so long has ended its Data Streamer
LEAST_BYTES = 1024 * 1024  # an open session is recorded after 100 kB; less of a fall may still be on its way


class StreamerState(StrEnum):
    """How the Data Streamer is, for one kind of record."""

    UNUSED = "unused"
    FLOWING = "flowing"
    QUIET = "quiet"  # no posts come, and nothing is known to be missed
    MISSED = "missed"  # no posts come, yet polling finds new records: 1NCE has probably set the streamer to FAILED


class KindHealth(Struct, frozen=True, kw_only=True):
    """What is known of the posts of one kind of record: "event" or "usage"."""

    kind: str
    last_post_at: datetime
    missed_since: datetime | None = None
    found: int = 0
    state: str = StreamerState.FLOWING


def streamer_state(health: KindHealth | None, now: datetime) -> StreamerState:
    """The state at `now`. A working streamer posts what polling has found too, within LATE."""
    if health is None or now - health.last_post_at > USED_FOR:
        return StreamerState.UNUSED
    if health.missed_since is not None and now - health.missed_since > LATE:
        return StreamerState.MISSED
    return StreamerState.FLOWING if now - health.last_post_at <= QUIET_AFTER else StreamerState.QUIET


def is_alive(health: KindHealth | None, now: datetime) -> bool:
    """Whether records were posted within ALIVE_FOR."""
    return health is not None and now - health.last_post_at <= ALIVE_FOR
