"""Whether the condition of a rule holds for what a SIM has left. No database, no clock."""

from datetime import datetime, timedelta

from console.alert_rules.judged import Finding, Found, JudgedSim
from console.alert_rules.kinds import RuleParameters

MEBIBYTE = 1024 * 1024


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


def data_below(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """Less data left than a share or an amount."""
    finding = _below(sim.data_left_bytes, sim.data_total_bytes, parameters.percent, parameters.left_bytes)
    if sim.data_left_bytes is None:
        return finding, None
    return finding, lambda: f"{_megabytes(sim.data_left_bytes, sim.data_total_bytes)} left"


def _megabytes(left: int | None, total: int | None) -> str:
    return f"{max(0, left or 0) / MEBIBYTE:,.1f}{f' of {total // MEBIBYTE:,}' if total else ''} MB"


def sms_below(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """Fewer messages left than a share or an amount."""
    finding = _below(sim.sms_left, sim.sms_total, parameters.percent, parameters.left_messages)
    if sim.sms_left is None:
        return finding, None
    return finding, lambda: f"{sim.sms_left:,}{f' of {sim.sms_total:,}' if sim.sms_total else ''} SMS left"


def used_up(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """Nothing is left, or the quota has expired."""
    data = parameters.service == "data"
    left, word = (sim.data_left_bytes, sim.data_quota) if data else (sim.sms_left, sim.sms_quota)
    if left is None and word is None:
        return Finding.UNKNOWN, None
    if word == "expired":
        return Finding.HOLDS, lambda: f"{parameters.service} quota expired"
    used_up = word == "exhausted" or (left is not None and left <= 0)
    return (Finding.HOLDS, lambda: f"no {parameters.service} left") if used_up else (Finding.ENDED, None)


def runs_out(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """What is used up is not about to be. Ends when it lasts a quarter longer."""
    if sim.data_left_bytes is None or sim.daily_bytes is None:
        return Finding.UNKNOWN, None
    days = sim.data_left_bytes / sim.daily_bytes
    least = parameters.days or 0
    finding = Finding.ENDED
    if 0 < days < least * 1.25:
        finding = Finding.HOLDS if days < least else Finding.STAYS
    return finding, lambda: f"in about {max(1, round(days)):,} days by its forecast"


def expires(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """The data quota expires within the days, or has."""
    if sim.data_expires_at is None:
        return Finding.UNKNOWN, None
    holds = sim.data_expires_at <= now + timedelta(days=parameters.days or 0)
    word = "expired" if sim.data_expires_at <= now else "expires"
    return Finding.HOLDS if holds else Finding.ENDED, lambda: f"{word} on {sim.data_expires_at:%Y-%m-%d}"


def expired(parameters: RuleParameters, sim: JudgedSim, now: datetime) -> Found:
    """The SIM is still enabled: it can be extended. A top-up moves the date."""
    if sim.status == "disabled":
        return Finding.ENDED, None
    if sim.data_expires_at is None:
        return Finding.UNKNOWN, None
    holds = sim.data_expires_at <= now
    return Finding.HOLDS if holds else Finding.ENDED, lambda: f"on {sim.data_expires_at:%Y-%m-%d}"
