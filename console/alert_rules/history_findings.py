"""Whether the condition of a rule holds by what happened lately to a SIM, or to a group of them. No database, no clock.

Conditions end well below their threshold (hysteresis), so that a value on the threshold does not flap.
"""

from collections.abc import Sequence
from statistics import median

from console.alert_rules.judged import Finding
from console.alert_rules.kinds import RuleParameters

LOOK_BACKS = (1, 2, 4)  # weeks that must agree
TO_DEVIATIONS = 1.4826  # of a median absolute deviation: what makes it a standard deviation where values are normal


def usage_spike(parameters: RuleParameters, used: int, weeks: Sequence[Sequence[int]]) -> Finding:
    """Whether a SIM used far more in an hour than usual at that hour of the week; all in bytes.

    `weeks`: of each of the last four, the latest first, what it used in that hour and in its neighbours. All look-backs
    must agree. It stays down to half of what is too much.
    """
    if len(weeks) < max(LOOK_BACKS):
        return Finding.UNKNOWN
    shares = [_of_too_much(parameters, used, weeks[:look_back]) for look_back in LOOK_BACKS]
    if min(shares) >= 1:
        return Finding.HOLDS
    return Finding.STAYS if min(shares) >= 0.5 else Finding.ENDED


def _of_too_much(parameters: RuleParameters, used: int, weeks: Sequence[Sequence[int]]) -> float:
    known = [one for week in weeks for one in week]
    middle = median(known)
    deviation = TO_DEVIATIONS * median(abs(one - middle) for one in known)
    return (used - middle) / max(deviation * (parameters.deviations or 1), parameters.least_bytes or 1)


def usual_bytes(weeks: Sequence[Sequence[int]]) -> int:
    """What is usual in that hour, by all the weeks."""
    return round(median([one for week in weeks for one in week]))


def sessions_flapping(parameters: RuleParameters, begun: int) -> Finding:
    """Whether a SIM has begun too many sessions within the minutes; it stays down to half as many."""
    most = parameters.sessions or 1
    if begun >= most:
        return Finding.HOLDS
    return Finding.STAYS if begun * 2 >= most else Finding.ENDED


def sms_failing(parameters: RuleParameters, arrived: Sequence[bool]) -> Finding:
    """Whether the last messages to a SIM, the latest first, have not arrived; one that has ends it."""
    return Finding.HOLDS if failed_in_a_row(arrived) >= (parameters.failures or 1) else Finding.ENDED


def failed_in_a_row(arrived: Sequence[bool]) -> int:
    """How many of the last messages, the latest first, have not arrived."""
    return next((place for place, one in enumerate(arrived) if one), len(arrived))


def share_left(parameters: RuleParameters, *, left_lately: int, still_away: int, on_network: int) -> Finding:
    """Whether too many SIMs of a group have left: within the minutes, of those that were there.

    `still_away`: SIMs of the alert that are not back; it ends when they are fewer than half the share.
    """
    percent, least = parameters.percent or 100, parameters.least_sims or 1
    if left_lately >= least and left_lately * 100 >= percent * (on_network + left_lately):
        return Finding.HOLDS
    if still_away and still_away * 200 >= percent * (on_network + still_away):
        return Finding.STAYS
    return Finding.ENDED
