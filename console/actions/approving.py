"""What needs a second person's approval, and who may give it. No database, no clock."""

from collections.abc import Sequence
from datetime import timedelta

from msgspec import Struct

from console.facts.actions import ActionKind, ActionState
from console.facts.approvals import ApprovalState
from console.facts.bulk_actions import BulkState
from console.organizations.rules import Role

BOTH = (Role.ENGINEER, Role.ADMIN)  # who approve the highest amounts, each in person
RANK = tuple(Role)
GOOD_FOR = timedelta(hours=24)
LEAST_LETTERS = 3
PENDING = frozenset({ActionState.AWAITING_APPROVAL.value, BulkState.AWAITING_APPROVAL.value})
NO_REASON = "This needs a second person's approval: say why in a few words, with the ticket's number"


class ApprovalRule(Struct, frozen=True, kw_only=True):
    """What needs approval in an organization: more SIMs, or a higher net price in minor units. None: no such rule.

    `both_above_minor`: above this price an engineer and an administrator must both approve.
    """

    above_sims: int | None = None
    above_minor: int | None = None
    both_above_minor: int | None = None

    @property
    def by_price(self) -> int | None:
        """The lowest price above which anything needs approval."""
        return min((one for one in (self.above_minor, self.both_above_minor) if one is not None), default=None)


class Decider(Struct, frozen=True, kw_only=True):
    """Who asks or decides: the handle of a user or key, and the user behind it."""

    handle: str
    person: str


def is_reason(text: str | None) -> bool:
    """Whether this says anything: "." does not."""
    return sum(one.isalpha() for one in text or "") >= LEAST_LETTERS


def why_needed(rule: ApprovalRule, kind: ActionKind, sims: int, price_minor: int | None) -> str | None:
    """Why this needs approval; None if it does not. A top-up whose price is not known may cost more than any limit."""
    if rule.above_sims is not None and sims > rule.above_sims:
        return f"It is for more than {rule.above_sims:,} SIMs."
    if rule.by_price is None or kind is not ActionKind.TOP_UP:
        return None
    if price_minor is None:
        return "Its price is not known."
    limits = [one for one in (rule.above_minor, rule.both_above_minor) if one is not None and price_minor > one]
    return f"It costs more than {max(limits) / 100:,.2f}." if limits else None


def roles_needed(rule: ApprovalRule, kind: ActionKind, price_minor: int | None) -> tuple[Role, ...]:
    """The roles that must all approve it; none: one person is enough."""
    if rule.both_above_minor is None or kind is not ActionKind.TOP_UP:
        return ()
    return BOTH if price_minor is None or price_minor > rule.both_above_minor else ()


def roles_missing(needed: Sequence[str], given: Sequence[str]) -> list[Role]:
    """The roles whose approval is missing. Each that is given counts for the highest needed that it reaches."""
    missing = sorted((Role(one) for one in needed), key=RANK.index)
    for role in sorted((Role(one) for one in given), key=RANK.index, reverse=True):
        reached = [one for one in missing if RANK.index(one) <= RANK.index(role)]
        if reached:
            missing.remove(reached[-1])
    return missing


def is_second(asked: Decider, decides: Decider) -> bool:
    """Whether whoever decides is another person, by their own name and by the keys that they have made."""
    return asked.handle != decides.handle and asked.person != decides.person


def state_of(decision: str | None, of_subject: str, *, past: bool) -> ApprovalState:
    """The state of an approval, from its decision and from the state of what it is for. `past`: beyond its end."""
    if decision is not None:
        return ApprovalState(decision)
    if of_subject in PENDING:
        return ApprovalState.EXPIRED if past else ApprovalState.PENDING
    return ApprovalState.EXPIRED if of_subject == BulkState.EXPIRED else ApprovalState.CANCELLED
