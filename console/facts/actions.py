"""An operator's command to 1NCE, from request to confirmed effect, and the fact that one has changed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct


class ActionKind(StrEnum):
    """What 1NCE is asked to do."""

    TOP_UP = "topup"
    SMS = "sms"
    CANCEL_SMS = "cancel_sms"
    RESET = "reset"
    STATUS = "status"
    IMEI_LOCK = "imei_lock"
    LABEL = "label"
    TICKET = "ticket"
    REPLACE = "replace"  # the SIM by another


class ActionState(StrEnum):
    """How far an action has come."""

    AWAITING_APPROVAL = "awaiting_approval"
    HELD = "held"  # can be undone
    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"  # 1NCE has taken it, its effect has not been seen
    CONFIRMED = "confirmed"  # its effect was seen
    REJECTED = "rejected"  # by the person whose approval it needed
    REFUSED = "refused"  # by 1NCE
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # before it was sent
    UNKNOWN = "unknown"  # it may have been done
    FAILED = "failed"  # it has not been done


class ActionStep(Struct, frozen=True, kw_only=True):
    """A state that an action has been in."""

    state: Annotated[str, Meta(description="The state that began.", examples=["accepted"])]
    at: Annotated[datetime, Meta(description="When.", examples=["2026-11-20T10:00:06Z"])]
    by: Annotated[str | None, Meta(description="Who caused it; null for the console itself.", examples=["otto"])] = None
    message: Annotated[str | None, Meta(description="Why.", examples=["500 MB more."])] = None


class Action(Struct, frozen=True, kw_only=True):
    """An action on one SIM as it is now."""

    id: Annotated[int, Meta(description="The console's id of the action.", examples=[4711])]
    kind: Annotated[
        str,
        Meta(
            description="`topup`, `sms`, `cancel_sms`, `reset`, `status`, `imei_lock`, `label`, `ticket` or `replace`.",
            examples=["topup"],
        ),
    ]
    iccid: Annotated[str, Meta(description="19 digits, without the check digit.", examples=["8988228066600000001"])]
    state: Annotated[
        str,
        Meta(
            description="`awaiting_approval`, `held` (can be undone), `queued`, `sending`, `accepted` (1NCE has taken "
            "it, its effect has not been seen), `unknown` (it may have been done: it is never sent again by itself), "
            "or a final one: `confirmed`, `rejected`, `refused`, `cancelled`, `expired`, `failed` (it has not been "
            "done).",
            examples=["accepted"],
        ),
    ]
    explanation: Annotated[
        str,
        Meta(
            description="The state in a sentence: why it is not confirmed yet.",
            examples=["1NCE has taken the order; the data quota has not risen yet."],
        ),
    ]
    parameters: Annotated[
        dict[str, Any],
        Meta(description="What was asked for, as it was sent.", examples=[{"payment_method": "creditcard"}]),
    ]
    reason: Annotated[str | None, Meta(description="Why it was asked for.", examples=["Ticket 4711: firmware update"])]
    requested_by: Annotated[str, Meta(description="The user or API key that asked for it.", examples=["otto"])]
    bulk_action_id: Annotated[
        int | None, Meta(description="The bulk action that it is part of; null: asked for by itself.")
    ]
    requested_at: Annotated[datetime, Meta(description="When it was asked for.", examples=["2026-11-20T10:00:00Z"])]
    changed_at: Annotated[datetime, Meta(description="When its state last changed.", examples=["2026-11-20T10:00:06Z"])]
    undo_until: Annotated[
        datetime | None,
        Meta(description="Until then it is `held` and can be cancelled.", examples=["2026-11-20T10:00:05Z"]),
    ]
    expires_at: Annotated[
        datetime,
        Meta(
            description="If it has not been sent by then, it is not sent any more.", examples=["2026-11-20T11:00:00Z"]
        ),
    ]
    sent_at: Annotated[
        datetime | None, Meta(description="When the request to 1NCE was written.", examples=["2026-11-20T10:00:05.4Z"])
    ]
    attempts: Annotated[int, Meta(description="How often a worker has taken it to send it.", examples=[1])]
    order_number: Annotated[str | None, Meta(description="1NCE's order of a top-up.", examples=["2000000041"])]
    ticket_id: Annotated[str | None, Meta(description="1NCE's number of the ticket.", examples=["13"])]
    sms_ids: Annotated[
        list[str], Meta(description="1NCE's ids of the message's parts that it has taken.", examples=[[]])
    ]
    price_minor: Annotated[
        int | None,
        Meta(description="The net price when it was asked for, in minor units; null where not known.", examples=[1000]),
    ]
    currency: Annotated[str | None, Meta(description="ISO 4217; null where the price is not known.", examples=["EUR"])]
    message: Annotated[str | None, Meta(description="What 1NCE said, or what was found.")]
    request: Annotated[
        str | None,
        Meta(
            description="The request to 1NCE, numbers masked.",
            examples=["POST /v2/sims/…/topup?payment_method=creditcard"],
        ),
    ]
    answer: Annotated[
        str | None, Meta(description="1NCE's answer, numbers masked.", examples=["201, order 2000000041"])
    ]
    steps: Annotated[list[ActionStep], Meta(description="The states so far, the oldest first.")]
    revision: Annotated[int, Meta(description="Rises by one with each change of this action.", examples=[4])]


class ActionChanged(Struct, frozen=True, tag_field="type", tag="action.changed"):
    """An action's new state."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The ICCID.", examples=["8988228066600000001"])]
    data: Annotated[Action, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The actions' topic, and the SIM's own."""
    return ("actions", f"sim:{subject}") if subject else ("actions",)
