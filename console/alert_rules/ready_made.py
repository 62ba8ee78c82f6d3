"""The rules that each organization is given. They are its own from then on: changed, disabled or deleted at will."""

from msgspec import Struct

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.facts.alerts import Severity

VERSION = 4  # of the set; an organization is given what came after the version that it has
HOUR = 3_600


class ReadyMade(Struct, frozen=True, kw_only=True):
    """A rule of the set."""

    name: str
    kind: RuleKind
    severity: Severity
    parameters: RuleParameters = RuleParameters()
    for_seconds: int = 0
    keep_firing_seconds: int = 0
    since: int = 1  # the version of the set that brought it


READY_MADE = (
    ReadyMade(
        name="Operator lost",
        kind=RuleKind.SHARE_LEFT,
        severity=Severity.CRITICAL,
        parameters=RuleParameters(percent=20, minutes=5, by="operator", least_sims=20),
        keep_firing_seconds=120,
    ),
    ReadyMade(
        name="1NCE does not answer", kind=RuleKind.CARRIER_FAILING, severity=Severity.CRITICAL, keep_firing_seconds=60
    ),
    ReadyMade(name="Data Streamer silent", kind=RuleKind.STREAMER_STALE, severity=Severity.CRITICAL),
    ReadyMade(
        name="Polling stale",
        kind=RuleKind.POLLING_STALE,
        severity=Severity.CRITICAL,
        parameters=RuleParameters(minutes=15),
    ),
    ReadyMade(
        name="Data used up or expired",
        kind=RuleKind.QUOTA_USED_UP,
        severity=Severity.WARNING,
        parameters=RuleParameters(service="data"),
    ),
    ReadyMade(
        name="Data low",
        kind=RuleKind.DATA_QUOTA_BELOW,
        severity=Severity.WARNING,
        parameters=RuleParameters(percent=10),
    ),
    ReadyMade(
        name="SMS low", kind=RuleKind.SMS_QUOTA_BELOW, severity=Severity.INFO, parameters=RuleParameters(percent=10)
    ),
    ReadyMade(
        name="Data quota expires",
        kind=RuleKind.EXPIRES_SOON,
        severity=Severity.INFO,
        parameters=RuleParameters(days=30),
    ),
    ReadyMade(
        name="No contact for a day",
        kind=RuleKind.NO_CONTACT,
        severity=Severity.INFO,
        parameters=RuleParameters(hours=24),
    ),
    ReadyMade(
        name="Device changed",
        kind=RuleKind.IMEI_CHANGED,
        severity=Severity.WARNING,
        keep_firing_seconds=24 * HOUR,
    ),
    ReadyMade(
        name="Enabled or disabled", kind=RuleKind.STATUS_CHANGED, severity=Severity.INFO, keep_firing_seconds=HOUR
    ),
    ReadyMade(
        name="Job failing", kind=RuleKind.JOB_FAILING, severity=Severity.WARNING, parameters=RuleParameters(failures=3)
    ),
    ReadyMade(
        name="Quota and usage differ",
        kind=RuleKind.RECONCILIATION_DIFFERS,
        severity=Severity.WARNING,
        parameters=RuleParameters(least_sims=1),
    ),
    ReadyMade(
        name="Action unknown",
        kind=RuleKind.ACTION_UNKNOWN,
        severity=Severity.WARNING,
        parameters=RuleParameters(minutes=10),
    ),
    ReadyMade(
        name="Budget nearly spent",
        kind=RuleKind.BUDGET_NEARLY_SPENT,
        severity=Severity.WARNING,
        parameters=RuleParameters(percent=80),
    ),
    ReadyMade(
        name="Secret due",
        kind=RuleKind.SECRET_DUE,
        severity=Severity.WARNING,
        parameters=RuleParameters(days=7),
        since=2,
    ),
    ReadyMade(
        name="Data quota expires in three months",
        kind=RuleKind.EXPIRES_SOON,
        severity=Severity.INFO,
        parameters=RuleParameters(days=90),
        since=3,
    ),
    ReadyMade(name="Data quota expired, SIM enabled", kind=RuleKind.EXPIRED, severity=Severity.WARNING, since=3),
    ReadyMade(
        name="Silent against its own rhythm",
        kind=RuleKind.SILENT,
        severity=Severity.WARNING,
        parameters=RuleParameters(times=3, hours=2),
        since=3,
    ),
    ReadyMade(
        name="Registered without session",
        kind=RuleKind.NO_SESSION,
        severity=Severity.INFO,
        parameters=RuleParameters(minutes=360),
        since=3,
    ),
    ReadyMade(
        name="Sessions flapping",
        kind=RuleKind.SESSIONS_FLAPPING,
        severity=Severity.INFO,
        parameters=RuleParameters(sessions=20, minutes=60),
        keep_firing_seconds=HOUR,
        since=3,
    ),
    ReadyMade(
        name="Usage spike",
        kind=RuleKind.USAGE_SPIKE,
        severity=Severity.WARNING,
        parameters=RuleParameters(deviations=5, least_bytes=10 * 1024 * 1024),
        since=3,
    ),
    ReadyMade(
        name="SMS failing",
        kind=RuleKind.SMS_FAILING,
        severity=Severity.WARNING,
        parameters=RuleParameters(failures=3, hours=24),
        since=3,
    ),
    ReadyMade(
        name="Data runs out within a week",
        kind=RuleKind.DATA_RUNS_OUT,
        severity=Severity.WARNING,
        parameters=RuleParameters(days=7),
        since=4,
    ),
)
