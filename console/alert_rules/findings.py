"""Whether the condition of a rule holds for a SIM as it is now. No database, no clock.

Conditions with a threshold end a little beyond it (hysteresis), so that a value on the threshold does not flap.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache

from console.alert_rules import quota_findings
from console.alert_rules.judged import Finding, Found, JudgedSim
from console.alert_rules.kinds import RuleKind, RuleParameters

DEVICE_DIGITS = 14  # of an IMEI; what follows is a check digit or the version of the software
ON_A_NETWORK = frozenset({"online", "attached"})


Judge = Callable[[RuleParameters, JudgedSim, datetime], Found]


def find(kind: RuleKind, parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """Whether the condition holds for this SIM. For one that is not watched, none does."""
    return JUDGES[kind](parameters, sim, now) if sim.watched else (Finding.ENDED, None)


def _minute(moment: datetime | None) -> str:
    """As it is written in UTC. By far cheaper than a format, and thousands are written at once."""
    if moment is None:
        return ""
    return f"{str(moment if moment.tzinfo is UTC else moment.astimezone(UTC))[:16]} UTC"


@cache
def _hours(hours: int) -> timedelta:
    return timedelta(hours=hours)


def _out_of_contact(sim: JudgedSim, due_at: datetime, now: datetime) -> Finding:
    """Whether a contact was due and has not come: while nobody has asked since then, that is not known."""
    if due_at >= now:
        return Finding.ENDED
    return Finding.HOLDS if sim.known_until is not None and due_at < sim.known_until else Finding.UNKNOWN


def _no_contact(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """A disabled SIM is not expected; one that was never seen is not missed."""
    if sim.status == "disabled":
        return Finding.ENDED, None
    if sim.last_seen_at is None:
        return Finding.UNKNOWN, None
    return _out_of_contact(
        sim, sim.last_seen_at + _hours(parameters.hours or 0), now
    ), lambda: f"last seen {_minute(sim.last_seen_at)}"


def silent_after(parameters: RuleParameters, usual_gap_seconds: int, longest_gap_seconds: int) -> timedelta:
    """After how long without contact a SIM is silent: so many usual gaps, and longer than it ever was before."""
    least = _hours(parameters.hours or 0)
    return max(least, timedelta(seconds=max(usual_gap_seconds * (parameters.times or 0), longest_gap_seconds)))


def _silent(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """A disabled SIM is not expected; of one without a rhythm nothing is."""
    if sim.status == "disabled":
        return Finding.ENDED, None
    if sim.last_seen_at is None or sim.usual_gap_seconds is None or sim.longest_gap_seconds is None:
        return Finding.UNKNOWN, None
    due_at = sim.last_seen_at + silent_after(parameters, sim.usual_gap_seconds, sim.longest_gap_seconds)
    usual = max(1, round(sim.usual_gap_seconds / 3600))
    return (
        _out_of_contact(sim, due_at, now),
        lambda: f"last seen {_minute(sim.last_seen_at)}, usually each {f'{usual} hours' if usual > 1 else 'hour'}",
    )


def _no_session(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    if sim.status == "disabled" or sim.connection not in (None, "attached"):
        return Finding.ENDED, None
    if sim.connection is None or sim.no_session_since is None:
        return Finding.UNKNOWN, None
    holds = now - sim.no_session_since > timedelta(minutes=parameters.minutes or 0)
    return Finding.HOLDS if holds else Finding.ENDED, lambda: f"since {_minute(sim.no_session_since)}"


def _status_changed(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    before = [one for one in sim.was_status if one != sim.status]
    return (Finding.HOLDS, lambda: f"{before[0]}, now {sim.status or 'not known'}") if before else (Finding.ENDED, None)


def _imei_changed(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """Another device: the software's version, or the check digit, may come and go."""
    device = (sim.imei or "")[:DEVICE_DIGITS]
    before = [one for one in sim.was_imei if device and one[:DEVICE_DIGITS] != device]
    return (Finding.HOLDS, lambda: f"{before[0]}, now {sim.imei}") if before else (Finding.ENDED, None)


def _country(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """Of a SIM that is on no network the country is where it last was: that proves nothing new."""
    if sim.country is None or sim.connection not in ON_A_NETWORK:
        return Finding.UNKNOWN, None
    allowed = sim.country in (parameters.countries or ())
    if allowed:
        return Finding.ENDED, None
    return Finding.HOLDS, lambda: f"in {sim.country}{f' on {sim.operator}' if sim.operator else ''}"


JUDGES: dict[RuleKind, Judge] = {
    RuleKind.DATA_QUOTA_BELOW: quota_findings.data_below,
    RuleKind.SMS_QUOTA_BELOW: quota_findings.sms_below,
    RuleKind.QUOTA_USED_UP: quota_findings.used_up,
    RuleKind.DATA_RUNS_OUT: quota_findings.runs_out,
    RuleKind.EXPIRES_SOON: quota_findings.expires,
    RuleKind.EXPIRED: quota_findings.expired,
    RuleKind.NO_CONTACT: _no_contact,
    RuleKind.SILENT: _silent,
    RuleKind.NO_SESSION: _no_session,
    RuleKind.STATUS_CHANGED: _status_changed,
    RuleKind.IMEI_CHANGED: _imei_changed,
    RuleKind.COUNTRY_NOT_ALLOWED: _country,
}
