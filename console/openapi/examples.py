"""An example of each Struct that the API answers."""

from datetime import timedelta
from typing import Any

import msgspec

from console.carrier.rules import OPERATIONS
from console.facts.carrier import CarrierStatus, CircuitStatus, Operation
from console.facts.jobs import JobRun
from console.facts.streamer import StreamerStatus
from console.http.paging import Listing
from console.openapi.sim_examples import DIFFERENCE, EVENT, NOW, QUOTA, SIM, SMS, STATUS, STEP, TODAY, UNKNOWN, USAGE
from console.polling.report import Polling, PollingShare
from console.runs.api import Jobs
from console.runs.reads import JobState
from console.runs.schedule import JOBS
from console.sims.watching.api import WatchedSim
from console.sims.watching.rules import SYNC_CALLS, SyncRequest, Watch, WatchRequest
from console.streamer.posts.reads import Waiting
from console.streamer.reads import Streamer

SHARE = PollingShare(
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
    shares=[SHARE],
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
CIRCUIT = CircuitStatus(state="closed", since=TODAY, answered_at=NOW - timedelta(seconds=2))
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
ASKED_FOR = WatchRequest(iccid=SIM.iccid, requested_at=NOW, requested_by="ada")
SYNC = SyncRequest(
    subject=SIM.iccid, requested_at=NOW, job="sync_sim", calls=SYNC_CALLS, retry_at=NOW + timedelta(seconds=30)
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
            ASKED_FOR,
            SYNC,
            STATUS,
            EVENT,
            SMS,
            QUOTA,
            STEP,
            USAGE,
            CIRCUIT,
            OPERATION,
            RUN,
            JOB,
            DIFFERENCE,
            SHARE,
            POLLING,
            STREAMER,
            WAITING,
            UNKNOWN,
        )
    },
    "NewWatch": {"iccid": SIM.iccid, "tags": ["pump"], "custom_fields": {"site": "Berlin"}},
    "SimChanges": {"tags": ["pump"], "note": None, "custom_fields": {"site": "Hamburg"}, "edits": 3},
    "WatchedSim": _plain(WatchedSim(iccid=SIM.iccid, watch=Watch.REQUESTED, request=ASKED_FOR)),
    "CarrierStatus": _plain(CarrierStatus(circuit=CIRCUIT, operations=[OPERATION])),
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
    "Liveness": {"status": "ok"},
}
