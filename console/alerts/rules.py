"""The states of an alert, and what leads from one to the next. No database, no clock."""

from datetime import datetime, timedelta

from msgspec import Struct

from console.facts.alerts import AlertState


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
