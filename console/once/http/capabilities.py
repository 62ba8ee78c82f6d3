"""Which of its operations 1NCE offers to an account: judged by what it answers, never by one unknown SIM."""

from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from console.once.errors import Gone, NotFound, Refused
from console.once.operations import SIGN_IN, SIM, SIMS, Operation

TRIED_AGAIN = timedelta(days=1)
SIMS_IN_DOUBT = 5  # so many SIMs that exist must get the same refusal, with no success between
ESSENTIAL = frozenset({SIGN_IN.metric, SIMS.metric, SIM.metric})  # without these there is nothing to offer
FORBIDDEN = 403


class Verdict(Enum):
    """What a refusal says of the operation."""

    NOTHING = auto()
    DOUBT = auto()  # if the SIM exists, this SIM speaks against it
    ABSENT = auto()


def verdict(operation: Operation, error: Refused) -> Verdict:
    """410 says it anywhere, 404 and 403 on a list; on a SIM's path those two only raise a doubt.

    A 404 for an order to be placed may speak of the product in it, and one for an order's number of that number.
    """
    if operation.metric in ESSENTIAL:
        return Verdict.NOTHING
    if isinstance(error, Gone):
        return Verdict.ABSENT
    if not isinstance(error, NotFound) and error.status != FORBIDDEN:
        return Verdict.NOTHING
    blanks = operation.path.count("{")
    if blanks == 0:
        return Verdict.ABSENT if operation.method == "GET" or error.status == FORBIDDEN else Verdict.NOTHING
    return Verdict.DOUBT if blanks == 1 and "{iccid}" in operation.path else Verdict.NOTHING


def sentence(operation: Operation, status: int, at: datetime) -> str:
    """What is said to people about an operation that is switched off."""
    day = at.astimezone(UTC)
    return (
        f"1NCE does not offer {operation.called} to this account: it answered {status}"
        f" on {day.day} {day:%B %Y}. It is asked again once a day."
    )


def unseen(operation: Operation) -> str:
    """What is said to people about an operation that no document shows, until it has been seen to answer."""
    return f"No document of 1NCE shows {operation.called}: it is used once `console doctor` has seen it answer."
