"""How an action goes from request to confirmed effect: its states, what leads from one to the next, and the times.

    awaiting_approval -> held -> queued <-> sending -> accepted -> confirmed
                                              |          |
                                              +-> refused, unknown -> accepted, confirmed, refused, failed
                                                  failed -> accepted, where 1NCE's own answer comes after all

What spends money or reaches the device is sent at most once. A request proves that nothing happened only if no byte of
it was sent, or if 1NCE itself answered 401 or 429: then the action is queued again. All else without a clear answer is
`unknown`, which only evidence ends. No database, no clock: times are passed in.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from console.facts.actions import ActionKind, ActionState

S = ActionState
TERMINAL = frozenset({S.CONFIRMED, S.REJECTED, S.REFUSED, S.CANCELLED, S.EXPIRED, S.FAILED})
OPEN = frozenset(S) - TERMINAL
NOT_SENT = frozenset({S.AWAITING_APPROVAL, S.HELD, S.QUEUED})  # can be cancelled, and expires
NOT_CHARGED = frozenset({S.REJECTED, S.REFUSED, S.CANCELLED, S.EXPIRED, S.FAILED})

SPENDING = frozenset({ActionKind.TOP_UP})

NEXT: Mapping[ActionState, frozenset[ActionState]] = {
    S.AWAITING_APPROVAL: frozenset({S.HELD, S.QUEUED, S.REJECTED, S.CANCELLED, S.EXPIRED}),
    S.HELD: frozenset({S.QUEUED, S.CANCELLED, S.EXPIRED}),
    S.QUEUED: frozenset({S.SENDING, S.CANCELLED, S.EXPIRED}),
    S.SENDING: frozenset({S.QUEUED, S.ACCEPTED, S.CONFIRMED, S.REFUSED, S.UNKNOWN}),
    S.ACCEPTED: frozenset({S.CONFIRMED, S.FAILED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.ACCEPTED, S.CONFIRMED, S.REFUSED, S.FAILED}),
    S.CONFIRMED: frozenset(),
    S.REJECTED: frozenset(),
    S.REFUSED: frozenset(),
    S.CANCELLED: frozenset(),
    S.EXPIRED: frozenset(),
    S.FAILED: frozenset({S.ACCEPTED}),  # by 1NCE's own late answer alone
}

EXPIRES_AFTER = timedelta(hours=1)  # what 1NCE could not be asked by then is not done any more
LEASE = timedelta(seconds=120)  # a worker has so long to send and to record the answer; then its claim is lost
STALLED_SECONDS = 5.0  # a request is not written if so much passes between the last check and its first byte
COOL_DOWN = timedelta(minutes=10)  # a second top-up of a SIM within it must be asked for explicitly
CLOCK_TOLERANCE = timedelta(minutes=2)  # between 1NCE's clock and ours
FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 2.0, 60.0


class SendResult(StrEnum):
    """What is known after a request was to be sent."""

    NOT_SENT = "not_sent"  # no byte of it was sent, or 1NCE itself answered 401 or 429
    TAKEN = "taken"  # 1NCE has taken it
    SEEN = "seen"  # its effect has been seen
    REFUSED = "refused"  # 1NCE itself said no
    LOST = "lost"  # all else


AFTER_SENDING: Mapping[SendResult, ActionState] = {
    SendResult.NOT_SENT: S.QUEUED,
    SendResult.TAKEN: S.ACCEPTED,
    SendResult.SEEN: S.CONFIRMED,
    SendResult.REFUSED: S.REFUSED,
    SendResult.LOST: S.UNKNOWN,
}


class WrongStep(Exception):
    """An action can't go from this state to that one."""


def step(before: ActionState, after: ActionState) -> ActionState:
    """The new state. Raises WrongStep where the machine has no such step."""
    if after not in NEXT[before]:
        raise WrongStep(f"{before} -> {after}")
    return after


def after_lost_claim(sent_at: datetime | None) -> ActionState:
    """The state when the worker that was sending is lost.

    The moment of sending is committed before the first byte is written: without it, nothing was sent.
    """
    return S.QUEUED if sent_at is None else S.UNKNOWN


def retry_at(now: datetime, attempts: int, retry_after: float | None = None) -> datetime:
    """When what was not sent is tried again: after 2, 4, 8 ... seconds, at most a minute, or as 1NCE has said."""
    pause = min(FIRST_RETRY_SECONDS * 2.0 ** max(0, attempts - 1), LONGEST_RETRY_SECONDS)
    return now + timedelta(seconds=max(pause, min(retry_after or 0.0, 600.0)))


def next_look(sent_at: datetime, now: datetime) -> datetime:
    """When the effect is looked for again: soon at first, later less often."""
    age = now - sent_at
    for limit, pause in LOOKS:
        if age < limit:
            return now + pause
    return now + timedelta(hours=1)


LOOKS = (
    (timedelta(seconds=20), timedelta(seconds=2)),
    (timedelta(minutes=2), timedelta(seconds=10)),
    (timedelta(minutes=15), timedelta(seconds=30)),
    (timedelta(hours=2), timedelta(minutes=2)),
    (timedelta(days=1), timedelta(minutes=15)),
)
