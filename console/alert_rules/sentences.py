"""A rule as a sentence."""

from console.alert_rules.kinds import RuleKind, RuleParameters
from console.facts.alerts import Severity

MEBIBYTE = 1024 * 1024
UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def condition(kind: RuleKind, parameters: RuleParameters) -> str:
    """What a rule asks, without its first capital."""
    p = parameters
    match kind:
        case RuleKind.DATA_QUOTA_BELOW:
            return f"a SIM has less than {_amounts(p.percent, p.left_bytes, None)} of its data left"
        case RuleKind.SMS_QUOTA_BELOW:
            return f"a SIM has less than {_amounts(p.percent, None, p.left_messages)} of its SMS left"
        case RuleKind.QUOTA_USED_UP:
            return f"a SIM has no {'data' if p.service == 'data' else 'SMS'} left, or its quota has expired"
        case RuleKind.EXPIRES_SOON:
            return f"a SIM's data quota expires within {_many(p.days, 'day')}"
        case RuleKind.NO_CONTACT:
            return f"an enabled SIM was not seen by any network for {_many(p.hours, 'hour')}"
        case RuleKind.EXPIRED:
            return "the data quota of an enabled SIM has expired"
        case RuleKind.STATUS_CHANGED:
            return "a SIM is enabled or disabled"
        case RuleKind.IMEI_CHANGED:
            return "a SIM is in another device"
        case RuleKind.COUNTRY_NOT_ALLOWED:
            return f"a SIM is on a network outside {', '.join(p.countries or ())}"
        case RuleKind.SHARE_LEFT:
            group = {"operator": "an operator's SIMs", "country": "a country's SIMs"}.get(
                p.by or "", "SIMs with one tag"
            )
            return f"{p.percent} % of {group}, {p.least_sims} at least, leave within {_many(p.minutes, 'minute')}"
    return _of_lately(kind, parameters)


def _of_lately(kind: RuleKind, p: RuleParameters) -> str:
    match kind:
        case RuleKind.DATA_RUNS_OUT:
            return f"a SIM's data runs out within {_many(p.days, 'day')} by the forecast of its use"
        case RuleKind.SILENT:
            return (
                f"an enabled SIM was not seen for {p.times} times its usual gap, {_many(p.hours, 'hour')} at least,"
                " and longer than ever in four weeks"
            )
        case RuleKind.NO_SESSION:
            return f"a SIM is registered without a data session for {_many(p.minutes, 'minute')}"
        case RuleKind.SESSIONS_FLAPPING:
            return f"a SIM begins {_many(p.sessions, 'session')} within {_many(p.minutes, 'minute')}"
        case RuleKind.USAGE_SPIKE:
            least = f"{(p.least_bytes or 0) / MEBIBYTE:,.6g} MB"
            return (
                f"a SIM uses {_many(p.deviations, 'deviation')}, {least} at least, more in an hour than usual at that"
                " hour of the week, by the last week, two and four"
            )
        case RuleKind.SMS_FAILING:
            return f"{_many(p.failures, 'message')} in a row to a SIM do not arrive within {_many(p.hours, 'hour')}"
    return _of_the_console(kind, p)


def _of_the_console(kind: RuleKind, p: RuleParameters) -> str:
    match kind:
        case RuleKind.STREAMER_STALE:
            return "the Data Streamer is overdue, or polling finds what it did not post"
        case RuleKind.POLLING_STALE:
            return f"no poll of SIMs has succeeded for {_many(p.minutes, 'minute')}"
        case RuleKind.CARRIER_FAILING:
            return "the circuit breaker of 1NCE is not closed"
        case RuleKind.JOB_FAILING:
            return f"a job has failed {_many(p.failures, 'time')} in a row"
        case RuleKind.RECONCILIATION_DIFFERS:
            return f"quota and usage records of {_many(p.least_sims, 'SIM')} or more do not agree"
        case RuleKind.ACTION_UNKNOWN:
            return f"an action is unknown for {_many(p.minutes, 'minute')}"
        case RuleKind.SECRET_DUE:
            return f"a secret of 1NCE, of a webhook or an API key is due within {_many(p.days, 'day')}, or overdue"
        case _:
            return f"{p.percent} % of a budget of top-ups is spent or reserved"


def sentence(
    kind: RuleKind,
    parameters: RuleParameters,
    *,
    filter_text: str,
    severity: Severity,
    for_seconds: int,
    keep_firing_seconds: int,
) -> str:
    """The whole rule: "Critical when 20 % of an operator's SIMs, 20 at least, leave within 5 minutes." """
    parts = [f"{severity.capitalize()} when {condition(kind, parameters)}"]
    if filter_text:
        parts.append(f"of the SIMs with {filter_text.replace('&', ', ').replace('=', ' ')}")
    if for_seconds:
        parts.append(f"for {span(for_seconds)}")
    text = ", ".join(parts) + "."
    return text + (f" It is kept for {span(keep_firing_seconds)} after that has ended." if keep_firing_seconds else "")


def span(seconds: int) -> str:
    """Seconds in the largest unit that they are whole in."""
    size, unit = next((size, unit) for size, unit in UNITS if seconds % size == 0)
    return _many(seconds // size, unit)


def _many(number: int | None, unit: str) -> str:
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def _amounts(percent: int | None, left_bytes: int | None, messages: int | None) -> str:
    found = [f"{percent} %"] if percent is not None else []
    if left_bytes is not None:
        found.append(f"{left_bytes / MEBIBYTE:,.6g} MB")
    if messages is not None:
        found.append(f"{messages:,} messages")
    return " or ".join(found)
