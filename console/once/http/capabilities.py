"""Which operations 1NCE offers to an organization, by its refusals; one refused SIM is no proof."""

from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from console.once.errors import Gone, NotFound, Refused
from console.once.operations import SIGN_IN, SIM, SIMS, Operation

RETRIED_AFTER = timedelta(days=1)
SIMS_IN_DOUBT = 5  # existing SIMs that must get the same refusal, with no success between
ESSENTIAL = frozenset({SIGN_IN.metric, SIMS.metric, SIM.metric})  # never counted as unavailable
FORBIDDEN = 403


class Availability(Enum):
    """What a refusal says of its operation."""

    UNKNOWN = auto()
    DOUBTFUL = auto()  # it counts if the SIM exists
    UNAVAILABLE = auto()


def availability(operation: Operation, error: Refused) -> Availability:
    """410 proves an operation unavailable, 404 and 403 do on a list; on a SIM's path those two raise a doubt.

    A 404 for an order to be placed may mean the product in it, and one for an order's number that number.
    """
    if operation.metric in ESSENTIAL:
        return Availability.UNKNOWN
    if isinstance(error, Gone):
        return Availability.UNAVAILABLE
    if not isinstance(error, NotFound) and error.status != FORBIDDEN:
        return Availability.UNKNOWN
    placeholders = operation.path.count("{")
    if placeholders == 0:
        proof = operation.method == "GET" or error.status == FORBIDDEN
        return Availability.UNAVAILABLE if proof else Availability.UNKNOWN
    return Availability.DOUBTFUL if placeholders == 1 and "{iccid}" in operation.path else Availability.UNKNOWN


def unavailable_text(operation: Operation, status: int, at: datetime) -> str:
    """The sentence for people about an operation that is unavailable."""
    day = at.astimezone(UTC)
    return (
        f"1NCE does not offer {operation.title} to this organization: it answered {status}"
        f" on {day.day} {day:%B %Y}. It is asked again once a day."
    )


def undocumented_text(operation: Operation) -> str:
    """The sentence for people about an undocumented operation that has not answered yet."""
    return f"No document of 1NCE shows {operation.title}: it is used once `console doctor` has seen it answer."
