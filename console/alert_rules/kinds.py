"""The kinds of alert rules: what each asks, which numbers it takes, and what it is judged by. No database, no clock."""

from enum import StrEnum
from typing import Annotated, Literal

from msgspec import Meta, Struct, structs

from console.errors import Invalid

Percent = Annotated[int, Meta(ge=1, le=100)]
Country = Annotated[str, Meta(pattern="^[A-Z]{2}$")]


class RuleKind(StrEnum):
    """What a rule asks."""

    DATA_QUOTA_BELOW = "data_quota_below"
    SMS_QUOTA_BELOW = "sms_quota_below"
    QUOTA_USED_UP = "quota_used_up"
    DATA_RUNS_OUT = "data_runs_out"
    EXPIRES_SOON = "expires_soon"
    EXPIRED = "expired"
    NO_CONTACT = "no_contact"
    SILENT = "silent"
    NO_SESSION = "no_session"
    SESSIONS_FLAPPING = "sessions_flapping"
    USAGE_SPIKE = "usage_spike"
    SMS_FAILING = "sms_failing"
    STATUS_CHANGED = "status_changed"
    IMEI_CHANGED = "imei_changed"
    COUNTRY_NOT_ALLOWED = "country_not_allowed"
    SHARE_LEFT = "share_left"
    STREAMER_STALE = "streamer_stale"
    POLLING_STALE = "polling_stale"
    CARRIER_FAILING = "carrier_failing"
    JOB_FAILING = "job_failing"
    RECONCILIATION_DIFFERS = "reconciliation_differs"
    ACTION_UNKNOWN = "action_unknown"
    BUDGET_NEARLY_SPENT = "budget_nearly_spent"
    SECRET_DUE = "secret_due"  # noqa: S105 - the name of a kind


class Feed(StrEnum):
    """Where what a rule is judged by comes from."""

    NETWORK = "network"  # the Data Streamer's events, or polls
    POLLING = "polling"
    OWN = "own"  # the console's own tables: never stale


