"""How a bulk action goes: its states, whom its plan leaves out, when it stops, and the sentences about it.

    planned -> (awaiting_approval ->) held -> running <-> paused -> finished, stopped

The rows of the list are the truth: whoever works on it next sees in them what has been started. No database, no clock.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from console.facts.actions import ActionState
from console.facts.bulk_actions import BulkCounts, BulkState

S = BulkState
NEXT: Mapping[BulkState, frozenset[BulkState]] = {
    S.PLANNED: frozenset({S.AWAITING_APPROVAL, S.HELD, S.RUNNING, S.CANCELLED, S.EXPIRED}),
    S.AWAITING_APPROVAL: frozenset({S.HELD, S.RUNNING, S.REJECTED, S.CANCELLED, S.EXPIRED}),
    S.HELD: frozenset({S.RUNNING, S.CANCELLED, S.EXPIRED}),
    S.RUNNING: frozenset({S.PAUSED, S.STOPPED, S.FINISHED}),
    S.PAUSED: frozenset({S.RUNNING, S.STOPPED}),
    **dict.fromkeys((S.STOPPED, S.FINISHED, S.REJECTED, S.CANCELLED, S.EXPIRED), frozenset()),
}
NOT_BEGUN = frozenset({S.PLANNED, S.AWAITING_APPROVAL, S.HELD})
NEVER_BEGUN = frozenset({S.PLANNED, S.CANCELLED, S.EXPIRED})  # where there was no time to undo it

MOST_SIMS = 10_000
TYPED_ABOVE = 10  # SIMs; more are confirmed by typing their number
STOP_PERCENT = 5
JUDGED_FROM = 20  # results; fewer are judged as if there were so many, so that one failure alone stops nothing
MOST_CANARIES = 10
CANARY_WAIT = timedelta(minutes=2)  # for the effects of what 1NCE has accepted
WINDOW, MOST_WINDOW = 8, 24  # actions of an organization's bulk actions that wait to be sent or are being sent: so many
AHEAD_SECONDS = 0.8  # as calls in this time, between these bounds, so that no call that 1NCE allows goes unused
PLAN_GOOD_FOR = timedelta(hours=1)


class Exclusion(StrEnum):
    """Why a plan leaves a SIM out."""

    NOT_FOUND = "not_found"
    UNWATCHED = "unwatched"
    NOT_LISTED = "not_listed"
    WRONG_STATE = "wrong_state"
    ALREADY_SO = "already_so"
    OPEN_ALREADY = "open_already"
    COOL_DOWN = "cool_down"
    LACKS_VALUE = "lacks_value"


TEXTS: Mapping[Exclusion, str] = {
    Exclusion.NOT_FOUND: "Not found among this organization's SIMs",
    Exclusion.UNWATCHED: "Not watched",
    Exclusion.NOT_LISTED: "No longer in 1NCE's inventory",
    Exclusion.WRONG_STATE: "Disabled",
    Exclusion.ALREADY_SO: "Is so already",
    Exclusion.OPEN_ALREADY: "The same is under way for it",
    Exclusion.COOL_DOWN: "Topped up within the last 10 minutes",
    Exclusion.LACKS_VALUE: "Has no value for a variable of the text",
}
UNDER_WAY = frozenset({ActionState.AWAITING_APPROVAL, ActionState.HELD, ActionState.QUEUED, ActionState.SENDING})
FAILED = frozenset({ActionState.REFUSED, ActionState.FAILED, ActionState.EXPIRED, ActionState.REJECTED})


def counted(states: Mapping[str, int], *, excluded: int, not_started: int, refused: int) -> BulkCounts:
    """The counts of a bulk action, from the states of its actions and its rows without one."""

    def of(some: frozenset[ActionState]) -> int:
        return sum(states.get(state.value, 0) for state in some)

    return BulkCounts(
        excluded=excluded,
        not_started=not_started,
        under_way=of(UNDER_WAY),
        accepted=states.get(ActionState.ACCEPTED, 0),
        confirmed=states.get(ActionState.CONFIRMED, 0),
        unknown=states.get(ActionState.UNKNOWN, 0),
        failed=of(FAILED) + refused,
        cancelled=states.get(ActionState.CANCELLED, 0),
    )


def never_begun(state: BulkState, undo_until: datetime | None) -> bool:
    """Whether it is, or has ended as, a plan that nobody let begin: there is nothing of it to try again."""
    return undo_until is None and state in NEVER_BEGUN


def must_stop(counts: BulkCounts, stop_percent: int) -> bool:
    """Whether too many have failed or are unknown, of the results so far."""
    return counts.bad * 100 > stop_percent * max(counts.results, JUDGED_FROM)


def canaries(sims: int) -> int:
    """How many SIMs go first: one of twenty, at most ten; none where all are hardly more than that."""
    return 0 if sims <= 2 else min(MOST_CANARIES, -(-sims // 20))


def canary_passed(counts: BulkCounts, canary: int, last_change: datetime | None, now: datetime) -> bool:
    """Whether the first ones have their results, so that the rest may follow.

    `last_change`: of any of them; what 1NCE has accepted is waited for no longer than CANARY_WAIT.
    """
    if counts.results + counts.cancelled < canary or counts.under_way:
        return False
    return not counts.accepted or last_change is None or now - last_change >= CANARY_WAIT


def window(calls_per_second: float, at_work: int) -> int:
    """How many actions of one bulk action may be under way, of so many that are at work."""
    of_all = min(MOST_WINDOW, max(WINDOW, ceil(calls_per_second * AHEAD_SECONDS)))
    return max(1, of_all // at_work)


def startable(counts: BulkCounts, canary: int, *, passed: bool, window: int) -> int:
    """How many actions may be made now."""
    free = max(0, window - counts.under_way)
    started = counts.under_way + counts.results + counts.cancelled
    return min(free, counts.not_started) if passed else min(free, counts.not_started, max(0, canary - started))


def explanation(state: BulkState, counts: BulkCounts, stop_percent: int, canary: int, message: str | None) -> str:
    """The state in one sentence."""
    condition = f"Stops at {stop_percent} % failed: now {counts.failed_percent:.1f} %."
    if state is S.RUNNING:
        started = counts.under_way + counts.results + counts.cancelled
        first = (
            "The first goes alone. "
            if canary == 1
            else f"The first {canary} go alone, chosen as different as possible. "
        )
        waits = first if started <= canary else ""
        return waits + condition
    if state is S.FINISHED and counts.accepted + counts.unknown:
        open_ones = counts.accepted + counts.unknown
        return f"All are sent; of {open_ones:,} the effect is still looked for."
    text = _PLAIN[state]
    return f"{text} {message}" if message else text


_PLAIN: Mapping[BulkState, str] = {
    S.PLANNED: "Nothing is asked of 1NCE until it is begun.",
    S.AWAITING_APPROVAL: "It waits for a second person's approval.",
    S.HELD: "It can still be undone, and begins after that.",
    S.PAUSED: "No further SIM is started until somebody resumes it.",
    S.STOPPED: "It was stopped: no further SIM is started.",
    S.FINISHED: "It is finished.",
    S.REJECTED: "Its approval was rejected.",
    S.CANCELLED: "It was cancelled before it began.",
    S.EXPIRED: "Nobody began it in time.",
}
