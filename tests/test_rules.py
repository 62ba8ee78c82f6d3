"""Pure decisions, as tables of cases."""

from datetime import UTC, datetime, timedelta

import pytest

from console.connectivity.rules import Happening, Place, after
from console.quotas.rules import Book, days_left, runs_out_at, unexplained
from console.runs.schedule import SCHEDULE, next_run
from console.sims.rules import quota_word

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


def book(*, used: int, recorded: int, opening: int = 1000) -> Book:
    return Book(opened_at=NOW, used_at_opening=opening, used=used, looked_at=NOW, recorded=recorded)


@pytest.mark.parametrize(
    ("held", "used_now", "alive", "derived"),
    [
        (book(used=1000, recorded=0), 1000, False, 0),  # nothing used
        (book(used=1000, recorded=0), 1500, False, 500),  # no stream: all of the fall is derived
        (book(used=1500, recorded=500), 1500, False, 0),  # already derived
        (book(used=1500, recorded=200), 1700, False, 500),
        (book(used=1000, recorded=0), 1500, True, 0),  # the stream may still tell of it
        (book(used=1500, recorded=0), 1700, True, 500),  # it had the time to, and did not
        (book(used=1500, recorded=700), 1600, True, 0),  # told more than the fall: never negative
        (book(used=1500, recorded=700), 1600, False, 0),
        (book(used=1500, recorded=500), 1000, False, 0),  # 1NCE corrected itself
    ],
)
def test_usage_is_derived_from_what_no_record_explains(held: Book, used_now: int, alive: bool, derived: int) -> None:
    assert unexplained(held, used_now, stream_alive=alive) == derived


@pytest.mark.parametrize(
    ("left", "days", "expected"),
    [
        (None, [1, 1, 1], None),
        (300, [], None),
        (300, [100, 100], None),
        (300, [0, 0, 0], None),
        (300, [100, 100, 100], 3.0),
        (300, [0, 200, 100], 3.0),
        (-5, [100, 100, 100], 0.0),
    ],
)
def test_days_left_are_told_only_from_enough_history(left: int | None, days: list[int], expected: float | None) -> None:
    assert days_left(left, days) == expected


def test_a_quota_ends_by_use_or_by_its_date_whichever_is_first() -> None:
    assert runs_out_at(NOW, 2.0, None) == NOW + timedelta(days=2)
    assert runs_out_at(NOW, 2.0, NOW + timedelta(days=1)) == NOW + timedelta(days=1)
    assert runs_out_at(NOW, None, NOW) == NOW


@pytest.mark.parametrize(
    ("left", "total", "status", "word"),
    [
        (500, 500, "active", "ok"),
        (100, 500, "active", "ok"),  # 20 % is not under 20 %
        (99, 500, "active", "low"),
        (0, 500, "active", "exhausted"),
        (-3, 500, None, "exhausted"),
        (10, 500, "exhausted", "exhausted"),
        (400, 500, "expired", "expired"),
        (5, None, "active", "ok"),
    ],
)
def test_a_quota_is_one_word(left: int, total: int | None, status: str | None, word: str) -> None:
    assert quota_word(left, total, status) == word


ONLINE = Place(connection="online", operator="A", session_started_at=NOW, connection_at=NOW)
ATTACHED = Place(connection="attached", operator="A", connection_at=NOW)
LATER = NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    ("place", "event", "connection"),
    [
        (Place(), Happening(type=3, time=LATER), "online"),
        (ATTACHED, Happening(type=3, time=LATER), "online"),
        (ATTACHED, Happening(type=3, time=NOW), "attached"),  # not newer than what is known
        (ATTACHED, Happening(type=3, time=LATER, cause="QUOTA_EXHAUSTED"), "attached"),  # refused
        (ONLINE, Happening(type=5, time=LATER), "attached"),
        (ONLINE, Happening(type=5, time=LATER, cause="INACTIVITY_TIMER_EXPIRED"), "attached"),
        (ONLINE, Happening(type=1, time=LATER, operator="B"), "online"),
        (Place(connection="offline"), Happening(type=2, time=LATER), "attached"),
        (ONLINE, Happening(type=16, time=LATER), "offline"),
        (ONLINE, Happening(type=11, time=LATER), "blocked"),
        (ONLINE, Happening(type=13, time=LATER), "online"),  # says nothing of a place
        (ONLINE, Happening(type=9999, time=LATER), "online"),
    ],
)
def test_an_event_says_where_its_sim_is(place: Place, event: Happening, connection: str) -> None:
    assert after(place, event).connection == connection


def test_a_session_that_is_updated_goes_on_and_one_that_is_closed_is_over() -> None:
    updated = after(ONLINE, Happening(type=4, time=LATER, operator="B"))
    assert (updated.session_started_at, updated.operator, updated.last_seen_at) == (NOW, "B", LATER)
    assert after(ONLINE, Happening(type=5, time=LATER)).session_started_at is None


def test_every_job_of_the_schedule_has_a_next_turn() -> None:
    for job in SCHEDULE:
        upcoming = next_run(job, NOW)
        assert upcoming is not None
        assert NOW < upcoming <= NOW + timedelta(days=1)
