"""One action for many SIMs, from its plan to the last result, and the fact that one has changed."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from msgspec import Meta, Struct


class BulkState(StrEnum):
    """How far a bulk action has come."""

    PLANNED = "planned"  # nothing is asked of 1NCE before somebody begins it
    AWAITING_APPROVAL = "awaiting_approval"
    HELD = "held"  # can be undone
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"  # by a person, or by its stop condition
    FINISHED = "finished"  # each SIM's action has been sent or has ended
    REJECTED = "rejected"
    CANCELLED = "cancelled"  # before it began
    EXPIRED = "expired"  # before it began


class BulkCounts(Struct, frozen=True, kw_only=True):
    """How many SIMs of a bulk action are how far; each SIM counts once."""

    excluded: Annotated[int, Meta(description="By the plan: see `excluded` of the results.", examples=[3])] = 0
    not_started: Annotated[int, Meta(description="Nothing was asked of 1NCE yet.", examples=[600])] = 0
    under_way: Annotated[int, Meta(description="`held`, `queued` or `sending`.", examples=[8])] = 0
    accepted: Annotated[int, Meta(description="1NCE has taken it, its effect has not been seen.", examples=[20])] = 0
    confirmed: Annotated[int, Meta(description="Its effect was seen.", examples=[110])] = 0
    unknown: Annotated[int, Meta(description="It may have been done: never sent again by itself.", examples=[0])] = 0
    failed: Annotated[
        int, Meta(description="`refused`, by 1NCE or before it was sent, `failed` or `expired`.", examples=[1])
    ] = 0
    cancelled: Annotated[int, Meta(description="Cancelled before it was sent.", examples=[0])] = 0

    @property
    def sims(self) -> int:
        """The SIMs that the plan has not left out."""
        return self.not_started + self.under_way + self.results + self.cancelled

    @property
    def results(self) -> int:
        """The SIMs of which 1NCE or the console has said how it went so far."""
        return self.accepted + self.confirmed + self.bad

    @property
    def bad(self) -> int:
        """The SIMs that count for the stop condition."""
        return self.failed + self.unknown

    @property
    def failed_percent(self) -> float:
        """Of the results so far."""
        return 100 * self.bad / self.results if self.results else 0.0


class BulkAction(Struct, frozen=True, kw_only=True):
    """One action for many SIMs as it is now."""

    id: Annotated[int, Meta(description="The console's id of the bulk action.", examples=[12])]
    kind: Annotated[
        str, Meta(description="`topup`, `sms`, `reset`, `status`, `imei_lock` or `label`.", examples=["reset"])
    ]
    state: Annotated[
        str,
        Meta(
            description="`planned`, `awaiting_approval`, `held` (can be undone), `running`, `paused`, `stopped` (by a "
            "person or by its stop condition), `finished` (each SIM's action was sent or has ended), or, before it "
            "began, `rejected`, `cancelled`, `expired`.",
            examples=["running"],
        ),
    ]
    explanation: Annotated[
        str, Meta(description="The state in a sentence.", examples=["Stops at 5 % failed: now 1.2 %."])
    ]
    parameters: Annotated[dict[str, Any], Meta(description="The same for every SIM.", examples=[{}])]
    selection: Annotated[
        str, Meta(description="Which SIMs were asked for; the list is frozen.", examples=["742 SIMs with country DE"])
    ]
    reason: Annotated[str | None, Meta(description="Why it was asked for.", examples=["Ticket 4711: firmware update"])]
    requested_by: Annotated[str, Meta(description="The user or API key that asked for it.", examples=["otto"])]
    requested_at: Annotated[datetime, Meta(description="When it was planned.", examples=["2026-11-20T10:00:00Z"])]
    changed_at: Annotated[datetime, Meta(description="When it last changed.", examples=["2026-11-20T10:00:06Z"])]
    undo_until: Annotated[
        datetime | None, Meta(description="Until then it is `held`.", examples=["2026-11-20T10:00:05Z"])
    ]
    expires_at: Annotated[
        datetime, Meta(description="If it has not begun by then, it will not.", examples=["2026-11-20T11:00:00Z"])
    ]
    canary: Annotated[
        int,
        Meta(description="So many SIMs go first, as different as possible; the rest waits for them.", examples=[10]),
    ]
    stop_percent: Annotated[int, Meta(description="It stops when more than this have failed.", examples=[5])]
    price_minor: Annotated[
        int | None, Meta(description="The net price of one SIM's action, in minor units; null: not known.")
    ]
    currency: Annotated[str | None, Meta(description="ISO 4217; null where the price is not known.")]
    retry_of: Annotated[int | None, Meta(description="The bulk action whose failed and not started SIMs these are.")]
    message: Annotated[str | None, Meta(description="Why it stopped.")]
    counts: Annotated[
        BulkCounts,
        Meta(
            description="SIMs by how far they are.",
            examples=[
                {
                    "excluded": 3,
                    "not_started": 600,
                    "under_way": 8,
                    "accepted": 20,
                    "confirmed": 110,
                    "unknown": 0,
                    "failed": 1,
                    "cancelled": 0,
                }
            ],
        ),
    ]
    revision: Annotated[int, Meta(description="Rises with each change of its state or counts.", examples=[4])]


class BulkActionChanged(Struct, frozen=True, tag_field="type", tag="bulk_action.changed"):
    """A bulk action's new state; while it runs its counts too, at most once a second."""

    time: Annotated[datetime, Meta(description="When it happened.", examples=["2026-11-20T10:00:00Z"])]
    subject: Annotated[str, Meta(description="The id of the bulk action.", examples=["12"])]
    data: Annotated[BulkAction, Meta(description="The new state of the thing, never an increment.")]


def topics(subject: str | None) -> tuple[str, ...]:
    """The actions' topic."""
    return ("actions",)
