"""The states of a delivery, how an attempt ends, and when it is tried again. Pure."""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

LEASE = timedelta(seconds=60)  # longer than an attempt may take: then its worker is lost
AT_ONCE = 16  # attempts of one run
AT_ONCE_A_CHANNEL = 4
DELAYS = (5, 60, 300, 1_800, 7_200, 18_000, 28_800, 28_800)  # seconds after each failed attempt: a day in all
JITTER = 0.2
LONGEST_WISH = timedelta(hours=1)  # that a receiver may ask us to wait


class DeliveryState(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"  # until it is due
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"  # given up
    WITHDRAWN = "withdrawn"  # its channel was removed or disabled
    DIGESTED = "digested"  # it waited for its channel's hours, and is part of another delivery


TERMINAL = frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED, DeliveryState.WITHDRAWN, DeliveryState.DIGESTED})
AGAIN = TERMINAL - {DeliveryState.DIGESTED}  # what can be sent again
OPEN = frozenset(DeliveryState) - TERMINAL


class AttemptOutcome(StrEnum):
    """How an attempt ended."""

    DELIVERED = "delivered"
    FAILED = "failed"  # the receiver did not take it
    IN_DOUBT = "in_doubt"  # it may have arrived: the next attempt says so


class Ended(Struct, frozen=True, kw_only=True):
    """How an attempt ended, and what that means for the next."""

    outcome: AttemptOutcome
    status: int | None = None
    answer: str = ""  # what was answered, or what went wrong
    permanent: bool = False  # another attempt would end alike
    gone: bool = False  # the receiver wants nothing any more
    wait: timedelta | None = None  # the receiver asks for


def delay(attempts: int, chance: float, wait: timedelta | None = None) -> timedelta | None:
    """How long after so many failed attempts the next is made; None: no more.

    `chance`: between 0 and 1, which spreads the attempts by a fifth. `wait`: what the receiver asked for, at most an
    hour.
    """
    if attempts > len(DELAYS):
        return None
    usual = timedelta(seconds=DELAYS[attempts - 1] * (1 + JITTER * (2 * chance - 1)))
    return max(usual, min(wait, LONGEST_WISH)) if wait else usual


def state_after(ended: Ended, attempts: int) -> DeliveryState:
    """The state of a delivery after its attempts, of which the last ended so."""
    if ended.outcome is AttemptOutcome.DELIVERED:
        return DeliveryState.DELIVERED
    return DeliveryState.FAILED if ended.permanent or attempts > len(DELAYS) else DeliveryState.WAITING
