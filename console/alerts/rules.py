"""The states of an alert, what leads from one to the next, and which SIMs are one alert. No database, no clock."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from console.facts.alerts import AlertState

MANY = 10  # SIMs for which a rule begins to hold at once: as many are one alert
MOST_SINGLE = 10  # open alerts of a rule about one SIM each; more are one alert
FLEET = "fleet"


class Timing(Struct, frozen=True, kw_only=True):
    """Where an alert stands in time, and how patient its rule is."""

    state: AlertState
    started_at: datetime
    recovering_at: datetime | None
    for_: timedelta
    keep_firing_for: timedelta


def next_state(timing: Timing, now: datetime, *, holds: bool, can_judge: bool) -> AlertState:
    """The state at `now`, given whether the condition holds.

    pending > firing > recovering > resolved; recovering > firing. While what it is judged by is stale, nothing is
    resolved: that nothing more is reported proves nothing. Nor that it still holds: only what waits for nothing fires.
    """
    match timing.state:
        case AlertState.PENDING:
            if not holds:
                return AlertState.RESOLVED if can_judge else AlertState.PENDING
            due = now >= timing.started_at + timing.for_
            return AlertState.FIRING if due and (can_judge or not timing.for_) else AlertState.PENDING
        case AlertState.FIRING:
            if holds:
                return AlertState.FIRING
            at_once = can_judge and not timing.keep_firing_for
            return AlertState.RESOLVED if at_once else AlertState.RECOVERING
        case AlertState.RECOVERING:
            if holds:
                return AlertState.FIRING
            ended = timing.recovering_at or now
            over = can_judge and now >= ended + timing.keep_firing_for
            return AlertState.RESOLVED if over else AlertState.RECOVERING
    return AlertState.RESOLVED


class NewSubject(Struct, frozen=True, kw_only=True):
    """What a rule has begun to hold for; a SIM has an ICCID, and may have a network."""

    subject: str
    iccid: str | None = None
    operator: str | None = None
    country: str | None = None
    value: str | None = None
    since: datetime | None = None  # else now


def operator_key(operator: str | None, country: str | None) -> str:
    """The key of the alert of an operator's SIMs."""
    return f"operator:{country or ''}/{operator or ''}"


def grouped(found: Sequence[NewSubject], open_keys: Collection[str], single: int) -> Mapping[str, list[NewSubject]]:
    """These subjects by the key of their alert: of a group while they are many, else one each.

    `open_keys`: of the rule's open alerts; a SIM whose group has one joins it. `single`: how many of them are about
    one SIM. SIMs are grouped by operator, else by country, whichever explains more of them, else all together.
    """
    alerts: dict[str, list[NewSubject]] = defaultdict(list)
    left: list[NewSubject] = []
    for one in found:
        joined = next((key for key in _keys(one) if key in open_keys), None)
        if joined is not None:
            alerts[joined].append(one)
        else:
            left.append(one)
    for place in (0, 1):
        many = {key for key, n in Counter(_keys(one)[place] for one in left).items() if n >= MANY}
        rest = []
        for one in left:
            key = _keys(one)[place]
            if one.iccid is not None and key in many and _is_known(one, place):
                alerts[key].append(one)
            else:
                rest.append(one)
        left = rest
    if len(left) >= MANY or single + len(left) > MOST_SINGLE:
        alerts[FLEET] = [*alerts.get(FLEET, []), *left]
        left = []
    for one in left:
        alerts[one.subject] = [one]
    return alerts


def is_group(key: str) -> bool:
    """Whether an alert with this key is about several SIMs."""
    return key == FLEET or key.startswith(("operator:", "country:"))


def _keys(one: NewSubject) -> tuple[str, str, str]:
    return operator_key(one.operator, one.country), f"country:{one.country or ''}", FLEET


def _is_known(one: NewSubject, place: int) -> bool:
    return bool(one.operator) if place == 0 else bool(one.country)
