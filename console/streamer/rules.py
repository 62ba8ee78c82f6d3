"""Decisions about the Data Streamer that need no database: whether a lack of posts means that it has failed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, structs

from console.streamer.intervals import usual_interval, with_gap

LATE = timedelta(minutes=20)  # a usage record comes up to 15 minutes after the use
QUIET_AFTER = timedelta(minutes=30)
ALIVE_FOR = timedelta(hours=1)
USED_FOR = timedelta(days=30)  # an organization without a post for so long has ended its Data Streamer
LEAST_BYTES = 1024 * 1024  # an open session is recorded after 100 kB; less of a fall may still be on its way
OVERDUE_INTERVALS = 3  # of the usual intervals; random posts are further apart once in some million times
SOONEST_OVERDUE = timedelta(minutes=2)  # 1NCE sends again what a restart of ours has refused
LATEST_OVERDUE = timedelta(hours=1)  # posts that come more seldom say nothing by being late
WAITING_TOO_LONG = timedelta(minutes=5)  # for a post to be taken in: an alert


class StreamerState(StrEnum):
    """How the Data Streamer is, for one kind of record."""

    UNUSED = "unused"
    FLOWING = "flowing"
    QUIET = "quiet"  # no posts come, and too few have come to know whether that is usual
    OVERDUE = "overdue"  # no posts come for several of the usual intervals
    MISSED = "missed"  # no posts come, yet polling finds new records: 1NCE has probably set the streamer to FAILED


FAILED = frozenset({StreamerState.OVERDUE, StreamerState.MISSED})
NOT_FLOWING = FAILED | {StreamerState.QUIET, StreamerState.UNUSED}


class KindHealth(Struct, frozen=True, kw_only=True):
    """What is known of the posts of one kind of record: "event" or "usage"."""

    kind: str
    last_post_at: datetime
    first_post_at: datetime | None = None
    since: datetime | None = None  # when the state began: of a silence, its last post
    missed_since: datetime | None = None
    found: int = 0
    state: str = StreamerState.FLOWING
    gaps: Sequence[float] = ()
    gap_count: int = 0

    @property
    def usual_interval(self) -> timedelta | None:
        """How far apart posts usually are; None if too few have come to say."""
        seconds = usual_interval(self.gaps, self.gap_count)
        return None if seconds is None else timedelta(seconds=round(seconds))

    @property
    def overdue_after(self) -> timedelta | None:
        """After how long without a post the next is overdue; None where that can't be judged."""
        usual = self.usual_interval
        if usual is None or usual * OVERDUE_INTERVALS > LATEST_OVERDUE:
            return None
        return max(usual * OVERDUE_INTERVALS, SOONEST_OVERDUE)


def streamer_state(health: KindHealth | None, now: datetime, waiting_at: datetime | None = None) -> StreamerState:
    """The state at `now`. `waiting_at`: when the newest post came that is not taken in yet, whatever it brings."""
    if health is None or now - health.last_post_at > USED_FOR:
        return StreamerState.UNUSED
    silent = now - max(health.last_post_at, waiting_at or health.last_post_at)
    overdue_after = health.overdue_after
    if health.missed_since is not None and now - health.missed_since > LATE and silent > SOONEST_OVERDUE:
        return StreamerState.MISSED
    if overdue_after is not None and silent > overdue_after:
        return StreamerState.OVERDUE
    return StreamerState.FLOWING if silent <= max(QUIET_AFTER, overdue_after or QUIET_AFTER) else StreamerState.QUIET


def ends_silence(before: KindHealth, at: datetime) -> bool:
    """Whether a post at `at` ends a time for which records are missing."""
    limit = before.overdue_after
    return before.state in FAILED or (limit is not None and at - before.last_post_at > limit)


def after_post(before: KindHealth, at: datetime) -> KindHealth:
    """What is known after a post that came later than all before it."""
    gap, limit = at - before.last_post_at, before.overdue_after
    # A failure is not what is usual: it counts no longer than a gap that would still have been in time. But a long
    # silence in which polling has found nothing either was none: a fleet that sleeps at night is like that.
    slept = gap > LATEST_OVERDUE and not before.found
    counted = gap if limit is None or slept else min(gap, limit)
    missed = before.missed_since if before.missed_since is not None and before.missed_since > at else None
    flowed = before.state == StreamerState.FLOWING and not ends_silence(before, at)
    return structs.replace(
        before,
        last_post_at=at,
        missed_since=missed,
        found=before.found if missed else 0,
        state=StreamerState.FLOWING,
        since=before.since if flowed else at,
        gaps=with_gap(before.gaps, counted.total_seconds()),
        gap_count=before.gap_count + 1,
    )


def is_alive(health: KindHealth | None, now: datetime) -> bool:
    """Whether records were posted within ALIVE_FOR, and none is overdue."""
    if health is None or now - health.last_post_at > ALIVE_FOR:
        return False
    return streamer_state(health, now) not in FAILED
