"""Decisions about the Data Streamer that need no database: whether its silence means anything."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

LATE = timedelta(minutes=20)  # a usage record comes up to 15 minutes after the use
QUIET_AFTER = timedelta(minutes=30)
ALIVE_FOR = timedelta(hours=1)
USED_FOR = timedelta(days=30)  # who has had no post for so long has ended the stream
LEAST_BYTES = 1024 * 1024  # an open session is recorded after 100 kB; less of a fall may still be on its way


class StreamState(StrEnum):
    """How the stream of one kind of record is."""

    UNUSED = "unused"
    FLOWING = "flowing"
    QUIET = "quiet"  # nothing comes, and nothing is known to be missed
    MISSED = "missed"  # nothing comes, yet polling finds things: probably 1NCE has given the stream up as FAILED


class Heard(Struct, frozen=True, kw_only=True):
    """What is known of the stream of one kind of record: "event" or "usage"."""

    kind: str
    last_post_at: datetime
    missed_since: datetime | None = None
    found: int = 0
    state: str = StreamState.FLOWING


def stream_state(heard: Heard | None, now: datetime) -> StreamState:
    """How the stream is. One that works brings what polling has found too: only lasting silence says otherwise."""
    if heard is None or now - heard.last_post_at > USED_FOR:
        return StreamState.UNUSED
    if heard.missed_since is not None and now - heard.missed_since > LATE:
        return StreamState.MISSED
    return StreamState.FLOWING if now - heard.last_post_at <= QUIET_AFTER else StreamState.QUIET


def is_alive(heard: Heard | None, now: datetime) -> bool:
    """Whether records came within the hour."""
    return heard is not None and now - heard.last_post_at <= ALIVE_FOR
