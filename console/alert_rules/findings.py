"""Whether the condition of a rule holds for a SIM as it is now. No database, no clock.

Conditions with a threshold end a little beyond it (hysteresis), so that a value on the threshold does not flap.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from console.alert_rules.kinds import RuleKind, RuleParameters

DEVICE_DIGITS = 14  # of an IMEI; what follows is a check digit or the version of the software
ON_A_NETWORK = frozenset({"online", "attached"})
MEBIBYTE = 1024 * 1024


class Finding(StrEnum):
    """Whether a condition holds."""

    HOLDS = "holds"
    STAYS = "stays"  # between both thresholds: as it was before
    ENDED = "ended"
    UNKNOWN = "unknown"  # nothing is known that it could be judged by: as it was before


class JudgedSim(Struct, frozen=True):
    """What rules ask of a SIM. The `was_` fields: every value that it had since it was judged last."""

    iccid: str
    status: str | None = None
    imei: str | None = None
    connection: str | None = None
    operator: str | None = None
    country: str | None = None
    last_seen_at: datetime | None = None
    data_left_bytes: int | None = None
    data_total_bytes: int | None = None
    data_quota: str | None = None
    data_expires_at: datetime | None = None
    sms_left: int | None = None
    sms_total: int | None = None
    sms_quota: str | None = None
    no_session_since: datetime | None = None  # registered since then, without a data session
    usual_gap_seconds: int | None = None  # between contacts; one in twenty is longer
    longest_gap_seconds: int | None = None
    watched: bool = True
    was_status: Sequence[str] = ()
    was_imei: Sequence[str] = ()


Found = tuple[Finding, Callable[[], str] | None]  # and what says in words what was found, asked only if needed
Judge = Callable[[RuleParameters, JudgedSim, datetime], Found]


def find(kind: RuleKind, parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """Whether the condition holds for this SIM. For one that is not watched, none does."""
    return JUDGES[kind](parameters, sim, now) if sim.watched else (Finding.ENDED, None)


def _below(left: int | None, total: int | None, percent: int | None, amount: int | None) -> Finding:
    """A quota below a share or an amount; it ends a quarter above."""
    if left is None or (amount is None and not total):
        return Finding.UNKNOWN
    share = percent if total else None
    if (amount is not None and left < amount) or (share and total and left * 100 < total * share):
        return Finding.HOLDS
    if (amount is not None and left * 4 < amount * 5) or (share and total and left * 400 < total * share * 5):
        return Finding.STAYS
    return Finding.ENDED


def _data_below(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    finding = _below(sim.data_left_bytes, sim.data_total_bytes, parameters.percent, parameters.left_bytes)
    if sim.data_left_bytes is None:
        return finding, None
    return finding, lambda: f"{_megabytes(sim.data_left_bytes, sim.data_total_bytes)} left"


def _megabytes(left: int | None, total: int | None) -> str:
    return f"{(left or 0) / MEBIBYTE:,.1f}{f' of {total // MEBIBYTE:,}' if total else ''} MB"


def _sms_below(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    finding = _below(sim.sms_left, sim.sms_total, parameters.percent, parameters.left_messages)
    if sim.sms_left is None:
        return finding, None
    return finding, lambda: f"{sim.sms_left:,}{f' of {sim.sms_total:,}' if sim.sms_total else ''} SMS left"


def _used_up(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    data = parameters.service == "data"
    left, word = (sim.data_left_bytes, sim.data_quota) if data else (sim.sms_left, sim.sms_quota)
    if left is None and word is None:
        return Finding.UNKNOWN, None
    if word == "expired":
        return Finding.HOLDS, lambda: f"{parameters.service} quota expired"
    used_up = word == "exhausted" or (left is not None and left <= 0)
    return (Finding.HOLDS, lambda: f"no {parameters.service} left") if used_up else (Finding.ENDED, None)


def _expires(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    if sim.data_expires_at is None:
        return Finding.UNKNOWN, None
    holds = sim.data_expires_at <= now + timedelta(days=parameters.days or 0)
    word = "expired" if sim.data_expires_at <= now else "expires"
    return Finding.HOLDS if holds else Finding.ENDED, lambda: f"{word} on {sim.data_expires_at:%Y-%m-%d}"


def _no_contact(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """A disabled SIM is not expected; one that was never seen is not missed."""
    if sim.status == "disabled":
        return Finding.ENDED, None
    if sim.last_seen_at is None:
        return Finding.UNKNOWN, None
    silent = now - sim.last_seen_at > timedelta(hours=parameters.hours or 0)
    return Finding.HOLDS if silent else Finding.ENDED, lambda: f"last seen {sim.last_seen_at:%Y-%m-%d %H:%M} UTC"


def silent_after(parameters: RuleParameters, usual_gap_seconds: int, longest_gap_seconds: int) -> timedelta:
    """After how long without contact a SIM is silent: so many usual gaps, and longer than it ever was before."""
    least = timedelta(hours=parameters.hours or 0)
    return max(least, timedelta(seconds=max(usual_gap_seconds * (parameters.times or 0), longest_gap_seconds)))


def _silent(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """A disabled SIM is not expected; of one without a rhythm nothing is."""
    if sim.status == "disabled":
        return Finding.ENDED, None
    if sim.last_seen_at is None or sim.usual_gap_seconds is None or sim.longest_gap_seconds is None:
        return Finding.UNKNOWN, None
    silent = now - sim.last_seen_at > silent_after(parameters, sim.usual_gap_seconds, sim.longest_gap_seconds)
    usual = max(1, round(sim.usual_gap_seconds / 3600))
    return (
        Finding.HOLDS if silent else Finding.ENDED,
        lambda: (
            f"last seen {sim.last_seen_at:%Y-%m-%d %H:%M} UTC, usually each {f'{usual} hours' if usual > 1 else 'hour'}"
        ),
    )


def _no_session(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    if sim.status == "disabled" or sim.connection not in (None, "attached"):
        return Finding.ENDED, None
    if sim.connection is None or sim.no_session_since is None:
        return Finding.UNKNOWN, None
    holds = now - sim.no_session_since > timedelta(minutes=parameters.minutes or 0)
    return Finding.HOLDS if holds else Finding.ENDED, lambda: f"since {sim.no_session_since:%Y-%m-%d %H:%M} UTC"


def _expired(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """The SIM is still enabled: it can be extended. A top-up moves the date."""
    if sim.status == "disabled":
        return Finding.ENDED, None
    if sim.data_expires_at is None:
        return Finding.UNKNOWN, None
    holds = sim.data_expires_at <= now
    return Finding.HOLDS if holds else Finding.ENDED, lambda: f"on {sim.data_expires_at:%Y-%m-%d}"


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
    RuleKind.DATA_QUOTA_BELOW: _data_below,
    RuleKind.SMS_QUOTA_BELOW: _sms_below,
    RuleKind.QUOTA_USED_UP: _used_up,
    RuleKind.EXPIRES_SOON: _expires,
    RuleKind.EXPIRED: _expired,
    RuleKind.NO_CONTACT: _no_contact,
    RuleKind.SILENT: _silent,
    RuleKind.NO_SESSION: _no_session,
    RuleKind.STATUS_CHANGED: _status_changed,
    RuleKind.IMEI_CHANGED: _imei_changed,
    RuleKind.COUNTRY_NOT_ALLOWED: _country,
}
