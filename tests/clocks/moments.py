"""At which moments and in which zones the tests are run, and how the clocks of processes are moved there."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dateutil.rrule import rrulestr
from msgspec import Struct

TREE = Path(__file__).parents[2]
LIBRARIES = ("/usr/lib", "/usr/local/lib")
PRELOADED = Path(__file__).parent / "preloaded"  # what each Python loads when it starts
DEPENDING = (
    *("actions", "alerts", "jobs", "notifications", "once", "quotas", "silences", "simulator", "sims", "sms"),
    *("streamer", "usage", "test_rules.py", "test_migrations.py"),
)
# While a signal interrupts a wait, libfaketime shows the machine's own time. PostgreSQL ends what takes too long, and
# looks for deadlocks, by timers: with a clock that was moved ahead they seem not to be due, and are set anew for as
# long as it was moved; with one that was moved back all seem to be due. So all moments are to come.
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


def _next(rule: str) -> datetime:
    """The first of these times (RFC 5545) that is a day away or more."""
    begin = datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(days=1)
    found = rrulestr(f"{rule};BYSECOND=0", dtstart=begin).after(begin, inc=True)
    assert isinstance(found, datetime)
    return found


DAILY, LAST_SUNDAY = "FREQ=DAILY;BYHOUR={};BYMINUTE={}", "FREQ=YEARLY;BYDAY=-1SU;BYHOUR=0;BYMINUTE=59;BYMONTH={}"
MOMENTS = (
    Moment(name="after-midnight", at=_next(DAILY.format(0, 5))),
    Moment(name="before-midnight", at=_next(DAILY.format(23, 58))),
    Moment(name="noon", at=_next(DAILY.format(12, 0))),
    Moment(name="month-end", at=_next("FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=23;BYMINUTE=58")),
    Moment(name="leap-day", at=_next("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYHOUR=12;BYMINUTE=0"), quick=True),
    Moment(name="summer-time", at=_next(LAST_SUNDAY.format(3)), zone="Europe/Berlin"),
    Moment(name="winter-time", at=_next(LAST_SUNDAY.format(10)), zone="Europe/Berlin"),
    Moment(name="far-east", at=_next(DAILY.format(11, 30)), zone="Pacific/Apia", quick=True),  # UTC+13
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
