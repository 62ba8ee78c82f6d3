"""An example of each Struct about a SIM."""

from datetime import UTC, datetime, timedelta

from console.connectivity.reads import StatusChange
from console.facts.network import NetworkEvent
from console.facts.sims import SimState
from console.facts.sms import Sms
from console.quotas.reads import Quota
from console.quotas.reconciliation import Difference
from console.streamer.reads import UnknownSpan
from console.usage.api import Usage
from console.usage.reads import UsageBucket

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
    tags=["cold-store", "pump"],
    note="Behind the second door.",
    custom_fields={"customer": "Acme", "site": "Berlin"},
    edits=3,
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
