"""The body of a request for a bulk action."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from console.actions.bodies import REASON
from console.actions.bulk.rules import MOST_SIMS, STOP_PERCENT
from console.actions.bulk.selection import Selection, of_filter, of_iccids
from console.errors import Invalid
from console.facts.actions import ActionKind

Written = Annotated[str, Meta(max_length=200)]


class NewBulkAction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One action for many SIMs: those with these ICCIDs, or those that a filter finds."""

    action: Annotated[ActionKind, Meta(description="What each SIM gets; not `cancel_sms`.", examples=["reset"])]
    parameters: Annotated[
        dict[str, Any],
        Meta(description="As the body of the same action for one SIM, without reason and repeat.", examples=[{}]),
    ] = {}
    iccids: Annotated[
        Annotated[list[Written], Meta(max_length=MOST_SIMS)] | None,
        Meta(description="ICCIDs in any spelling, at most 10,000.", examples=[["8988228066600000001"]]),
    ] = None
    filter: Annotated[
        dict[str, str | list[str]] | None,
        Meta(description="As the parameters of `GET /sims`; `{}` is every watched SIM.", examples=[None]),
    ] = None
    dry_run: Annotated[bool, Meta(description="Answer the plan, and keep nothing.", examples=[False])] = False
    stop_percent: Annotated[
        int, Meta(ge=0, le=100, description="It stops when more than this have failed.", examples=[5])
    ] = STOP_PERCENT
    reason: REASON = None


def selection_of(data: NewBulkAction, *, masked: bool) -> Selection:
    """Which SIMs are asked for. Raises Invalid unless it is said in one way. 10,000 take a while: in a thread.

    `masked`: nothing is found by IMSI or MSISDN.
    """
    if (data.iccids is None) == (data.filter is None):
        raise Invalid("Send either iccids or filter")
    if data.iccids is not None:
        return of_iccids(data.iccids)
    given = (data.filter or {}).items()
    pairs = [(name, one) for name, some in given for one in ([some] if isinstance(some, str) else some)]
    return of_filter(pairs, masked=masked)
