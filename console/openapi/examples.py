"""An example of each Struct that the API answers."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from console.carrier.rules import OPERATIONS
from console.connectivity.reads import StatusChange
from console.facts.carrier import CarrierStatus, CircuitStatus, Operation
from console.facts.jobs import JobRun
from console.facts.network import NetworkEvent
from console.facts.sims import SimState
from console.facts.sms import Sms
from console.facts.streamer import StreamerStatus
from console.health import Alive, Health, HealthCheck
from console.http.paging import Listing
from console.polling.report import Polling, PollingShare
from console.quotas.reads import Quota
from console.quotas.reconciliation import Difference
from console.runs.api import Jobs
from console.runs.reads import JobState
from console.runs.schedule import JOBS
from console.streamer.posts.reads import Waiting
from console.streamer.reads import Streamer, UnknownSpan
from console.usage.api import Usage
from console.usage.reads import UsageBucket

STRUCTS: dict[str, type[msgspec.Struct]] = {
    one.__name__: one
    for one in (
        SimState,
        StatusChange,
        NetworkEvent,
        Sms,
        Quota,
        Usage,
        UsageBucket,
        CarrierStatus,
        CircuitStatus,
        Operation,
        Jobs,
        JobState,
        JobRun,
        Difference,
        Polling,
        PollingShare,
        Streamer,
        StreamerStatus,
        Waiting,
        UnknownSpan,
        Health,
        HealthCheck,
        Alive,
    )
}
NOW = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
TODAY = NOW.replace(hour=0)
ICCID = "8988228066600000001"
MB = 1024 * 1024

SIM = SimState(
    iccid=ICCID,
    label="pump-1",
    status="enabled",
    connection="online",
    imsi="901405100000001",
    msisdn="882285100000001",
    imei="867648040000001",
    imei_lock=False,
    ip_address="10.64.0.17",
    operator="Deutsche Telekom",
    country="DE",
    rat="LTE",
    apn="iot.1nce.net",
    cell="5521/28417793",
    session_started_at=NOW - timedelta(hours=2),
    last_seen_at=NOW - timedelta(seconds=40),
    data_left_bytes=412 * MB,
    data_total_bytes=500 * MB,
    data_quota="active",
    data_expires_at=TODAY.replace(year=2035),
    sms_left=243,
    sms_total=250,
    sms_quota="active",
    activated_at=TODAY.replace(year=2025),
    confirmed_at=NOW - timedelta(seconds=40),
    confirmed_by="streamer",
    changed_at=NOW - timedelta(hours=2),
    revision=812,
)
STATUS = StatusChange(
    iccid=ICCID,
    time=NOW - timedelta(hours=2),
    connection="online",
    operator="Deutsche Telekom",
    country="DE",
    rat="LTE",
    apn="iot.1nce.net",
    cell="5521/28417793",
    source="streamer",
)
EVENT = NetworkEvent(
    id="90210",
    iccid=ICCID,
    time=NOW - timedelta(hours=2),
    type=3,
    name="Create PDP Context",
    severity="info",
    description="New PDP Context successfully activated.",
    operator="Deutsche Telekom",
    country="DE",
)
SMS = Sms(
    iccid=ICCID,
    direction="mo",
    id="8901947",
    time=NOW - timedelta(minutes=3),
    status="delivered",
    payload="pump 1: 21.5 C",
    source_address="882285100000001",
    dest_address="338",
    dcs=0,
    submitted_at=NOW - timedelta(minutes=3),
    source="streamer",
)
QUOTA = Quota(
    iccid=ICCID,
    service="data",
    status="active",
    left_bytes=412 * MB,
    total_bytes=500 * MB,
    accumulated_bytes=500 * MB,
    last_added_bytes=500 * MB,
    left_messages=None,
    total_messages=None,
    accumulated_messages=None,
    last_added_messages=None,
    threshold_percent=20,
    expires_at=TODAY.replace(year=2035),
    created_at=TODAY.replace(year=2025),
    changed_at=NOW - timedelta(minutes=30),
    confirmed_at=NOW - timedelta(minutes=4),
)
DIFFERENCE = Difference(
    iccid=ICCID,
    label="pump-1",
    quota_bytes=88 * MB,
    records_bytes=80 * MB,
    difference_bytes=8 * MB,
    direction="records_missing",
    since=NOW - timedelta(hours=3),
    compared_from=NOW - timedelta(days=30),
    checked_at=NOW - timedelta(minutes=4),
)
STANDING = PollingShare(
    kind="status",
    share_percent=50.0,
    calls_per_second=4.25,
    on_screen_seconds=21.2,
    low_seconds=None,
    under_way_seconds=None,
    moved_seconds=941.2,
    rest_seconds=40301.7,
    oldest_seconds=42412.9,
    oldest_at=NOW - timedelta(hours=9),
    answered_last_hour=13100,
    never=0,
    unanswered=2,
    first_pass_seconds=None,
)
POLLING = Polling(
    as_of=NOW,
    calls_allowed_per_second=10.0,
    calls_spent_per_second=8.5,
    events_pushed=True,
    sims=100_000,
    on_screen=25,
    moved=800,
    low=120,
    under_way=3,
    shares=[STANDING],
)
STREAMER = StreamerStatus(
    kind="usage",
    state="overdue",
    since=NOW - timedelta(minutes=4),
    usual_interval_seconds=10,
    judged=True,
    last_post_at=NOW - timedelta(minutes=4),
    missed_since=None,
    found=0,
)
WAITING = Waiting(posts=2, oldest_at=NOW - timedelta(seconds=1), retried=0, posts_set_aside=0, records_set_aside=3)
UNKNOWN = UnknownSpan(since=NOW - timedelta(minutes=4), until=NOW)
STEP = UsageBucket(time=TODAY, data_bytes=3 * MB, derived_bytes=0, sms=1)
USAGE = Usage(
    by="day",
    since=TODAY,
    until=NOW,
    data_bytes=STEP.data_bytes,
    derived_bytes=0,
    sms=STEP.sms,
    items=[STEP],
    unknown=[UNKNOWN],
)
RUN = JobRun(
    id=4711,
    job=JOBS[0].name,
    state="done",
    started_at=NOW - timedelta(minutes=15),
    finished_at=NOW - timedelta(minutes=15, seconds=-4),
    seen=2000,
    changed=3,
    failed=0,
    error=None,
)
JOB = JobState(
    name=JOBS[0].name,
    description=JOBS[0].description,
    every=JOBS[0].every,
    next_run_at=NOW + timedelta(minutes=15),
    last_run=RUN,
    failures_today=0,
)
LINE = CircuitStatus(state="closed", since=TODAY, answered_at=NOW - timedelta(seconds=2))
OPERATION = Operation(
    name="sim.topup",
    description=OPERATIONS["sim.topup"],
    available=False,
    unavailable_reason="1NCE has switched this part of its API off.",
    status=410,
    since=NOW - timedelta(hours=3),
    answered_at=NOW - timedelta(hours=3),
    retry_at=NOW + timedelta(hours=21),
)
CURSOR = "WyJpY2NpZCIsIjg5ODgyMjgwNjY2MDAwMDAwMDEiXQ"


def _plain(thing: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(thing))


def _listed(thing: Any, *, counted: bool = False) -> Any:
    counts = {"total": 2000, "page": 1, "pages": 2000} if counted else {}
    return _plain(Listing(items=[thing], page_size=1, next_cursor=CURSOR, **counts))


EXAMPLES: dict[str, Any] = {
    **{
        type(one).__name__: _plain(one)
        for one in (
            SIM,
            STATUS,
            EVENT,
            SMS,
            QUOTA,
            STEP,
            USAGE,
            LINE,
            OPERATION,
            RUN,
            JOB,
            DIFFERENCE,
            STANDING,
            POLLING,
            STREAMER,
            WAITING,
            UNKNOWN,
        )
    },
    "CarrierStatus": _plain(CarrierStatus(circuit=LINE, operations=[OPERATION])),
    "Streamer": _plain(Streamer(state=STREAMER.state, kinds=[STREAMER], waiting=WAITING)),
    "Jobs": _plain(Jobs(items=[JOB], runs=[RUN])),
    "SimStateListing": _listed(SIM, counted=True),
    "StatusChangeListing": _listed(STATUS),
    "NetworkEventListing": _listed(EVENT),
    "SmsListing": _listed(SMS),
    "QuotaListing": _listed(QUOTA),
    "DifferenceListing": _listed(DIFFERENCE),
    "Health": {
        "status": "ok",
        "services": [{"name": "database", "healthy": True, "detail": "answers", "required": True}],
    },
    "HealthCheck": {"name": "database", "healthy": True, "detail": "answers", "required": True},
    "Alive": {"status": "ok"},
}
