"""Pure decisions, as tables of cases."""

from datetime import UTC, datetime, timedelta

import pytest

from console.connectivity.rules import EventEffect, Place, after
from console.quotas.rules import Reconciliation, checked, difference, differs, unexplained
from console.runs.rules import next_run
from console.runs.schedule import JOBS
from console.sims.rules import quota_word

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)


MB = 1024 * 1024


def state(
    *, used: int, recorded: int, settled: int | None = None, start: int = 1000, missing: int = 0
) -> Reconciliation:
    return Reconciliation(
        started_at=NOW,
        used_at_start=start,
        used=used,
        checked_at=NOW,
        recorded=recorded,
        missing=missing,
        settled_used=used if settled is None else settled,
        waiting_used=used,
        waiting_at=NOW,
    )


@pytest.mark.parametrize(
    ("held", "alive", "derived"),
    [
        (state(used=1000, recorded=0), False, 0),  # nothing used
        (state(settled=1000, used=1500, recorded=0), False, 500),  # no stream: all of the fall is derived
        (state(used=1500, recorded=500), False, 0),  # already derived
        (state(settled=1500, used=1700, recorded=200), False, 500),
        (state(settled=1000, used=1500, recorded=0), True, 0),  # the stream may still bring it
        (state(settled=1500, used=1700, recorded=0), True, 500),  # it had the time to, and did not
        (state(settled=1500, used=1600, recorded=700), True, 0),  # more than the fall: never negative
        (state(settled=1500, used=1600, recorded=700), False, 0),
        (state(settled=1500, used=1000, recorded=500), False, 0),  # 1NCE corrected itself
    ],
)
def test_usage_is_derived_from_what_no_record_explains(held: Reconciliation, alive: bool, derived: int) -> None:
    assert unexplained(held, streamer_alive=alive) == derived


def test_a_look_is_settled_when_its_records_have_had_the_time_to_come() -> None:
    held = state(used=1000, recorded=0)
    looks = ((5, 1100, 1000), (19, 1200, 1000), (21, 1300, 1000), (30, 1400, 1000), (42, 1500, 1300))
    for minutes, used, settled in looks:
        held = checked(held, used, NOW + timedelta(minutes=minutes))
        assert (held.used, held.settled_used) == (used, settled), minutes


@pytest.mark.parametrize(
    ("held", "bytes_", "differ"),
    [
        (state(used=10 * MB, recorded=10 * MB, start=0), 0, False),
        (state(used=10 * MB, settled=4 * MB, recorded=4 * MB, start=0), 0, False),  # the records are on their way
        (state(used=10 * MB, recorded=8 * MB, start=0), 2 * MB, True),  # some are missing
        (state(used=10 * MB, recorded=10 * MB, missing=2 * MB, start=0), 2 * MB, True),  # and were derived
        (state(used=10 * MB, recorded=13 * MB, start=0), -3 * MB, True),  # they exceed the quota
        (state(used=1 * MB, recorded=0, start=0), MB, False),  # a megabyte may be rounding
        (state(used=100 * MB, recorded=96 * MB, start=0), 4 * MB, False),  # and so may be five per cent
    ],
)
def test_sums_differ_by_more_than_rounding_and_delay(held: Reconciliation, bytes_: int, differ: bool) -> None:
    assert difference(held) == bytes_
    assert differs(held) == differ


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
        (Place(), EventEffect(type=3, time=LATER), "online"),
        (ATTACHED, EventEffect(type=3, time=LATER), "online"),
        (ATTACHED, EventEffect(type=3, time=NOW), "online"),  # several happen in one second, and come in their order
        (ATTACHED, EventEffect(type=3, time=NOW - timedelta(seconds=1)), "attached"),  # older than what is known
        (ATTACHED, EventEffect(type=3, time=LATER, cause="QUOTA_EXHAUSTED"), "attached"),  # refused
        (ONLINE, EventEffect(type=5, time=LATER), "attached"),
        (ONLINE, EventEffect(type=5, time=LATER, cause="INACTIVITY_TIMER_EXPIRED"), "attached"),
        (ONLINE, EventEffect(type=1, time=LATER, operator="B"), "online"),
        (Place(connection="offline"), EventEffect(type=2, time=LATER), "attached"),
        (ONLINE, EventEffect(type=16, time=LATER), "offline"),
        (ONLINE, EventEffect(type=11, time=LATER), "blocked"),
        (ONLINE, EventEffect(type=13, time=LATER), "online"),  # says nothing of a place
        (ONLINE, EventEffect(type=9999, time=LATER), "online"),
    ],
)
def test_an_event_says_where_its_sim_is(place: Place, event: EventEffect, connection: str) -> None:
    assert after(place, event).connection == connection


def test_a_session_that_is_updated_goes_on_and_one_that_is_closed_is_over() -> None:
    updated = after(ONLINE, EventEffect(type=4, time=LATER, operator="B"))
    assert (updated.session_started_at, updated.operator, updated.last_seen_at) == (NOW, "B", LATER)
    assert after(ONLINE, EventEffect(type=5, time=LATER)).session_started_at is None


def test_every_job_of_the_schedule_has_a_next_turn() -> None:
    for job in (job for job in JOBS if job.cron):
        upcoming = next_run(job, NOW)
        assert upcoming is not None
        assert NOW < upcoming <= NOW + timedelta(days=1)