class RuleParameters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The numbers of a rule; which of them a rule takes depends on its kind."""

    percent: Annotated[
        Percent | None,
        Meta(description="Of a quota left, of a group's SIMs, of a budget spent.", examples=[10]),
    ] = None
    left_bytes: Annotated[
        Annotated[int, Meta(ge=0, le=10**15)] | None, Meta(description="Left of a data quota.", examples=[10485760])
    ] = None
    left_messages: Annotated[
        Annotated[int, Meta(ge=0, le=10**9)] | None, Meta(description="Left of an SMS quota.", examples=[25])
    ] = None
    service: Annotated[Literal["data", "sms"] | None, Meta(description="Which quota.", examples=["data"])] = None
    hours: Annotated[
        Annotated[int, Meta(ge=1, le=8760)] | None, Meta(description="Without contact, or within which.", examples=[24])
    ] = None
    days: Annotated[
        Annotated[int, Meta(ge=1, le=3650)] | None,
        Meta(description="Until it expires, runs out, or is due.", examples=[30]),
    ] = None
    minutes: Annotated[
        Annotated[int, Meta(ge=1, le=1440)] | None, Meta(description="Within which, or after which.", examples=[5])
    ] = None
    countries: Annotated[
        Annotated[tuple[Country, ...], Meta(min_length=1, max_length=250)] | None,
        Meta(description="Those that are allowed: ISO 3166 alpha-2.", examples=[["DE", "AT"]]),
    ] = None
    by: Annotated[
        Literal["operator", "country", "tag"] | None,
        Meta(description="What SIMs have in common.", examples=["operator"]),
    ] = None
    least_sims: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | None, Meta(description="Fewer are no alert.", examples=[20])
    ] = None
    failures: Annotated[
        Annotated[int, Meta(ge=1, le=20)] | None,
        Meta(description="Runs of a job, or messages to a SIM, one after another.", examples=[3]),
    ] = None
    times: Annotated[
        Annotated[int, Meta(ge=2, le=100)] | None, Meta(description="Its usual gap between contacts.", examples=[3])
    ] = None
    sessions: Annotated[
        Annotated[int, Meta(ge=2, le=1000)] | None, Meta(description="Begun by a SIM.", examples=[10])
    ] = None
    deviations: Annotated[
        Annotated[int, Meta(ge=1, le=100)] | None,
        Meta(description="Median absolute deviations, scaled to standard deviations.", examples=[5]),
    ] = None
    least_bytes: Annotated[
        Annotated[int, Meta(ge=1, le=10**15)] | None,
        Meta(description="Above the median in an hour; less is no spike.", examples=[10485760]),
    ] = None


class KindDefinition(Struct, frozen=True, kw_only=True):
    """A kind of rule: what people call it, its numbers, and how it is judged."""

    text: str
    takes: tuple[str, ...] = ()  # parameters that it must have
    either: tuple[str, ...] = ()  # parameters of which it must have at least one
    feed: Feed = Feed.OWN
    of_sims: bool = False  # asked of each SIM; takes a filter
    by_time: bool = False  # becomes true while nothing changes
    of_histories: bool = False  # found in the histories of SIMs, once a minute
    momentary: bool = False  # a change, which holds at no time: `for` has no meaning


KINDS: dict[RuleKind, KindDefinition] = {
    RuleKind.DATA_QUOTA_BELOW: KindDefinition(
        text="Data quota low", either=("percent", "left_bytes"), feed=Feed.POLLING, of_sims=True
    ),
    RuleKind.SMS_QUOTA_BELOW: KindDefinition(
        text="SMS quota low", either=("percent", "left_messages"), feed=Feed.POLLING, of_sims=True
    ),
    RuleKind.QUOTA_USED_UP: KindDefinition(
        text="Quota used up or expired", takes=("service",), feed=Feed.POLLING, of_sims=True
    ),
    RuleKind.DATA_RUNS_OUT: KindDefinition(
        text="Data runs out soon", takes=("days",), feed=Feed.POLLING, of_sims=True, by_time=True
    ),
    RuleKind.EXPIRES_SOON: KindDefinition(
        text="Data quota expiry", takes=("days",), feed=Feed.POLLING, of_sims=True, by_time=True
    ),
    RuleKind.EXPIRED: KindDefinition(text="Data quota expired", feed=Feed.POLLING, of_sims=True, by_time=True),
    RuleKind.NO_CONTACT: KindDefinition(
        text="No contact", takes=("hours",), feed=Feed.NETWORK, of_sims=True, by_time=True
    ),
    RuleKind.SILENT: KindDefinition(
        text="Silent against its own rhythm", takes=("times", "hours"), feed=Feed.NETWORK, of_sims=True, by_time=True
    ),
    RuleKind.NO_SESSION: KindDefinition(
        text="Registered without session", takes=("minutes",), feed=Feed.NETWORK, of_sims=True, by_time=True
    ),
    RuleKind.SESSIONS_FLAPPING: KindDefinition(
        text="Sessions flapping", takes=("sessions", "minutes"), feed=Feed.NETWORK, of_sims=True, of_histories=True
    ),
    RuleKind.USAGE_SPIKE: KindDefinition(
        text="Usage spike", takes=("deviations", "least_bytes"), feed=Feed.NETWORK, of_sims=True, of_histories=True
    ),
    RuleKind.SMS_FAILING: KindDefinition(
        text="SMS failing", takes=("failures", "hours"), feed=Feed.POLLING, of_sims=True, of_histories=True
    ),
    RuleKind.STATUS_CHANGED: KindDefinition(text="Status changed", feed=Feed.OWN, of_sims=True, momentary=True),
    RuleKind.IMEI_CHANGED: KindDefinition(text="IMEI changed", feed=Feed.OWN, of_sims=True, momentary=True),
    RuleKind.COUNTRY_NOT_ALLOWED: KindDefinition(
        text="Country not allowed", takes=("countries",), feed=Feed.NETWORK, of_sims=True
    ),
    RuleKind.SHARE_LEFT: KindDefinition(
        text="Many SIMs left", takes=("percent", "minutes", "by", "least_sims"), feed=Feed.NETWORK
    ),
    RuleKind.STREAMER_STALE: KindDefinition(text="Data Streamer silent"),
    RuleKind.POLLING_STALE: KindDefinition(text="Polling stale", takes=("minutes",)),
    RuleKind.CARRIER_FAILING: KindDefinition(text="1NCE does not answer"),
    RuleKind.JOB_FAILING: KindDefinition(text="Job failing", takes=("failures",)),
    RuleKind.RECONCILIATION_DIFFERS: KindDefinition(text="Quota and usage differ", takes=("least_sims",)),
    RuleKind.ACTION_UNKNOWN: KindDefinition(text="Action unknown", takes=("minutes",)),
    RuleKind.BUDGET_NEARLY_SPENT: KindDefinition(text="Budget nearly spent", takes=("percent",)),
    RuleKind.SECRET_DUE: KindDefinition(text="Secret due", takes=("days",)),
}


def check(kind: RuleKind, parameters: RuleParameters, *, has_filter: bool, for_seconds: int) -> None:
    """Raises Invalid, in a sentence, for numbers that this kind does not take, or lacks."""
    definition = KINDS[kind]
    given = {name for name, value in structs.asdict(parameters).items() if value is not None}
    if lacking := [name for name in definition.takes if name not in given]:
        raise Invalid(f"A rule of the kind {kind} needs {', '.join(lacking)}", parameter=lacking[0])
    if definition.either and not given & set(definition.either):
        raise Invalid(f"A rule of the kind {kind} needs {' or '.join(definition.either)}")
    if extra := sorted(given - {*definition.takes, *definition.either}):
        raise Invalid(f"A rule of the kind {kind} takes no {', '.join(extra)}", parameter=extra[0])
    if has_filter and not definition.of_sims:
        raise Invalid(f"A rule of the kind {kind} is about no single SIM: it takes no filter")
    if for_seconds and definition.momentary:
        raise Invalid(f"A rule of the kind {kind} asks for a change, which lasts no time: it takes no for_seconds")
