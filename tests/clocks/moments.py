"""At which moments and in which zones the tests are run, and how the clocks of processes are moved there."""

import os
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

TREE = Path(__file__).parents[2]
LIBRARIES = ("/usr/lib", "/usr/local/lib")
PRELOADED = Path(__file__).parent / "preloaded"  # what each Python loads when it starts
DEPENDING = (
    *("alerts", "jobs", "notifications", "once", "quotas", "silences", "simulator", "sims", "sms"),
    *("streamer", "usage", "test_rules.py", "test_migrations.py"),
)
# PostgreSQL looks for a deadlock when a timer's signal interrupts its wait, in which libfaketime shows it the machine's
# own time: ahead of that the timer seems not to be due, and is set anew for as long as the clock was moved.
LEFT_OUT = frozenset({"jobs/test_polls_at_once.py"})
RULES = (
    "silences/test_rules.py",
    "notifications/test_rules.py",
    "alerts/test_rules.py",
    "alerts/test_states.py",
    "quotas/test_forecasting.py",
)


class Moment(Struct, frozen=True, kw_only=True):
    """When the run begins, in UTC, and in which time zone its processes are."""

    name: str
    at: datetime
    zone: str = "UTC"
    quick: bool = False


MOMENTS = (
    Moment(name="after-midnight", at=datetime(2026, 11, 28, 0, 5, tzinfo=UTC)),
    Moment(name="before-midnight", at=datetime(2026, 11, 28, 23, 58, tzinfo=UTC)),
    Moment(name="noon", at=datetime(2026, 11, 28, 12, tzinfo=UTC)),
    Moment(name="month-end", at=datetime(2026, 11, 30, 23, 58, tzinfo=UTC)),
    Moment(name="leap-day", at=datetime(2028, 2, 29, 12, tzinfo=UTC), quick=True),
    Moment(name="summer-time", at=datetime(2027, 3, 28, 0, 59, tzinfo=UTC), zone="Europe/Berlin"),
    Moment(name="winter-time", at=datetime(2026, 10, 25, 0, 59, tzinfo=UTC), zone="Europe/Berlin"),
    Moment(name="far-east", at=datetime(2026, 11, 28, 11, 30, tzinfo=UTC), zone="Pacific/Apia", quick=True),  # UTC+13
)


def library() -> Path | None:
    """libfaketime for programs with threads; None if it is not installed."""
    return next((found for one in LIBRARIES for found in Path(one).glob("**/faketime/libfaketimeMT.so.1")), None)


def environment(moment: Moment, moved: Path, now: datetime) -> dict[str, str]:
    """Of a process whose clock says this moment now, and so do those of the processes that it starts."""
    seconds = round((moment.at - now).total_seconds())
    return {
        **os.environ,
        "LD_PRELOAD": str(moved),
        "FAKETIME": f"{seconds:+d}",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_CACHE_DURATION": "1000000",  # read anew while threads ask for the time, it moves for a moment
        "PYTHONPATH": os.pathsep.join(filter(None, (str(PRELOADED), os.environ.get("PYTHONPATH")))),
        "TZ": moment.zone,
    }
