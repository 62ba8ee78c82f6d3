"""The Data Streamer judged by how often its posts usually come: no clock, no database."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs

from console.streamer.rules import KindHealth, StreamerState, after_post, streamer_state

START = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def posted(seconds: Iterable[float]) -> tuple[KindHealth, list[timedelta]]:
    """What is known after posts at these seconds, and how long each silence lasted that was called overdue."""
    health = KindHealth(kind="usage", first_post_at=START, last_post_at=START, since=START)
    overdue = []
    for second in seconds:
        at = START + timedelta(seconds=second)
        if streamer_state(health, at - timedelta(seconds=1)) is StreamerState.OVERDUE:
            overdue.append(at - health.last_post_at)
        health = after_post(health, at)
    return health, overdue


def states(health: KindHealth, *silent: timedelta) -> list[str]:
    return [streamer_state(health, health.last_post_at + one) for one in silent]


def every(seconds: float, until: timedelta) -> list[float]:
    return [seconds * number for number in range(1, int(until.total_seconds() / seconds) + 1)]


def test_a_busy_stream_that_stops_is_overdue_within_minutes() -> None:
    health, overdue = posted(every(10, 10 * MINUTE))
    assert overdue == []
    assert states(health, MINUTE, 2 * MINUTE, 3 * MINUTE) == ["flowing", "flowing", "overdue"]
    assert health.usual_interval is not None
    assert health.usual_interval <= timedelta(seconds=15)


def test_of_too_few_posts_silence_says_nothing() -> None:
    for health, _ in (posted(every(10, MINUTE)), posted([])):
        assert health.usual_interval is None
        assert states(health, 29 * MINUTE, 31 * MINUTE, 9 * HOUR) == ["flowing", "quiet", "quiet"]


@pytest.mark.parametrize("minutes", [25, 60, 600])
def test_a_stream_of_rare_posts_is_never_overdue(minutes: int) -> None:
    health, overdue = posted(every(minutes * 60, 60 * 24 * HOUR))
    assert overdue == []
    assert health.overdue_after is None
    assert states(health, 3 * HOUR, 24 * 3 * HOUR) == ["quiet", "quiet"]


@pytest.mark.parametrize("mean", [20, 60, 300, 1500])
def test_posts_at_random_are_not_called_overdue(mean: int) -> None:
    rolled, moments, at = random.Random(7), [], 0.0
    while at < 30 * 24 * 3600:
        at += max(10.0, rolled.expovariate(1 / mean))
        moments.append(at)
    _, overdue = posted(moments)
    assert len(overdue) <= 1  # at the beginning, when little is known


def test_a_fleet_that_reports_in_bursts_is_not_called_overdue_between_them() -> None:
    bursts = [hour * 3600 + second for hour in range(48) for second in range(10, 200, 10)]
    health, overdue = posted(bursts)
    assert overdue == []
    assert health.overdue_after is None


def test_a_fleet_that_sleeps_at_night_is_called_overdue_in_its_first_nights_at_the_most() -> None:
    days = [day * 86_400 + second for day in range(14) for second in range(10, 16 * 3600, 10)]
    _, overdue = posted(days)
    assert len(overdue) <= 3


def test_a_failure_is_not_what_is_usual() -> None:
    before, _ = posted(every(10, 6 * HOUR))
    for silence, found in ((40 * MINUTE, 0), (5 * HOUR, 3)):
        after = after_post(structs.replace(before, found=found), before.last_post_at + silence)
        assert states(after, 3 * MINUTE) == ["overdue"]
    assert states(after_post(before, before.last_post_at + 5 * HOUR), 3 * MINUTE) == ["flowing"]  # nothing was missed


def test_a_post_that_is_not_taken_in_yet_is_no_silence() -> None:
    health, _ = posted(every(10, HOUR))
    now = health.last_post_at + 20 * MINUTE
    assert streamer_state(health, now) is StreamerState.OVERDUE
    assert streamer_state(health, now, waiting_at=now - MINUTE) is StreamerState.FLOWING


def test_the_moment_is_kept_since_when_posts_flow() -> None:
    health, _ = posted(every(10, HOUR))
    assert health.since == START
    back = health.last_post_at + 3 * HOUR
    assert after_post(health, back).since == back
