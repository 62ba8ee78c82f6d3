"""What waits for a second person's approval, or has waited for it, and the fact that one has changed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct


class ApprovalState(StrEnum):
    """How far an approval has come."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # what it was asked for
    EXPIRED = "expired"  # before anybody decided


class ApprovalGiven(Struct, frozen=True, kw_only=True):
    """One of several approvals that are needed."""

    by: Annotated[str, Meta(description="The user who approved.", examples=["ada"])]
    role: Annotated[str, Meta(description="The role in which they did.", examples=["admin"])]
    at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:05:00Z"])]


class Approval(Struct, frozen=True, kw_only=True):
    """An action, or one for many SIMs, that a second person must approve."""

    id: Annotated[int, Meta(description="The console's id of the approval.", examples=[3])]
    state: Annotated[
        str,
        Meta(
            description="`pending`, `approved`, `rejected`, `cancelled` (by whoever asked) or `expired`.",
            examples=["pending"],
        ),
    ]
    kind: Annotated[str, Meta(description="The kind of action.", examples=["topup"])]
    parameters: Annotated[
        dict[str, Any], Meta(description="What was asked for.", examples=[{"payment_method": "creditcard"}])
    ]
    action_id: Annotated[int | None, Meta(description="The action; null for a bulk action.", examples=[4711])]
    bulk_action_id: Annotated[int | None, Meta(description="The bulk action; null for a single one.")]
    sims: Annotated[int, Meta(description="How many SIMs it is for; their list is frozen.", examples=[1])]
    why: Annotated[str, Meta(description="Why it needs approval.", examples=["It is for more than 100 SIMs."])]
    reason: Annotated[str, Meta(description="Why it was asked for.", examples=["Ticket 4711: firmware update"])]
    price_minor: Annotated[int | None, Meta(description="The net price of all, in minor units; null: not known.")]
    currency: Annotated[str | None, Meta(description="ISO 4217; null where the price is not known.")]
    requested_by: Annotated[str, Meta(description="The user or API key that asked for it.", examples=["otto"])]
    requested_at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:00Z"])]
    expires_at: Annotated[
        datetime, Meta(description="Nobody can approve it after that.", examples=["2026-11-21T10:00:00Z"])
    ]
    roles: Annotated[
        list[str],
        Meta(
            description="Roles that must approve it, each by a user of its own who has that role or a higher one; "
            "empty: one person is enough.",
            examples=[["engineer", "admin"]],
        ),
    ]
    given: Annotated[list[ApprovalGiven], Meta(description="Of these, who has approved so far.")]
    decided_by: Annotated[str | None, Meta(description="Who approved or rejected it.", examples=["ada"])]
    decided_at: Annotated[datetime | None, Meta(description="When.", examples=["2026-11-20T10:05:00Z"])]
    decision_reason: Annotated[str | None, Meta(description="What they said.", examples=["Agreed with the site."])]


class ApprovalChanged(Struct, frozen=True, tag_field="type", tag="approval.changed"):
    """An approval was asked for or decided. Who cancels the action, or lets it expire, changes the action's state."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The id of the approval.", examples=["3"])]
    data: Annotated[Approval, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The actions' topic, and one of its own, which every page listens to."""
    return ("actions", "approvals")
